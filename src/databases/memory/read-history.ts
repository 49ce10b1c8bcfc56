/** A user's reads in memory: pages, erasure, retention. Memory: the user's reads, for a page. */
import { compareItems, itemText } from '../../core/folding.js'
import type { HistoryEntry, HistoryPlace, ReadHistory } from '../../operators/batch-store.js'
import type { MemoryTables } from './memory-tables.js'

export class MemoryReadHistory implements ReadHistory {
  readonly #tables: MemoryTables

  constructor(tables: MemoryTables) {
    this.#tables = tables
  }

  async page(uid: string, limit: number, before?: HistoryPlace): Promise<readonly HistoryEntry[]> {
    return [...this.#tables.history(uid).values()]
      .filter((entry) => before === undefined || latestFirst(before, entry) < 0)
      .sort(latestFirst)
      .slice(0, limit)
      .map(({ biz, bizId, readAt }) => ({ biz, bizId, readAt }))
  }

  async erase(uid: string): Promise<number> {
    const reads = this.#tables.history(uid)
    const { size } = reads
    reads.clear()
    return size
  }

  async expire(before: number, most: number): Promise<number> {
    let deleted = 0
    for (const uid of this.#tables.users) {
      const reads = this.#tables.history(uid)
      for (const read of [...reads.values()]) {
        if (deleted === most) return deleted
        if (read.readAt < before && reads.delete(itemText(read))) deleted++
      }
    }
    return deleted
  }
}

/** Reads of one moment in the order of their items. */
const latestFirst = (a: HistoryEntry, b: HistoryEntry): number => b.readAt - a.readAt || compareItems(a, b)
