/** What a window of read events adds to the database, folded: one increment an item, one an item and bucket. */

export interface ItemKey {
  readonly biz: string
  /** A decimal text from 0 to 2^64−1. */
  readonly bizId: string
}

export interface Increment extends ItemKey {
  /** How many events: at least 1. */
  readonly events: number
}

export const bucketUnits = ['hour', 'day'] as const
export type BucketUnit = (typeof bucketUnits)[number]

export interface BucketIncrement extends Increment {
  readonly unit: BucketUnit
  /** When the bucket begins, ms since 1970: the start of the hour or day in the counter's time zone. */
  readonly start: number
}

/**
 * Every item at most once, in one fixed order (by the bytes of `biz`, then by `bizId` as a number): two transactions
 * that touch the same rows take their locks in the same order. Buckets: unit, start, then as items.
 */
export interface CountBatch {
  readonly increments: readonly Increment[]
  /** Their sum an item is that item's increment, for each configured unit; empty without buckets. */
  readonly buckets: readonly BucketIncrement[]
}
