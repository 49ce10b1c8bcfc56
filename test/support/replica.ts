/** One replica over its restarts: the same instance name and the same configuration, a new process each time. */
import { until } from './until.js'
import { type Answer, WorkerProcess } from './worker-process.js'

export class Replica {
  readonly name: string
  readonly #yaml: string
  readonly #processes: WorkerProcess[] = []
  #serves = false

  /** `yaml` names `name` as its instance. */
  constructor(name: string, yaml: string) {
    this.name = name
    this.#yaml = yaml
  }

  /** The process of now. */
  get worker(): WorkerProcess {
    const worker = this.#processes.at(-1)
    if (worker === undefined) throw new Error(`replica ${this.name} was never started`)
    return worker
  }

  /** How many processes it has had. */
  get starts(): number {
    return this.#processes.length
  }

  /** What all its processes have printed. */
  get output(): string {
    return this.#processes.map(({ output }) => output).join('\n')
  }

  /** Resolves when it is ready. */
  async start(limit = 30_000): Promise<void> {
    this.#processes.push(await WorkerProcess.start(this.#yaml))
    await until(`replica ${this.name} is ready`, () => this.worker.ready(), limit)
    this.#serves = true
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#serves = false
    await this.worker.stop('SIGKILL')
  }

  /** SIGTERM; the exit code, and how long it took in ms. */
  async terminate(): Promise<{ readonly code: number | null; readonly took: number }> {
    this.#serves = false
    const begun = performance.now()
    const code = await this.worker.stop()
    return { code, took: performance.now() - begun }
  }

  /** The board by HTTP; undefined when it is not meant to answer, at the start or at the end of the request. */
  async read(): Promise<Answer | undefined> {
    if (!this.#serves) return undefined
    const { worker } = this
    try {
      const answer = await worker.board('likes')
      return this.#serves && this.worker === worker ? answer : undefined
    } catch (error) {
      if (!this.#serves || this.worker !== worker) return undefined
      throw error
    }
  }

  /** Stops counting as a reader: SIGSTOP. */
  pause(): void {
    this.#serves = false
    this.worker.signal('SIGSTOP')
  }

  resume(): void {
    this.worker.signal('SIGCONT')
    this.#serves = true
  }

  async stop(): Promise<void> {
    this.#serves = false
    if (this.#processes.length > 0) await this.worker.stop('SIGKILL')
  }
}
