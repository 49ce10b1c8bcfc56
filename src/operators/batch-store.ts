/**
 * The databases, as the counting pipelines see them: what a batch adds and the offsets it was read from move in one
 * transaction. Fakes and real databases pass one conformance suite (test/conformance/batch-store.ts).
 */
import type { ObservableInput } from 'rxjs'
import type { CountBatch } from '../core/count-batch.js'
import type { HistoryBatch } from '../core/history-batch.js'
import type { Positions } from '../core/positions.js'

/** The right to move the offsets of some partitions of a group, until somebody else takes one of them. */
export interface Claim {
  readonly group: string
  /** By partition (`topic/partition`). */
  readonly epochs: ReadonlyMap<string, number>
  /** Next offset of every partition as stored when it was taken. */
  readonly positions: Positions
}

/**
 * From where to where a batch was read: partitions in which it has something, each with `from` < `to`. Only an empty batch
 * moves an offset back: to the end of a log that ends before it.
 */
export interface Span {
  readonly from: Positions
  readonly to: Positions
}

/** What can't be added: the item's count would leave the range of its column. */
export interface RefusedItem {
  /** Index into `CountBatch.increments`. */
  readonly index: number
  /** What the column allows. */
  readonly detail: string
}

export type WriteOutcome =
  /** Committed. `repeated`: by an earlier call, whose answer was lost; nothing was added now. */
  | { readonly kind: 'written'; readonly repeated: boolean }
  /** Nothing was written: these partitions are somebody else's now, or their offset is not `from`. */
  | { readonly kind: 'fenced'; readonly partitions: readonly string[] }
  /** Nothing was written: without these items the rest could be. */
  | { readonly kind: 'refused'; readonly items: readonly RefusedItem[] }

/**
 * Exactly once: a batch is added if and only if its offsets move, and they move only from where they stood, under the
 * claim. A call that fails (DATABASE_*) may have been committed: made again with the same arguments it finds that out
 * and answers `written` with `repeated`. It never leaves a transaction open.
 */
export interface BatchStore<B> {
  /**
   * Takes partitions by raising their epochs: whoever had them is fenced from now on, transactions under way included.
   * `unknown`: the offset of partitions of which none is stored yet.
   */
  take(group: string, partitions: readonly string[], unknown: Positions): ObservableInput<Claim>
  write(claim: Claim, span: Span, batch: B): ObservableInput<WriteOutcome>
}

export type CountStore = BatchStore<CountBatch>
export type HistoryStore = BatchStore<HistoryBatch>

/** Personal data: what an example application pages through and what a user may have erased. */
export interface ReadHistory {
  /** Latest first; `before`: the last read of the page before. */
  page(uid: string, limit: number, before?: HistoryPlace): Promise<readonly HistoryEntry[]>
  /** Deletes all reads of a user; how many. In small transactions. */
  erase(uid: string): Promise<number>
  /** Deletes what is older than this, ms since 1970, at most `most` rows; how many. */
  expire(before: number, most: number): Promise<number>
}

export interface HistoryEntry {
  readonly biz: string
  readonly bizId: string
  readonly readAt: number
}

export type HistoryPlace = HistoryEntry
