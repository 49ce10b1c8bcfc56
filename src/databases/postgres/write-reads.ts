import { param, type SQLFragment, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import type { LatestRead } from '../../core/history-batch.js'
import { timestampText } from './timestamp-text.js'

/** The newest read wins, in whatever order they come; a row that is newer is locked and not written. */
export const writeReads = (
  reads: readonly LatestRead[],
  condition: SQLFragment,
): SQLFragment => sql<s.read_history.SQL>`
  INSERT INTO ${'read_history'} AS r (${'uid'}, ${'biz'}, ${'biz_id'}, ${'read_at'})
  SELECT u.* FROM unnest(${param(reads.map(({ uid }) => uid))}::numeric[],
    ${param(reads.map(({ biz }) => biz))}::text[], ${param(reads.map(({ bizId }) => bizId))}::numeric[],
    ${param(reads.map(({ readAt }) => timestampText(readAt)))}::timestamptz[]) AS u
  WHERE ${condition}
  ON CONFLICT (${'uid'}, ${'biz'}, ${'biz_id'}) DO UPDATE SET ${'read_at'} = excluded.${'read_at'}
    WHERE r.${'read_at'} < excluded.${'read_at'}`
