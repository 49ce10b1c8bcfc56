/** Starts reads at a steady rate, whether or not earlier ones have been answered. */
import { setTimeout as delay } from 'node:timers/promises'

export class SteadyReads {
  readonly #readers: readonly (() => Promise<void>)[]
  readonly #interval: number
  readonly #open = new Set<Promise<void>>()
  #reading = true
  readonly #running: Promise<void>

  /** `readers` take turns; none of them may reject. */
  constructor(readers: readonly (() => Promise<void>)[], perSecond: number) {
    this.#readers = readers
    this.#interval = 1_000 / perSecond
    this.#running = this.#read()
  }

  /** Resolves when the last read has been answered. */
  async stop(): Promise<void> {
    this.#reading = false
    await this.#running
    await Promise.all(this.#open)
  }

  async #read(): Promise<void> {
    let due = performance.now()
    for (let turn = 0; this.#reading; turn += 1) {
      const reader = this.#readers[turn % this.#readers.length]
      if (reader === undefined) return
      const reading = reader().finally(() => this.#open.delete(reading))
      this.#open.add(reading)
      due += this.#interval
      // Timers are not finer than this: what is overdue is started at once.
      if (due - performance.now() >= 1) await delay(due - performance.now())
    }
  }
}
