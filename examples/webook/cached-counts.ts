/**
 * Counts from the cache, filled from the table where they are absent.
 *
 * - One query an item at a time, over all processes: whoever finds nothing claims the item and asks; the others wait
 *   for what it puts there, at most `patience`, and then ask by themselves without filling.
 * - Never filled from a read that an applied change has overtaken: the change withdraws the claim, and what was read is
 *   answered, but not kept.
 * - Redis away, or slow: answered from the table, and Redis is left alone for `rest`, so that not every reader waits.
 * Memory: what was asked for.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { asRanktideError, type RanktideError } from '../../src/core/errors.js'
import type { Claim, CountsCache } from './counts-cache.js'
import type { Counts, CountsSource } from './item.js'

export interface CachedCountsOptions {
  readonly cache: Pick<CountsCache, 'claim' | 'fill'>
  readonly table: CountsSource
  /** Told each failure of Redis; readers are not. */
  readonly onTrouble: (error: RanktideError) => void
  /** All in ms. `now` is monotonic. */
  readonly patience?: number
  readonly rest?: number
  readonly now?: () => number
}

const lookAgainAfter = 15

export class CachedCounts implements CountsSource {
  readonly #options: Required<CachedCountsOptions>
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(options: CachedCountsOptions) {
    this.#options = { patience: 300, rest: 1_000, now: () => performance.now(), ...options }
  }

  async read(biz: string, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
    const found = new Map<string, Counts>()
    const until = this.#options.now() + this.#options.patience
    let missing = ids
    while (missing.length > 0) {
      const token = randomUUID()
      const claims = await this.#claim(biz, missing, token)
      if (claims === undefined) break
      const claimed = missing.filter((_, i) => claims[i]?.kind === 'claimed')
      const busy = missing.filter((_, i) => claims[i]?.kind === 'busy')
      for (const [i, id] of missing.entries()) {
        const claim = claims[i]
        if (claim?.kind === 'cached') found.set(id, claim.counts)
      }
      for (const [id, counts] of await this.#fill(biz, claimed, token)) found.set(id, counts)
      missing = busy
      if (missing.length > 0 && this.#options.now() >= until) break
      if (missing.length > 0) await pause(lookAgainAfter)
    }
    if (missing.length > 0)
      for (const [id, counts] of await this.#options.table.read(biz, missing)) found.set(id, counts)
    return found
  }

  /** Undefined: Redis can't be asked now. */
  async #claim(biz: string, ids: readonly string[], token: string): Promise<readonly Claim[] | undefined> {
    if (this.#options.now() < this.#restUntil) return undefined
    try {
      return await this.#options.cache.claim(biz, ids, token)
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  async #fill(biz: string, ids: readonly string[], token: string): Promise<ReadonlyMap<string, Counts>> {
    if (ids.length === 0) return new Map()
    const counts = await this.#options.table.read(biz, ids)
    // Awaited, so that the next question of this process already finds it.
    await this.#options.cache.fill(biz, counts, token).catch((error: unknown) => this.#failed(error))
    return counts
  }

  #failed(error: unknown): void {
    this.#restUntil = this.#options.now() + this.#options.rest
    this.#options.onTrouble(asRanktideError(error))
  }
}
