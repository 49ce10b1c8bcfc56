/** `ranktide run` as a user has it: the built process, with a configuration file, spoken to by HTTP and signals. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.js'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** What `GET /boards/NAME` answered. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly state: string | null
  readonly reason: string | null
  readonly age: number | undefined
  readonly version: number | undefined
}

/** A line of the worker's log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly time: string
  readonly code?: string
  readonly board?: string
  readonly owner?: boolean
  readonly [key: string]: unknown
}

export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #directory: string
  #output = ''
  #address = ''

  private constructor(child: ChildProcess, directory: string) {
    this.#child = child
    this.#directory = directory
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
  }

  /** Starts and waits until it listens; it may not serve yet. `http.port` should be 0. */
  static async start(
    yaml: string,
    environment: Readonly<Record<string, string>> = {},
    words: readonly string[] = [],
    limit = 10_000,
  ): Promise<WorkerProcess> {
    const worker = await WorkerProcess.launch(yaml, environment, words)
    await until(
      'the worker listens',
      () => {
        if (worker.#child.exitCode !== null) throw new Error(`the worker ended:\n${worker.output}`)
        const line = worker.logs.find(({ msg }) => msg === 'Listening')
        worker.#address = String(line?.address ?? '')
        return worker.#address !== ''
      },
      limit,
    )
    return worker
  }

  /** Starts and waits for nothing: for configurations that end in an error. */
  static async launch(
    yaml: string,
    environment: Readonly<Record<string, string>> = {},
    words: readonly string[] = [],
  ): Promise<WorkerProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-worker-'))
    const file = join(directory, 'ranktide.yaml')
    await writeFile(file, yaml)
    const child = spawn(process.execPath, [main, 'run', '--config', file, ...words], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new WorkerProcess(child, directory)
  }

  /** Writes its configuration file anew, and tells it nothing. */
  configure(yaml: string): Promise<void> {
    return writeFile(this.file, yaml)
  }

  get file(): string {
    return join(this.#directory, 'ranktide.yaml')
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Everything it has printed. */
  get output(): string {
    return this.#output
  }

  get logs(): readonly LogLine[] {
    return this.#output.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine]
      } catch {
        return []
      }
    })
  }

  get exitCode(): number | null {
    return this.#child.exitCode
  }

  fetch(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#address}${path}`, { signal: AbortSignal.timeout(5_000), ...options })
  }

  async board(name: string, query = ''): Promise<Answer> {
    const response = await this.fetch(`/boards/${name}${query}`)
    const number = (header: string) => {
      const text = response.headers.get(header)
      return text === null ? undefined : Number(text)
    }
    return {
      status: response.status,
      body: await response.text(),
      state: response.headers.get('x-board-state'),
      reason: response.headers.get('x-board-reason'),
      age: number('x-board-age'),
      version: number('x-board-version'),
    }
  }

  /** The last thing that it said about owning its feed. */
  get owns(): boolean {
    return this.logs.findLast(({ owner }) => owner !== undefined)?.owner === true
  }

  async ready(): Promise<boolean> {
    return (await this.fetch('/readyz')).status === 200
  }

  /** Resident memory, MB. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** SIGTERM (or another one) and the exit code; null if the signal killed it. Deletes its files. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit')
      this.#child.kill(signal)
      if (signal !== 'SIGKILL') this.#child.kill('SIGCONT')
      await exited
    }
    await rm(this.#directory, { recursive: true, force: true })
    return this.#child.exitCode
  }

  /** Waits for it to end by itself. */
  async exited(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    return this.#child.exitCode
  }
}
