/** Read history in memory. Guarantees as of `BatchStore`; every call answers at once. */
import { defer, type Observable, of } from 'rxjs'
import { itemText } from '../../core/folding.js'
import type { HistoryBatch } from '../../core/history-batch.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, HistoryStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { MemoryTables } from './memory-tables.js'
import { takePartitions, writeBatch } from './write-batch.js'

export class MemoryHistoryStore implements HistoryStore {
  readonly #tables: MemoryTables

  constructor(tables: MemoryTables) {
    this.#tables = tables
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Observable<Claim> {
    return defer(() => of(takePartitions(this.#tables, group, partitions, unknown)))
  }

  write(claim: Claim, span: Span, { reads }: HistoryBatch): Observable<WriteOutcome> {
    return defer(() =>
      of(
        writeBatch(this.#tables, claim, span, () => {
          this.#tables.begin('history')
          for (const read of reads) {
            const item = itemText(read)
            const known = this.#tables.history(read.uid).get(item)
            if (known === undefined || known.readAt < read.readAt) this.#tables.setRead(item, read)
          }
          return []
        }),
      ),
    )
  }
}
