/**
 * The best rows of a board, read on one session: `limit` ranked rows, or all if there are fewer. Two statements as a
 * rule; the caller opens the snapshot that makes them one reading. Memory: 2 × limit rows, and those that SQL lets in
 * but the board's filter does not.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import { canonicalValue } from '../../core/canonical.js'
import { RanktideError } from '../../core/errors.js'
import { memberOf } from '../../core/member.js'
import { rankingOf } from '../../core/ranking.js'
import type { ReadRow, RefillRows } from '../../core/refill.js'
import type { Column, Image, TableShape, Value } from '../../core/table.js'
import type { Session, SqlRow } from './connection.js'
import { scoreError } from './expression-sql.js'
import { pageQuery, readsDirectly, tieQuery } from './refill-query.js'

const columnValue = (column: Column, raw: Value): Value => {
  const text = column.type.kind === 'bytes' && raw !== null ? Buffer.from(raw, 'hex').toString('latin1') : raw
  const value = canonicalValue(column.type, text)
  if (value !== undefined) return value
  throw new RanktideError('DATABASE_QUERY', `column ${column.name} came as text that is not of its type`)
}

/** Throws DATABASE_QUERY for text that is not of the column's type: the table is no longer what it was at start. */
export const imageOf = (table: TableShape, row: SqlRow): Image =>
  table.columns.map((column, i) => columnValue(column, row[i] ?? null))

/** As `imageOf`, and PK_NULL for a row without a key. */
export const rowOf = (table: TableShape, raw: SqlRow): ReadRow => {
  const image = imageOf(table, raw)
  const key = memberOf(table, image)
  if (key === undefined) throw new RanktideError('PK_NULL', table.id)
  return { key, image }
}

const readRows = async (session: Session, board: BoardSpec, sql: string): Promise<ReadRow[]> => {
  const { rows } = await session.query(`refill of board ${board.name}`, sql)
  return rows.map((row) => rowOf(board.table, row))
}

/**
 * A filter that SQL can only tell in part, and rows that it lets in are judged here: what the board then lacks is asked
 * for again, with twice the limit.
 */
export const readBoard = async (session: Session, board: BoardSpec, limit: number): Promise<RefillRows> => {
  const { accepts } = rankingOf(board)
  for (let most = limit; ; most *= 2) {
    const read = await readPage(session, board, most)
    if (read.complete || read.rows.filter(({ image }) => accepts(image)).length >= limit) return withCut(board, read)
  }
}

/** The best `limit` rows by what SQL knows. */
const readPage = async (session: Session, board: BoardSpec, limit: number): Promise<RefillRows> => {
  if (readsDirectly(board)) {
    const rows = await readRows(session, board, pageQuery(board, limit))
    return { rows, complete: rows.length < limit }
  }
  // One row more than asked for tells whether the end falls inside a run of equal scores.
  const rows = await readRows(session, board, pageQuery(board, limit + 1))
  if (rows.length <= limit) return { rows, complete: rows.length < limit }
  const tie = tieAtEnd(board, rows)
  if (tie === undefined) return { rows: rows.slice(0, limit), complete: false }
  const tied = await readRows(session, board, tieQuery(board, tie.score, limit - tie.above.length))
  return { rows: [...tie.above, ...tied], complete: false }
}

/** The score of the last two rows, if it is one, and the rows that rank above it. */
export const tieAtEnd = (
  board: BoardSpec,
  rows: readonly ReadRow[],
): { readonly score: string; readonly above: readonly ReadRow[] } | undefined => {
  if (board.score.kind !== 'column') return undefined
  const { column } = board.score
  const score = rows.at(-2)?.image[column] ?? null
  if (score === null || rows.at(-1)?.image[column] !== score) return undefined
  return { score, above: rows.filter(({ image }) => image[column] !== score) }
}

/**
 * Where SQL's score may differ from the board's by some bits, the last row says less: rows that were not read may rank
 * above it by twice the difference.
 */
export const withCut = (board: BoardSpec, read: RefillRows): RefillRows => {
  const { score, table, direction } = board
  const error = score.kind === 'column' ? 0 : scoreError(score.expression, table)
  const last = read.rows.at(-1)
  if (error === 0 || read.complete || last === undefined) return read
  const value = rankingOf(board).score(last.image)
  const bound = direction === 'desc' ? value + 3 * error : value - 3 * error
  return { ...read, cut: { key: last.key, score: bound, exact: String(bound) } }
}
