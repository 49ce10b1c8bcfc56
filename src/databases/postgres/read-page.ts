import { param, type SQLFragment, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import type { HistoryEntry, HistoryPlace } from '../../operators/batch-store.js'
import { timestampText } from './timestamp-text.js'

type ReadRow = Pick<s.read_history.Selectable, 'biz' | 'biz_id' | 'read_at'>

const after = ({ readAt, biz, bizId }: HistoryPlace): SQLFragment => sql<s.read_history.SQL>`
  AND (${'read_at'}, ${'biz'}, ${'biz_id'}) < (${param(timestampText(readAt))}::timestamptz, ${param(biz)}, ${param(bizId)}::numeric)`

/** A user's reads from a place on, the latest first, those of one millisecond by item backwards: as the index has them. */
export const readPage = (uid: string, limit: number, before: HistoryPlace | undefined): SQLFragment<ReadRow[]> => sql<
  s.read_history.SQL,
  ReadRow[]
>`
  SELECT ${'biz'}, ${'biz_id'}, ${'read_at'} FROM ${'read_history'}
  WHERE ${'uid'} = ${param(uid)}::numeric ${before === undefined ? [] : after(before)}
  ORDER BY ${'uid'} DESC, ${'read_at'} DESC, ${'biz'} DESC, ${'biz_id'} DESC LIMIT ${param(limit)}::bigint`

export const entryOf = ({ biz, biz_id, read_at }: ReadRow): HistoryEntry => ({
  biz,
  bizId: biz_id,
  readAt: read_at.getTime(),
})
