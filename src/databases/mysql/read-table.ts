/**
 * Every row of a table, page by page in the order of its key, on one session; the caller opens the snapshot that makes
 * them one reading. Memory: a page.
 */
import type { ReadRow } from '../../core/refill.js'
import type { Column, TableShape } from '../../core/table.js'
import type { MysqlPool, Session, SqlRow } from './connection.js'
import { rowOf } from './read-board.js'
import { selectedValue } from './refill-query.js'
import { sqlString } from './sql-literal.js'
import { sqlName, sqlTable } from './sql-name.js'

const pageRows = 20_000

/** Hands on one consistent snapshot, in pages. Fails with DATABASE_*; pages may have been handed on then. */
export const readTable = (
  pool: MysqlPool,
  table: TableShape,
  take: (rows: readonly ReadRow[]) => void,
): Promise<void> =>
  pool.use(async (session) => {
    await session.query('opening a snapshot', 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    for await (const page of pagesOf(session, table)) take(page)
    await session.query('closing the snapshot', 'COMMIT')
  })

async function* pagesOf(session: Session, table: TableShape): AsyncGenerator<readonly ReadRow[]> {
  const key = table.key.flatMap((position) => table.columns[position] ?? [])
  let after: readonly string[] | undefined
  for (;;) {
    const { rows } = await session.query(`rows of ${table.id}`, pageQuery(table, key, after))
    if (rows.length > 0) yield rows.map((row) => rowOf(table, row.slice(0, table.columns.length)))
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = cursorOf(last, table, key)
  }
}

/** Behind the columns, those of the key once more, as they are compared. */
const pageQuery = (table: TableShape, key: readonly Column[], after: readonly string[] | undefined): string => {
  const selected = [...table.columns.map(selectedValue), ...key.map(cursorText)].join(', ')
  const order = key.map(ordered).join(', ')
  const where = after === undefined ? '' : ` WHERE ${behind(key.map(ordered), after)}`
  return `SELECT ${selected} FROM ${sqlTable(table)}${where} ORDER BY ${order} LIMIT ${pageRows}`
}

/** `(a, b) > (x, y)`, as servers use an index for it. */
const behind = ([column = '', ...others]: readonly string[], [value = '', ...rest]: readonly string[]): string =>
  others.length === 0
    ? `${column} > ${value}`
    : `(${column} >= ${value} AND (${column} > ${value} OR ${behind(others, rest)}))`

/** Labels are ordered by their number. */
const ordered = ({ name, type }: Column): string =>
  type.kind === 'enum' || type.kind === 'set' ? `${sqlName(name)} + 0` : sqlName(name)

const isText = ({ type: { kind } }: Column): boolean => kind === 'text' || kind === 'bytes'

/** Texts as they are stored, in hexadecimal digits: what a conversion would change is not compared as it was. */
const cursorText = (column: Column): string => {
  if (column.type.kind === 'text') return `HEX(CONVERT(${sqlName(column.name)} USING utf8mb4))`
  if (column.type.kind === 'bytes') return `HEX(${sqlName(column.name)})`
  return column.type.kind === 'temporal' ? sqlName(column.name) : `${ordered(column)} + 0`
}

const cursorOf = (row: SqlRow, table: TableShape, key: readonly Column[]): readonly string[] =>
  key.map((column, i) => {
    const text = row[table.columns.length + i] ?? ''
    if (isText(column)) return column.type.kind === 'text' ? `_utf8mb4 X'${text}'` : `X'${text}'`
    return column.type.kind === 'temporal' ? sqlString(text) : text
  })
