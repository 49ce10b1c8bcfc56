/** The buckets of a batch, added to `count_buckets`. */
import type { BucketIncrement } from '../../core/count-batch.js'
import { sqlInteger, sqlString, sqlUtc, stringLiterals } from './sql-literal.js'
import { type RowsStatement, upsertStatements } from './upsert.js'

const statement = {
  what: 'adding to count_buckets',
  into: 'INSERT INTO count_buckets (counter, unit, bucket_start, biz, biz_id, events)',
  update: 'events = events + VALUES(events)',
}

export const bucketStatements = (counter: string, buckets: readonly BucketIncrement[]): readonly RowsStatement[] => {
  const literal = stringLiterals()
  const starts = new Map<number, string>()
  const startOf = (start: number): string => {
    let text = starts.get(start)
    if (text === undefined) {
      text = sqlUtc(start)
      starts.set(start, text)
    }
    return text
  }
  const name = sqlString(counter)
  const rows = buckets.map(
    ({ unit, start, biz, bizId, events }) =>
      `(${name},'${unit}',${startOf(start)},${literal(biz)},${sqlInteger(bizId)},${sqlInteger(events)})`,
  )
  return upsertStatements(statement, rows)
}
