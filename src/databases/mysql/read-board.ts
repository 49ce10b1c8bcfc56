/**
 * The best rows of a board, read on one session. Exactly `limit` rows come, or all ranked rows if there are fewer.
 * Two statements at most; the caller opens the snapshot that makes them one reading. Memory: 2 × limit rows.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import { canonicalValue } from '../../core/canonical.js'
import { RanktideError } from '../../core/errors.js'
import { memberOf } from '../../core/member.js'
import { rankingOf, rankOf } from '../../core/ranking.js'
import type { Column, Image, TableShape, Value } from '../../core/table.js'
import type { RefillRows } from '../../operators/ports.js'
import type { Session, SqlRow } from './connection.js'
import { pageQuery, readsDirectly, tieQuery } from './refill-query.js'

type Row = RefillRows['rows'][number]

const columnValue = (column: Column, raw: Value): Value => {
  const text = column.type.kind === 'bytes' && raw !== null ? Buffer.from(raw, 'hex').toString('latin1') : raw
  const value = canonicalValue(column.type, text)
  if (value !== undefined) return value
  throw new RanktideError('DATABASE_QUERY', `column ${column.name} came as text that is not of its type`)
}

/** Throws DATABASE_QUERY for text that is not of the column's type: the table is no longer what it was at start. */
export const imageOf = (table: TableShape, row: SqlRow): Image =>
  table.columns.map((column, i) => columnValue(column, row[i] ?? null))

const rowOf = (table: TableShape, raw: SqlRow): Row => {
  const image = imageOf(table, raw)
  const key = memberOf(table, image)
  if (key === undefined) throw new RanktideError('PK_NULL', table.id)
  return { key, image }
}

const readRows = async (session: Session, board: BoardSpec, sql: string): Promise<Row[]> => {
  const { rows } = await session.query(`refill of board ${board.name}`, sql)
  return rows.map((row) => rowOf(board.table, row))
}

export const readBoard = async (session: Session, board: BoardSpec, limit: number): Promise<RefillRows> => {
  if (readsDirectly(board)) {
    const rows = await readRows(session, board, pageQuery(board, limit))
    return { rows, complete: rows.length < limit }
  }
  // One row more than asked for tells whether the end falls inside a run of equal scores.
  const rows = await readRows(session, board, pageQuery(board, limit + 1))
  if (rows.length <= limit) return { rows, complete: rows.length < limit }
  const last = rows[limit - 1]
  const beyond = rows[limit]
  const ranking = rankingOf(board)
  const score = last === undefined ? null : rankOf(ranking, last.image)
  const cut = beyond !== undefined && rankOf(ranking, beyond.image) === score
  if (score === null || !cut) return { rows: rows.slice(0, limit), complete: false }
  const above = rows.filter(({ image }) => rankOf(ranking, image) !== score)
  const tied = await readRows(session, board, tieQuery(board, score, limit - above.length))
  return { rows: [...above, ...tied], complete: false }
}
