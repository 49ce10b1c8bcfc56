/** The latest reads of a batch, into `read_history`: the newer of two times stays, so repetitions change nothing. */
import type { LatestRead } from '../../core/history-batch.js'
import { sqlInteger, sqlUtc, stringLiterals } from './sql-literal.js'
import { type RowsStatement, upsertStatements } from './upsert.js'

const statement = {
  what: 'writing read_history',
  into: 'INSERT INTO read_history (uid, biz, biz_id, read_at)',
  update: 'read_at = GREATEST(read_at, VALUES(read_at))',
}

export const readStatements = (reads: readonly LatestRead[]): readonly RowsStatement[] => {
  const literal = stringLiterals()
  const rows = reads.map(
    ({ uid, biz, bizId, readAt }) => `(${sqlInteger(uid)},${literal(biz)},${sqlInteger(bizId)},${sqlUtc(readAt)})`,
  )
  return upsertStatements(statement, rows)
}
