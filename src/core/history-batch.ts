import type { ItemKey } from './count-batch.js'

/** A user's latest read of an item. */
export interface LatestRead extends ItemKey {
  /** A decimal text from 0 to 2^64−1. */
  readonly uid: string
  /** ms since 1970. */
  readonly readAt: number
}

/** Every user and item at most once, in one fixed order: `uid` as a number, then the item as in a count batch. */
export interface HistoryBatch {
  readonly reads: readonly LatestRead[]
}
