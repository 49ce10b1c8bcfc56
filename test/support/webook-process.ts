/** The example application as a process of its own, as it was built. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ended } from './command.js'
import { until } from './until.js'

const main = fileURLToPath(new URL('../../dist/examples/webook/main.js', import.meta.url))

type Environment = Readonly<Record<string, string>>

/** One command to its end. Ended by SIGKILL after 20 s: code −1. */
export const runWebook = (words: readonly string[], environment: Environment): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { timeout: 20_000, killSignal: 'SIGKILL', env: { ...process.env, ...environment } } as const
    execFile(process.execPath, [main, ...words], options, (failure, out, error) => {
      const code = failure === null ? 0 : typeof failure.code === 'number' ? failure.code : -1
      resolve({ code, out, error })
    })
  })

export class WebookProcess {
  readonly #child: ChildProcess
  #output = ''
  #code: number | undefined

  private constructor(environment: Environment) {
    this.#child = spawn(process.execPath, [main, 'serve'], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const read = (chunk: Buffer): void => {
      this.#output += chunk.toString()
    }
    this.#child.stdout?.on('data', read)
    this.#child.stderr?.on('data', read)
    this.#child.once('exit', (code) => {
      this.#code = code ?? -1
    })
  }

  static async start(environment: Environment): Promise<WebookProcess> {
    const started = new WebookProcess(environment)
    await started.logs('"msg":"Listening"')
    return started
  }

  get output(): string {
    return this.#output
  }

  get address(): string {
    return /"address":"([^"]+)"/.exec(this.#output)?.[1] ?? ''
  }

  logs(text: string): Promise<void> {
    return until(`the log says ${text}, in:\n${this.#output}`, () => this.#output.includes(text))
  }

  /** SIGTERM; the exit code. SIGKILL after 15 s: −1. */
  async end(): Promise<number> {
    this.#child.kill('SIGTERM')
    await until('the process ends', () => this.#code !== undefined, 15_000).catch(() => this.#child.kill('SIGKILL'))
    return this.#code ?? -1
  }
}
