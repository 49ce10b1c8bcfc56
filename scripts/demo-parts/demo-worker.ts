/** `ranktide run` for the demo: the built process, its log in a file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

export class DemoWorker {
  /** Where it listens: `http://127.0.0.1:PORT`. */
  readonly address: string
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, address: string) {
    this.#child = child
    this.address = address
  }

  /** Resolves when it listens; it may not have a board yet. */
  static async start(config: string, log: string): Promise<DemoWorker> {
    const output = openSync(log, 'w')
    const child = spawn(process.execPath, [main, 'run', '--config', config], { stdio: ['ignore', output, output] })
    for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
      const listening = /"address":"([^"]+)"[^\n]*"msg":"Listening"/.exec(readFileSync(log, 'utf8'))?.[1]
      if (listening !== undefined) return new DemoWorker(child, listening)
      await delay(50)
    }
    child.kill('SIGKILL')
    throw new Error(`ranktide run has not started:\n${lastLines(log)}`)
  }

  /** The exit code if it has ended. */
  get ended(): number | undefined {
    return this.#child.exitCode ?? undefined
  }

  /** SIGTERM, as a supervisor does it; the exit code. */
  async stop(): Promise<number> {
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill('SIGTERM')
      await exited
    }
    return this.#child.exitCode ?? 1
  }
}

export const lastLines = (file: string, count = 20): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
