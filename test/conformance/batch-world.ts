/** What the suite of batch stores asks of a database: fresh tables, stores on them, and a look at what they hold. */
import { firstValueFrom, from, type ObservableInput } from 'rxjs'
import { expect } from 'vitest'
import type { BucketIncrement, BucketUnit, CountBatch, Increment, ItemKey } from '../../src/core/count-batch.js'
import type { CounterSpec } from '../../src/core/counter-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import type { LatestRead } from '../../src/core/history-batch.js'
import type { Positions } from '../../src/core/positions.js'
import type { CountStore, HistoryStore, ReadHistory, Span, WriteOutcome } from '../../src/operators/batch-store.js'

/** A row of the counted table. */
export interface CountedRow extends ItemKey {
  readonly readCnt: bigint
  readonly smallCnt: bigint
}

export interface BucketRow extends ItemKey {
  readonly counter: string
  readonly unit: BucketUnit
  /** ms since 1970 */
  readonly start: number
  readonly events: bigint
}

export interface StoredOffset {
  readonly next: number
  readonly epoch: number
}

export interface HeldItem {
  /** How many transactions on the world's tables wait for a lock now. */
  waiting(): Promise<number>
  release(): Promise<void>
}

/**
 * Tables of one test. The counted table has the unique key (biz, biz_id), biz with exact bytes, and beside it
 * `read_cnt`, 64 bits wide, and `small_cnt` from −32768 to 32767, both 0 by default.
 */
export interface BatchWorld {
  /** Whether a batch goes to the database while its store has another one under way there, or waits in the store. */
  readonly sendsAhead: boolean
  /** Another store with connections of its own, as another worker has it. Default: adds 1 to `read_cnt`, no buckets. */
  countStore(spec?: Partial<Pick<CounterSpec, 'name' | 'add' | 'buckets'>>): CountStore
  historyStore(): HistoryStore
  readHistory(): ReadHistory
  rows(): Promise<readonly CountedRow[]>
  buckets(): Promise<readonly BucketRow[]>
  /** By partition (`topic/partition`). */
  offsets(group: string): Promise<ReadonlyMap<string, StoredOffset>>
  reads(): Promise<readonly LatestRead[]>
  /**
   * Locks an item's row of the counted table, so that a write of it stands still in the middle of its transaction. Asked
   * for only where the suite is told that there are `locks`.
   */
  hold(item: ItemKey): Promise<HeldItem>
  /** Drops the tables, closes what was opened. */
  close(): Promise<void>
}

export const result = <T>(input: ObservableInput<T>): Promise<T> => firstValueFrom(from(input))

/** Again while the answer is DATABASE_CONFLICT, as the pipelines do it; every other error is the test's. */
export const retried = async <T>(call: () => ObservableInput<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await result(call())
    } catch (error) {
      if (!(error instanceof RanktideError) || error.code !== 'DATABASE_CONFLICT' || attempt === 20) throw error
    }
  }
}

export const positions = (entries: Readonly<Record<string, number>>): Positions => new Map(Object.entries(entries))

/** `{ 'reads/0': [5, 8] }`: from 5 to 8. */
export const spanOf = (entries: Readonly<Record<string, readonly [from: number, to: number]>>): Span => ({
  from: new Map(Object.entries(entries).map(([id, [start]]) => [id, start])),
  to: new Map(Object.entries(entries).map(([id, [, end]]) => [id, end])),
})

export const item = (biz: string, bizId: string | number, events = 1): Increment => ({
  biz,
  bizId: String(bizId),
  events,
})

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
const byNumber = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : Number(BigInt(a) > BigInt(b)))

export const byItem = (a: ItemKey, b: ItemKey): number => byBytes(a.biz, b.biz) || byNumber(a.bizId, b.bizId)

/** In the order of the contract; `buckets` as told. */
export const countBatch = (increments: readonly Increment[], buckets: readonly BucketIncrement[] = []): CountBatch => ({
  increments: [...increments].sort(byItem),
  buckets: [...buckets].sort((a, b) => byBytes(a.unit, b.unit) || a.start - b.start || byItem(a, b)),
})

/** All of a batch in one hour and one day. */
export const bucketed = (increments: readonly Increment[], hour: number): CountBatch => {
  const day = hour - (hour % 86_400_000)
  return countBatch(increments, [
    ...increments.map((one): BucketIncrement => ({ ...one, unit: 'hour', start: hour })),
    ...increments.map((one): BucketIncrement => ({ ...one, unit: 'day', start: day })),
  ])
}

export const read = (uid: string | number, biz: string, bizId: string | number, readAt: number): LatestRead => ({
  uid: String(uid),
  biz,
  bizId: String(bizId),
  readAt,
})

export const inReadOrder = (reads: readonly LatestRead[]): readonly LatestRead[] =>
  [...reads].sort((a, b) => byNumber(a.uid, b.uid) || byItem(a, b))

const nameOf = ({ biz, bizId }: ItemKey): string => `${JSON.stringify(biz)}:${bizId}`

/** `read_cnt` by item, sorted. */
export const readCounts = async (world: BatchWorld): Promise<readonly (readonly [string, bigint])[]> =>
  [...(await world.rows())].sort(byItem).map((row) => [nameOf(row), row.readCnt])

export const smallCounts = async (world: BatchWorld): Promise<readonly (readonly [string, bigint])[]> =>
  [...(await world.rows())].sort(byItem).map((row) => [nameOf(row), row.smallCnt])

/** What the events of batches sum up to, as `readCounts` has it. */
export const summed = (...batches: readonly (readonly Increment[])[]): readonly (readonly [string, bigint])[] => {
  const sums = new Map<string, { key: ItemKey; sum: bigint }>()
  for (const one of batches.flat()) {
    const sum = sums.get(nameOf(one))?.sum ?? 0n
    sums.set(nameOf(one), { key: one, sum: sum + BigInt(one.events) })
  }
  return [...sums.values()].sort((a, b) => byItem(a.key, b.key)).map(({ key, sum }) => [nameOf(key), sum])
}

export const expectWritten = (outcome: WriteOutcome, repeated = false): void =>
  expect(outcome).toEqual({ kind: 'written', repeated })

/** Totals are the sums of their buckets, for each unit; only where all counters have both. */
export const expectBucketsEqualTotals = async (world: BatchWorld): Promise<void> => {
  const totals = await readCounts(world)
  const buckets = await world.buckets()
  for (const unit of ['hour', 'day'] as const) {
    const sums = new Map<string, bigint>()
    for (const row of [...buckets].sort(byItem)) {
      if (row.unit === unit) sums.set(nameOf(row), (sums.get(nameOf(row)) ?? 0n) + row.events)
    }
    expect([...sums]).toEqual(totals)
  }
}
