/**
 * C, how many rows a board holds: few while rows seldom fall off, more while they do, so that a storm of deletions costs
 * few queries and a quiet board little memory. Doubles, up to 64 N, with a refill that begins within ten seconds of the
 * one before; halves after each hour without one, down to what it began with.
 */
export const capacityRule = {
  /** A refill so soon after another doubles C, ms. */
  often: 10_000,
  /** So long without one halves it, ms. */
  quiet: 3_600_000,
  /** C is at most so many times N. */
  most: 64,
} as const

export class BoardCapacity {
  readonly #least: number
  readonly #most: number
  #rows: number
  #refilledAt = Number.NEGATIVE_INFINITY
  #restedAt = Number.NEGATIVE_INFINITY

  /** `size`: N. `least`: C of a quiet board. */
  constructor(size: number, least: number) {
    this.#least = least
    this.#most = Math.max(least, capacityRule.most * size)
    this.#rows = least
  }

  get rows(): number {
    return this.#rows
  }

  /** C from a refill on that begins now. */
  forRefill(now: number): number {
    return now - this.#refilledAt < capacityRule.often ? Math.min(2 * this.#rows, this.#most) : this.#rows
  }

  /** A refill that began at this time has been taken in. */
  refilled(rows: number, begun: number): void {
    this.#rows = rows
    this.#refilledAt = begun
    this.#restedAt = begun
  }

  /** Whether C is less from now on. */
  rest(now: number): boolean {
    if (this.#rows === this.#least || now - this.#restedAt < capacityRule.quiet) return false
    this.#rows = Math.max(this.#least, Math.floor(this.#rows / 2))
    this.#restedAt = now
    return true
  }
}
