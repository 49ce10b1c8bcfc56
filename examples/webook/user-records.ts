/**
 * Likes and collects: a user's record of an item and the item's count, moved in one transaction.
 *
 * The count moves exactly when a record's status does, so it is the number of records with status 1. Locks are taken in
 * one order, the record first and then the item; a record is locked by its own user's requests only. Duplicates: setting
 * a status again changes nothing. Loss: none once it resolved. Memory: one row a call.
 */
import type { MysqlPool, Session } from '../../src/databases/mysql/connection.js'
import type { RecordKind, TableNames } from './item.js'
import { inTransaction } from './transactions.js'

export interface RecordChange {
  readonly kind: RecordKind
  readonly uid: string
  readonly biz: string
  readonly bizId: string
  /** Whether it is made, or taken back. */
  readonly on: boolean
}

export interface RecordOutcome {
  /** False if it was so before. */
  readonly changed: boolean
  /** The item's count of this kind as this transaction leaves it. */
  readonly count: string
}

/** Which of some items a user has liked and collected, by id. */
export type Marks = ReadonlyMap<RecordKind, ReadonlySet<string>>

export interface UserRecordsOptions {
  readonly pool: MysqlPool
  readonly tables: TableNames
  /** ms since 1970. */
  readonly now: () => number
}

/** Ids travel as text and are compared as what they are: no double comes between. */
const item = 'biz = ? AND biz_id = CAST(? AS UNSIGNED)'

export class UserRecords {
  readonly #pool: MysqlPool
  readonly #tables: TableNames
  readonly #now: () => number

  constructor({ pool, tables, now }: UserRecordsOptions) {
    this.#pool = pool
    this.#tables = tables
    this.#now = now
  }

  /** Fails with DATABASE_*; asked again it settles what became of it. */
  set(change: RecordChange): Promise<RecordOutcome> {
    return inTransaction(this.#pool, async (session) => {
      const changed = await this.#moveRecord(session, change)
      if (changed) await this.#moveCount(session, change)
      return { changed, count: await this.#count(session, change) }
    })
  }

  async marks(uid: string, biz: string, ids: readonly string[]): Promise<Marks> {
    const some = ids.map(() => 'CAST(? AS UNSIGNED)').join(', ')
    const of = (kind: RecordKind): string =>
      `SELECT '${kind}', biz_id FROM ${this.#tables[kind]} ` +
      `WHERE uid = CAST(? AS UNSIGNED) AND biz = ? AND biz_id IN (${some}) AND status = 1`
    const asked = [uid, biz, ...ids]
    const { rows } = await this.#pool.use((session) =>
      session.query('reading marks', `${of('like')} UNION ALL ${of('collect')}`, [...asked, ...asked]),
    )
    const withKind = (kind: RecordKind) => new Set(rows.filter(([of]) => of === kind).map(([, id]) => id ?? ''))
    return new Map([
      ['like', withKind('like')],
      ['collect', withKind('collect')],
    ])
  }

  /** Locks the record until the end of the transaction; whether its status was another one. */
  async #moveRecord(session: Session, { kind, uid, biz, bizId, on }: RecordChange): Promise<boolean> {
    const table = this.#tables[kind]
    const now = this.#now()
    if (on) {
      await session.query(
        `making a ${kind}`,
        `INSERT INTO ${table} (uid, biz, biz_id, status, ctime, utime) VALUES (?, ?, ?, 0, ?, ?)
         ON DUPLICATE KEY UPDATE status = status`,
        [uid, biz, bizId, now, now],
      )
    }
    const { rows } = await session.query(
      `reading a ${kind}`,
      `SELECT id, status FROM ${table} WHERE uid = CAST(? AS UNSIGNED) AND ${item} FOR UPDATE`,
      [uid, biz, bizId],
    )
    const [id, status] = rows[0] ?? []
    if (id === undefined || id === null || (status === '1') === on) return false
    await session.query(
      `changing a ${kind}`,
      `UPDATE ${table} SET status = ?, utime = ? WHERE id = CAST(? AS UNSIGNED)`,
      [on ? 1 : 0, now, id],
    )
    return true
  }

  async #moveCount(session: Session, { kind, biz, bizId, on }: RecordChange): Promise<void> {
    const { interactives } = this.#tables
    const column = `${kind}_cnt`
    const now = this.#now()
    if (on) {
      await session.query(
        `counting a ${kind}`,
        `INSERT INTO ${interactives} (biz, biz_id, ${column}, ctime, utime) VALUES (?, ?, 1, ?, ?)
         ON DUPLICATE KEY UPDATE ${column} = ${column} + 1, utime = ?`,
        [biz, bizId, now, now, now],
      )
      return
    }
    // Whoever set the count by hand may have left less than there are records: it stays at 0 then.
    await session.query(
      `counting a ${kind}`,
      `UPDATE ${interactives} SET ${column} = ${column} - 1, utime = ? WHERE ${item} AND ${column} > 0`,
      [now, biz, bizId],
    )
  }

  /** The last count that was committed, or our own: another one's transaction is waited for only by who changes it. */
  async #count(session: Session, { kind, biz, bizId }: RecordChange): Promise<string> {
    const { rows } = await session.query(
      'reading the count',
      `SELECT ${kind}_cnt FROM ${this.#tables.interactives} WHERE ${item}`,
      [biz, bizId],
    )
    return rows[0]?.[0] ?? '0'
  }
}
