/**
 * What the demo's worker counts into: a counter's tables in memory, whose counts go on into the simulated table as its
 * own row changes. Both happen at once: nothing in this process can come between.
 */
import type { CountBatch } from '../core/count-batch.js'
import { itemText } from '../core/folding.js'
import type { HistoryBatch } from '../core/history-batch.js'
import { MemoryCountStore } from '../databases/memory/count-store.js'
import { MemoryHistoryStore } from '../databases/memory/history-store.js'
import { type CountChange, MemoryTables } from '../databases/memory/memory-tables.js'
import { MemoryReadHistory } from '../databases/memory/read-history.js'
import type { BatchStore } from '../operators/batch-store.js'
import type { CountingParts, OpenReadHistory, OpenStore } from '../worker/worker-parts.js'
import type { CountColumn } from './articles.js'
import type { CountedReads } from './demo-verdict.js'
import type { StreamedArticles } from './streamed-articles.js'

const column: CountColumn = 'read_cnt'

/** A store that nobody has to open. */
const opened = <B>(store: BatchStore<B>): OpenStore<B> => ({
  take: (group, partitions, unknown) => store.take(group, partitions, unknown),
  write: (claim, span, batch) => store.write(claim, span, batch),
  preflight: async () => [],
  close: async () => {},
})

const readsOf = ({ before, after }: CountChange): number =>
  Number((after.counts.get(column) ?? 0n) - (before?.counts.get(column) ?? 0n))

export class CountedArticles implements CountedReads {
  readonly #tables: MemoryTables

  constructor(table: StreamedArticles) {
    this.#tables = new MemoryTables({
      changed: (changes) => {
        for (const change of changes) table.addReads(change.after, readsOf(change))
      },
    })
  }

  /** What a worker that counts stands on here. */
  parts(openConsumer: CountingParts['openConsumer']): CountingParts {
    return {
      openConsumer,
      openCountStore: (spec) => opened<CountBatch>(new MemoryCountStore(this.#tables, spec)),
      openHistoryStore: () => opened<HistoryBatch>(new MemoryHistoryStore(this.#tables)),
      openReadHistory: () => new OpenedReadHistory(this.#tables),
    }
  }

  async counted(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>()
    for (const row of this.#tables.buckets.values()) {
      const item = itemText(row)
      counts.set(item, (counts.get(item) ?? 0) + Number(row.events))
    }
    return counts
  }
}

class OpenedReadHistory extends MemoryReadHistory implements OpenReadHistory {
  async preflight(): Promise<readonly []> {
    return []
  }

  async close(): Promise<void> {}
}
