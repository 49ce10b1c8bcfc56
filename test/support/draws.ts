/** Pseudo-random numbers from a seed that a history sets at each step, so that a script alone decides what happens. */
export class Draws {
  #state = 1

  seed(seed: number): void {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to `limit − 1`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((this.#state ^ (this.#state >>> 13)) >>> 0) % limit
  }
}
