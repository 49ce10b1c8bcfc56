/**
 * How many events a window holds: `events`, doubled window by window while more than one is waiting, up to `most`; back
 * to `events` once no more than that are. A large window spends one commit on many events, a small one has them in the
 * database soon.
 *
 * One that the database could not write in time caps those that come, below `events` too: the same size would time out
 * again, for ever. The cap is doubled every 100 windows, since what made the database slow may have passed.
 */
export interface BacklogLimits {
  readonly events: number
  /** Largest window under backlog; bounds memory and how long a transaction holds its locks. */
  readonly most: number
}

/** How many windows are written before a cap is doubled. */
const windowsOfCap = 100

export class BacklogWindow {
  readonly #limits: BacklogLimits
  #events: number
  #cap = Number.POSITIVE_INFINITY
  /** Written under this cap. */
  #written = 0

  constructor(limits: BacklogLimits) {
    this.#limits = limits
    this.#events = limits.events
  }

  /** Size of the next window, events: it is closed once it holds so many. Never above `cap`. */
  get events(): number {
    return this.#events
  }

  /** What no window may exceed, events; infinite where none has timed out lately. */
  get cap(): number {
    return this.#cap
  }

  /** After each window: events that wait now. */
  adjust(waiting: number): void {
    this.#lift()
    const least = Math.min(this.#limits.events, this.#cap)
    const most = Math.min(this.#limits.most, this.#cap)
    if (waiting <= least) this.#events = least
    else if (waiting > this.#events) this.#events = Math.max(least, Math.min(2 * this.#events, most))
  }

  /** A window of so many events was not written in time: the next ones hold half of it at most. */
  timedOut(events: number): void {
    // Offsets alone are one row each: their transaction was not slow for its size.
    if (events === 0) return
    this.#cap = Math.max(1, Math.floor(events / 2))
    this.#written = 0
    this.#events = Math.min(this.#events, this.#cap)
  }

  #lift(): void {
    if (this.#cap === Number.POSITIVE_INFINITY) return
    this.#written += 1
    if (this.#written < windowsOfCap) return
    this.#written = 0
    this.#cap *= 2
    if (this.#cap >= Math.max(this.#limits.events, this.#limits.most)) this.#cap = Number.POSITIVE_INFINITY
  }
}
