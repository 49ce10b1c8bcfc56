/**
 * The owner's estimate of the Redis server's clock, so that what it sends can say when it was sent in the clock that
 * readers use, without trusting two machines to agree on the time.
 *
 * Guarantee: never later than the server's clock at the moment asked, but for a server clock that was set back since the
 * last reading (scripts take the earlier of the estimate and their own time). Early by the way of one reply.
 */
export class ServerClock {
  readonly #now: () => number
  #offset: number | undefined

  /** `now`: a monotonic clock, in ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** `time`: the server's time in ms in a reply that has just come. */
  read(time: number): void {
    this.#offset = time - this.#now()
  }

  /** Undefined before the first reading. */
  estimate(): number | undefined {
    return this.#offset === undefined ? undefined : Math.floor(this.#now() + this.#offset)
  }
}
