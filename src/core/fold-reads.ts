/** A window of read events → one increment an item, and one an item and bucket, in the order of a count batch. */
import { BucketStart } from './bucket-start.js'
import type { BucketIncrement, BucketUnit, CountBatch, Increment } from './count-batch.js'
import type { CounterSpec } from './counter-spec.js'
import { compareItems, type Folding, itemText } from './folding.js'
import type { ReadEvent } from './read-event.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Fails with CONFIG_INVALID for a time zone that is not known. */
export const foldReads = ({ buckets, timeZone }: Pick<CounterSpec, 'buckets' | 'timeZone'>): Folding<CountBatch> => {
  const starts = new BucketStart(timeZone)
  return {
    fold: (events) => ({
      increments: foldIncrements(events),
      buckets: foldBuckets(events, buckets, starts),
    }),
    items: ({ increments }) => increments,
  }
}

const foldIncrements = (events: readonly ReadEvent[]): readonly Increment[] => {
  const byItem = new Map<string, Mutable<Increment>>()
  for (const { biz, bizId } of events) {
    const text = itemText({ biz, bizId })
    const known = byItem.get(text)
    if (known === undefined) byItem.set(text, { biz, bizId, events: 1 })
    else known.events += 1
  }
  return [...byItem.values()].sort(compareItems)
}

const foldBuckets = (
  events: readonly ReadEvent[],
  units: readonly BucketUnit[],
  starts: BucketStart,
): readonly BucketIncrement[] => {
  const byBucket = new Map<string, Mutable<BucketIncrement>>()
  for (const unit of units) {
    for (const { biz, bizId, ts } of events) {
      const start = starts.of(unit, ts)
      const text = `${unit} ${start} ${itemText({ biz, bizId })}`
      const known = byBucket.get(text)
      if (known === undefined) byBucket.set(text, { unit, start, biz, bizId, events: 1 })
      else known.events += 1
    }
  }
  return [...byBucket.values()].sort(compareBuckets)
}

/** Units in the order of the alphabet: day before hour. */
const compareBuckets = (a: BucketIncrement, b: BucketIncrement): number => {
  if (a.unit !== b.unit) return a.unit < b.unit ? -1 : 1
  return a.start - b.start || compareItems(a, b)
}
