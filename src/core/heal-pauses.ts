import { keeperLimits } from './keeper-feed.js'

/**
 * A source of refusals must cost a bounded number of queries: the first heal begins at once, each one after it waits
 * twice as long, until there was peace for as long as the longest pause.
 */
export class HealPauses {
  #heals = 0
  #last = Number.NEGATIVE_INFINITY

  /** How long the heal that is due now has to wait, ms. */
  next(now: number): number {
    if (now - this.#last > keeperLimits.healMost) this.#heals = 0
    this.#last = now
    this.#heals += 1
    return this.#heals === 1 ? 0 : Math.min(keeperLimits.heal * 2 ** (this.#heals - 2), keeperLimits.healMost)
  }
}
