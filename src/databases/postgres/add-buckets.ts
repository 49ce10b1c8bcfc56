import { param, type SQLFragment, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import type { BucketIncrement } from '../../core/count-batch.js'
import { timestampText } from './timestamp-text.js'

/** Events by counter, unit and start, added to what is there; rows in the order of the arrays. */
export const addBuckets = (
  counter: string,
  buckets: readonly BucketIncrement[],
  condition: SQLFragment,
): SQLFragment => sql<s.count_buckets.SQL>`
  INSERT INTO ${'count_buckets'} AS b
    (${'counter'}, ${'unit'}, ${'bucket_start'}, ${'biz'}, ${'biz_id'}, ${'events'})
  SELECT ${param(counter)}, u.* FROM unnest(${param(buckets.map(({ unit }) => unit))}::text[],
    ${param(buckets.map(({ start }) => timestampText(start)))}::timestamptz[],
    ${param(buckets.map(({ biz }) => biz))}::text[], ${param(buckets.map(({ bizId }) => bizId))}::numeric[],
    ${param(buckets.map(({ events }) => events))}::bigint[]) AS u
  WHERE ${condition}
  ON CONFLICT (${'counter'}, ${'unit'}, ${'bucket_start'}, ${'biz'}, ${'biz_id'})
    DO UPDATE SET ${'events'} = b.${'events'} + excluded.${'events'}`
