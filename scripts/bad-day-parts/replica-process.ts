/** One replica over its restarts: `ranktide run` with the same configuration and instance name, a new process each time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export class ReplicaProcess {
  readonly name: string
  readonly #main: string
  readonly #config: string
  readonly #log: WriteStream
  #child: ChildProcess | undefined
  #meantToEnd = true
  /** Where it listens, or where it listened last, which its clients go on asking: `http://127.0.0.1:PORT`. */
  address: string | undefined
  /** Ends that nobody asked for. */
  unexpected = 0

  /** `main`: the built program; `log`: a file that is appended to. */
  constructor(name: string, main: string, config: string, log: string) {
    this.name = name
    this.#main = main
    this.#config = config
    this.#log = createWriteStream(log, { flags: 'a' })
  }

  /** Resolves when it is ready. */
  async start(limit = 30_000): Promise<void> {
    const child = spawn(process.execPath, [this.#main, 'run', '--config', this.#config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    this.#meantToEnd = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#heard(text))
    child.once('exit', () => {
      if (this.#child === child && !this.#meantToEnd) this.unexpected += 1
    })
    const end = performance.now() + limit
    while (performance.now() < end) {
      if (child.exitCode !== null) throw new Error(`replica ${this.name} ended with ${child.exitCode} at its start`)
      if (await this.ready()) return
      await delay(50)
    }
    throw new Error(`replica ${this.name} is not ready after ${limit} ms`)
  }

  async ready(): Promise<boolean> {
    if (this.address === undefined) return false
    return fetch(`${this.address}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ status }) => status === 200,
      () => false,
    )
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM, as a supervisor does it; the exit code. */
  async terminate(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child?.exitCode ?? null
  }

  /** SIGSTOP and SIGCONT: it stands still, and goes on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#meantToEnd = true
    const child = this.#child
    if (child === undefined || !this.running) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  #heard(text: string): void {
    this.#log.write(text)
    const listening = /"address":"([^"]+)"[^\n]*"msg":"Listening"/.exec(text)?.[1]
    if (listening !== undefined) this.address = listening
  }
}
