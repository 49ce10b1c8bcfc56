/** Counts in memory. Guarantees as of `BatchStore`; every call answers at once. */
import { defer, type Observable, of } from 'rxjs'
import type { CountBatch, Increment } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import { itemText } from '../../core/folding.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, CountStore, RefusedItem, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { MemoryCountRow, MemoryTables } from './memory-tables.js'
import { takePartitions, writeBatch } from './write-batch.js'

export class MemoryCountStore implements CountStore {
  readonly #tables: MemoryTables
  readonly #spec: Pick<CounterSpec, 'name' | 'table' | 'add'>

  constructor(tables: MemoryTables, spec: Pick<CounterSpec, 'name' | 'table' | 'add'>) {
    this.#tables = tables
    this.#spec = spec
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Observable<Claim> {
    return defer(() => of(takePartitions(this.#tables, group, partitions, unknown)))
  }

  write(claim: Claim, span: Span, batch: CountBatch): Observable<WriteOutcome> {
    return defer(() =>
      of(
        writeBatch(this.#tables, claim, span, () => {
          const refused = this.#addCounts(batch)
          if (refused.length === 0) this.#addBuckets(batch)
          return refused
        }),
      ),
    )
  }

  #addCounts({ increments }: CountBatch): readonly RefusedItem[] {
    this.#tables.begin('counts')
    const table = this.#spec.table.name
    const rows = this.#tables.counts(table)
    const refused: RefusedItem[] = []
    increments.forEach((increment, index) => {
      const text = itemText(increment)
      const after = this.#added(rows.get(text), rows.size + 1, increment)
      if (typeof after === 'string') refused.push({ index, detail: after })
      else this.#tables.setCount(table, text, after)
    })
    return refused
  }

  /** What the column allows, if the sum would leave it. */
  #added(row: MemoryCountRow | undefined, id: number, { biz, bizId, events }: Increment): MemoryCountRow | string {
    const counts = new Map(row?.counts)
    for (const [column, amount] of this.#spec.add) {
      const { least, most } = this.#tables.rangeOf(column)
      const sum = (counts.get(column) ?? 0n) + BigInt(amount) * BigInt(events)
      if (sum < least || sum > most) return `${column} holds ${least} to ${most}`
      counts.set(column, sum)
    }
    return { id: row?.id ?? id, biz, bizId, counts }
  }

  #addBuckets({ buckets }: CountBatch): void {
    this.#tables.begin('buckets')
    const counter = this.#spec.name
    for (const { unit, start, biz, bizId, events } of buckets) {
      const key = `${JSON.stringify(counter)} ${unit} ${start} ${itemText({ biz, bizId })}`
      const before = this.#tables.buckets.get(key)?.events ?? 0n
      this.#tables.setBucket(key, { counter, unit, start, biz, bizId, events: before + BigInt(events) })
    }
  }
}
