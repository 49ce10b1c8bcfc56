/**
 * How much all boards of one database may ask of it: so many refills at once, so many started in any minute. What is
 * over the budget waits its turn: who has the fewest rows to spare comes first, else who came first; nothing is refused.
 * Memory: one number a started refill of the last minute, one entry a waiting one.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RanktideError } from '../../core/errors.js'

export interface RefillLimits {
  readonly concurrency: number
  readonly perMinute: number
}

export interface Clock {
  /** ms; only differences count, and it never goes back. */
  now(): number
  /** Resolves after `ms`; rejects when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
}

const minute = 60_000

interface Waiting {
  readonly spare: number
  readonly admit: () => void
  readonly refuse: (error: Error) => void
}

export class RefillBudget {
  readonly #limits: RefillLimits
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  /** When the refills of the last minute started, oldest first. */
  readonly #started: number[] = []
  #running = 0
  #sleeping = false
  readonly #closing = new AbortController()

  constructor(limits: RefillLimits, clock: Clock = systemClock) {
    this.#limits = limits
    this.#clock = clock
  }

  /**
   * Runs `work` when its turn has come. Whether it fails or not, it has used its share. `spare`: how many rows more than it
   * shows the board holds that asks.
   */
  async run<T>(work: () => Promise<T>, spare = 0): Promise<T> {
    await new Promise<void>((admit, refuse) => {
      this.#waiting.push({ spare, admit, refuse })
      this.#admit()
    })
    try {
      return await work()
    } finally {
      this.#running--
      this.#admit()
    }
  }

  /** Those who wait fail with DATABASE_UNREACHABLE; those who run go on. */
  close(): void {
    this.#closing.abort()
    this.#admit()
  }

  #admit(): void {
    if (this.#closing.signal.aborted) {
      const closed = new RanktideError('DATABASE_UNREACHABLE', 'shutting down')
      for (const { refuse } of this.#waiting.splice(0)) refuse(closed)
    }
    while (this.#waiting.length > 0 && this.#running < this.#limits.concurrency) {
      const now = this.#clock.now()
      while ((this.#started[0] ?? now) <= now - minute) this.#started.shift()
      const [oldest] = this.#started
      if (oldest !== undefined && this.#started.length >= this.#limits.perMinute) {
        this.#admitIn(oldest + minute - now)
        return
      }
      this.#started.push(now)
      this.#running++
      this.#next()?.admit()
    }
  }

  /** Takes the most urgent one out of the queue. */
  #next(): Waiting | undefined {
    const fewest = this.#waiting.reduce((least, { spare }) => Math.min(least, spare), Number.POSITIVE_INFINITY)
    const at = this.#waiting.findIndex(({ spare }) => spare === fewest)
    return this.#waiting.splice(at, 1)[0]
  }

  #admitIn(ms: number): void {
    if (this.#sleeping) return
    this.#sleeping = true
    const wake = () => {
      this.#sleeping = false
      this.#admit()
    }
    // The wait ends early only when the budget closes, and then everyone is sent away.
    this.#clock.wait(ms, this.#closing.signal).then(wake, wake)
  }
}
