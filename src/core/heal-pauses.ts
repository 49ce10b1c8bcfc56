import { keeperLimits } from './keeper-feed.js'

/**
 * A source of refusals must cost a bounded number of queries, and refusals that have nothing to do with each other must
 * not wait for each other: the first heal begins at once, each one after it waits twice as long; every minute of peace
 * takes one step back, and peace for as long as the longest pause takes all of them.
 */
export class HealPauses {
  #heals = 0
  #lastRefusal = Number.NEGATIVE_INFINITY

  /** Something was refused while a heal is due already: no peace. */
  refused(now: number): void {
    this.#fallBack(now)
    this.#lastRefusal = now
  }

  /** How long the heal that is due now has to wait, ms. */
  next(now: number): number {
    this.refused(now)
    const pause = this.#heals === 0 ? 0 : Math.min(keeperLimits.heal * 2 ** (this.#heals - 1), keeperLimits.healMost)
    if (pause < keeperLimits.healMost) this.#heals += 1
    return pause
  }

  #fallBack(now: number): void {
    const peace = Math.max(0, now - this.#lastRefusal)
    const steps = peace > keeperLimits.healMost ? this.#heals : Math.floor(peace / keeperLimits.healPeace)
    this.#heals = Math.max(0, this.#heals - steps)
  }
}
