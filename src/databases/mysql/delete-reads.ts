/** Deletes from `read_history`, at most so many rows, in the order of an index: a statement locks no more than it needs. */
import type { Session } from './connection.js'
import { sqlInteger, sqlUtc } from './sql-literal.js'

export const deleteReadsOf = async (session: Session, uid: string, most: number): Promise<number> => {
  const { affected } = await session.query(
    'erasing reads',
    `DELETE FROM read_history WHERE uid = ${sqlInteger(uid)} ORDER BY uid, biz, biz_id LIMIT ${sqlInteger(most)}`,
  )
  return affected
}

/** `before`: ms since 1970. */
export const deleteReadsBefore = async (session: Session, before: number, most: number): Promise<number> => {
  const { affected } = await session.query(
    'deleting old reads',
    `DELETE FROM read_history WHERE read_at < ${sqlUtc(before)}` +
      ` ORDER BY read_at, uid, biz, biz_id LIMIT ${sqlInteger(most)}`,
  )
  return affected
}
