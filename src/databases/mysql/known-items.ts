/**
 * Items whose rows stand in the counted table, as far as one process can know: those of batches that it has written. A
 * hint and no more, since rows may be deleted by others. Memory: at most `most` items (some 20 MB); then it begins anew.
 */
import type { Increment, ItemKey } from '../../core/count-batch.js'

export interface SplitIncrements {
  /** By kind, each in the order of the batch. */
  readonly known: ReadonlyMap<string, readonly Increment[]>
  /** In the order of the batch. */
  readonly others: readonly Increment[]
}

const mostItems = 200_000

/** Of a kind: for fewer rows a statement of their own is no gain. */
const leastRows = 8

export class KnownItems {
  readonly #most: number
  readonly #byKind = new Map<string, Set<string>>()
  #size = 0

  constructor(most = mostItems) {
    this.#most = most
  }

  split(increments: readonly Increment[]): SplitIncrements {
    const known = new Map<string, Increment[]>()
    for (const increment of increments) {
      if (!this.#has(increment)) continue
      const of = known.get(increment.biz)
      if (of === undefined) known.set(increment.biz, [increment])
      else of.push(increment)
    }
    for (const [kind, of] of known) if (of.length < leastRows) known.delete(kind)
    return { known, others: increments.filter((one) => !known.has(one.biz) || !this.#has(one)) }
  }

  add(items: readonly ItemKey[]): void {
    for (const item of items) {
      if (this.#has(item)) continue
      if (this.#size >= this.#most) {
        this.#byKind.clear()
        this.#size = 0
      }
      const ids = this.#byKind.get(item.biz)
      if (ids === undefined) this.#byKind.set(item.biz, new Set([item.bizId]))
      else ids.add(item.bizId)
      this.#size += 1
    }
  }

  #has({ biz, bizId }: ItemKey): boolean {
    return this.#byKind.get(biz)?.has(bizId) ?? false
  }
}
