/**
 * How many events a window holds: `events`, doubled window by window while more than one is waiting, up to `most`; back
 * to `events` once no more than that are. A large window spends one commit on many events, a small one has them in the
 * database soon.
 */
export interface BacklogLimits {
  readonly events: number
  /** Largest window under backlog; bounds memory and how long a transaction holds its locks. */
  readonly most: number
}

export class BacklogWindow {
  readonly #limits: BacklogLimits
  #events: number

  constructor(limits: BacklogLimits) {
    this.#limits = limits
    this.#events = limits.events
  }

  /** Size of the next window, events. */
  get events(): number {
    return this.#events
  }

  /** After each window: events that wait now. */
  adjust(waiting: number): void {
    const { events, most } = this.#limits
    if (waiting <= events) this.#events = events
    else if (waiting > this.#events) this.#events = Math.max(events, Math.min(2 * this.#events, most))
  }
}
