/**
 * Closing a process in the reverse order of its opening, within a time limit.
 *
 * Order: last opened, first closed; one after the other. Loss: a release that fails or takes too long is logged and
 * passed over, so that the rest is still released. Deadline: when it has passed the process exits with 1, saying which
 * release hung; clients with native threads may never call back, so this cannot be left to them.
 */
import type { Log } from './log.js'

type Release = () => void | PromiseLike<void>

interface Releaser {
  readonly name: string
  readonly release: Release
  readonly limitMs: number
}

export interface LifecycleOptions {
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Ends the process; `process.exit` but in tests. */
  readonly exit: (code: number) => void
  /** For all releases together. Default: 9 s, under the 10 s after which supervisors kill. */
  readonly deadlineMs?: number
}

const standardLimitMs = 3000

export class Lifecycle {
  readonly #log: LifecycleOptions['log']
  readonly #exit: (code: number) => void
  readonly #deadlineMs: number
  readonly #releasers: Releaser[] = []
  #closing: Promise<boolean> | undefined
  #releasing = ''

  constructor({ log, exit, deadlineMs = 9000 }: LifecycleOptions) {
    this.#log = log
    this.#exit = exit
    this.#deadlineMs = deadlineMs
  }

  /** Whether the process is going down. */
  get closing(): boolean {
    return this.#closing !== undefined
  }

  /**
   * Registers what has just been opened. What is opened while the process closes is released at once. Returns the way to
   * release it before that, and to have done with it; resolves to whether that went well.
   */
  onClose(name: string, release: Release, limitMs: number = standardLimitMs): () => Promise<boolean> {
    const releaser = { name, release, limitMs }
    if (this.#closing === undefined) this.#releasers.push(releaser)
    else this.#closing = Promise.all([this.#closing, this.#run(releaser)]).then((clean) => clean.every(Boolean))
    return async () => {
      const index = this.#releasers.indexOf(releaser)
      if (index < 0) return true
      this.#releasers.splice(index, 1)
      return this.#run(releaser)
    }
  }

  /** Releases everything, once: later calls wait for the first. Resolves to whether all went well and in time. */
  close(reason: string): Promise<boolean> {
    this.#closing ??= this.#closeAll(reason)
    return this.#closing
  }

  /** Ends the process at once, whatever is still open. */
  exit(code: number): void {
    this.#exit(code)
  }

  async #closeAll(reason: string): Promise<boolean> {
    this.#log.info({ reason }, 'Closing')
    // Not unref'd: a release that waits for nothing would else end the process early, with the wrong exit code.
    const deadline = setTimeout(() => {
      this.#log.error({ release: this.#releasing, deadlineMs: this.#deadlineMs }, 'Release hung, exiting without it')
      this.#exit(1)
    }, this.#deadlineMs)
    let clean = true
    for (let next = this.#releasers.pop(); next !== undefined; next = this.#releasers.pop()) {
      clean = (await this.#run(next)) && clean
    }
    clearTimeout(deadline)
    this.#log.info({ clean }, 'Closed')
    return clean
  }

  async #run({ name, release, limitMs }: Releaser): Promise<boolean> {
    this.#releasing = name
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitMs)
    })
    try {
      const outcome = await Promise.race([Promise.resolve().then(release), limit])
      if (outcome !== 'late') return true
      this.#log.warn({ release: name, limitMs }, 'Release took too long, going on without it')
    } catch (error) {
      this.#log.warn({ release: name, error }, 'Release failed')
    } finally {
      clearTimeout(timer)
    }
    return false
  }
}

/** The part of `process` that delivers signals. */
export interface SignalSource {
  on(signal: 'SIGTERM' | 'SIGINT', listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: 'SIGTERM' | 'SIGINT', listener: (signal: NodeJS.Signals) => void): unknown
}

/**
 * The first SIGTERM or SIGINT closes, then exits with 0, or 1 if something could not be released; the second exits
 * with 1 at once. Returns the way to stop listening.
 */
export const closeOnSignals = (lifecycle: Lifecycle, signals: SignalSource): (() => void) => {
  let received = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    received++
    if (received > 1) lifecycle.exit(1)
    else void lifecycle.close(signal).then((clean) => lifecycle.exit(clean ? 0 : 1))
  }
  signals.on('SIGTERM', onSignal)
  signals.on('SIGINT', onSignal)
  return () => {
    signals.off('SIGTERM', onSignal)
    signals.off('SIGINT', onSignal)
  }
}
