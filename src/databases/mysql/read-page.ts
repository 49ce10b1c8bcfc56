import type { HistoryEntry, HistoryPlace } from '../../operators/batch-store.js'
import type { Session } from './connection.js'
import { msOfUtc, sqlInteger, sqlString, sqlUtc } from './sql-literal.js'

/** What comes after a place. The first condition bounds what the index is asked for; ties are told apart by the item. */
const after = ({ readAt, biz, bizId }: HistoryPlace): string => {
  const [at, text] = [sqlUtc(readAt), sqlString(biz)]
  return (
    ` AND read_at <= ${at}` +
    ` AND (read_at < ${at} OR biz < ${text} OR (biz = ${text} AND biz_id < ${sqlInteger(bizId)}))`
  )
}

/** A page of a user's reads, served backwards by the index latest_of_user, which ends in the primary key. */
export const readPage = async (
  session: Session,
  uid: string,
  limit: number,
  before?: HistoryPlace,
): Promise<readonly HistoryEntry[]> => {
  const { rows } = await session.query(
    'reading a page of read_history',
    `SELECT biz, biz_id, read_at FROM read_history WHERE uid = ${sqlInteger(uid)}` +
      `${before === undefined ? '' : after(before)}` +
      ` ORDER BY read_at DESC, biz DESC, biz_id DESC LIMIT ${sqlInteger(limit)}`,
  )
  return rows.map(([biz, bizId, readAt]) => ({ biz: biz ?? '', bizId: bizId ?? '', readAt: msOfUtc(readAt ?? '') }))
}
