/** Reads are deleted in small statements, each of which commits by itself; rows are locked before they are deleted. */
import { param, raw, type SQLFragment, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import { timestampText } from './timestamp-text.js'

interface Deleted {
  readonly rows: string
}

/**
 * By key and not by ctid: a row that was written while its lock was waited for has a new one, which the statement does
 * not see.
 */
const deleteSome = (which: SQLFragment, most: number, locking: string): SQLFragment<Deleted[]> =>
  sql<s.read_history.SQL, Deleted[]>`
    WITH old AS (
      SELECT ${'uid'}, ${'biz'}, ${'biz_id'} FROM ${'read_history'} WHERE ${which}
      LIMIT ${param(most)}::bigint FOR UPDATE ${raw(locking)}
    ), deleted AS (
      DELETE FROM ${'read_history'} AS r USING old
      WHERE (r.${'uid'}, r.${'biz'}, r.${'biz_id'}) = (old.${'uid'}, old.${'biz'}, old.${'biz_id'}) RETURNING 1
    ) SELECT count(*) AS rows FROM deleted`

/** Erasure leaves nothing out: it waits for writers. */
export const deleteReadsOf = (uid: string, most: number): SQLFragment<Deleted[]> =>
  deleteSome(sql<s.read_history.SQL>`${'uid'} = ${param(uid)}::numeric`, most, '')

/** Retention comes again: rows that a writer has are left for then. */
export const deleteReadsBefore = (before: number, most: number): SQLFragment<Deleted[]> =>
  deleteSome(sql<s.read_history.SQL>`${'read_at'} < ${param(timestampText(before))}::timestamptz`, most, 'SKIP LOCKED')
