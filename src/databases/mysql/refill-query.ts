/**
 * The SQL of a refill: exactly the best rows of a board, in the board's order. Pure text builders.
 *
 * The page reads by an order that an index can serve. Where that is the board's order (`readsDirectly`), the page is
 * the answer. Elsewhere it reads by score only, and when its end falls inside a run of equal scores, that run is read
 * apart in the board's exact order: LIMIT would keep any of them, and the ones it drops would be lost for ever.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import type { Column, ColumnType } from '../../core/table.js'
import { equalColumns, filterSql, scoreSql } from './expression-sql.js'
import { sqlName, sqlTable } from './sql-name.js'

/** The expression whose text `canonicalValue` takes; what HEX wraps is unwrapped by `readBoard`. */
export const selectedValue = ({ name, type }: Column): string => {
  switch (type.kind) {
    // A display width or ZEROFILL would round or pad what is printed; arithmetic prints the value itself.
    case 'double':
    case 'float':
      return `${sqlName(name)} + 0e0`
    case 'bit':
      return `${sqlName(name)} + 0`
    case 'bytes':
      return `HEX(${sqlName(name)})`
    default:
      return sqlName(name)
  }
}

/** Types whose own order in SQL is the board's order of keys. TIME and labels are ordered by their text on a board. */
const ordersAsBoard = (type: ColumnType): boolean => {
  switch (type.kind) {
    case 'integer':
    case 'decimal':
    case 'bit':
    case 'year':
    case 'bytes':
      return true
    case 'text':
      return type.binary
    default:
      return false
  }
}

const withoutTrailingZeros = (text: string): string =>
  `IF(LOCATE('.', ${text}) > 0, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text})), ${text})`

/** The bytes of a key column's canonical text. BINARY(n) stands as it is: bytes order as their Latin-1 text does. */
export const textBytes = ({ name, type }: Column): string => {
  const column = sqlName(name)
  switch (type.kind) {
    case 'integer':
    case 'bit':
    case 'year':
      return `CAST(CAST(${column} + 0 AS CHAR) AS BINARY)`
    case 'decimal':
      return `CAST(${withoutTrailingZeros(`CAST(${column} + 0 AS CHAR)`)} AS BINARY)`
    case 'temporal':
      return `CAST(${withoutTrailingZeros(`CAST(${column} AS CHAR)`)} AS BINARY)`
    case 'bytes':
      return `TRIM(TRAILING X'00' FROM ${column})`
    default:
      return `CAST(CONVERT(${column} USING utf8mb4) AS BINARY)`
  }
}

const keyColumns = ({ table }: BoardSpec): readonly Column[] =>
  table.key.map((position) => table.columns[position]).filter((column) => column !== undefined)

/** The bytes of a row's member (core/member.ts), for the order in which Redis keeps equal scores. */
const memberBytes = (columns: readonly Column[]): string => {
  const [only, second] = columns
  if (only !== undefined && second === undefined) return textBytes(only)
  const parts = columns.map((column) => `REPLACE(REPLACE(${textBytes(column)}, '%', '%25'), ':', '%3A')`)
  return `CONCAT(${parts.join(", ':', ")})`
}

const scoreColumn = ({ table, score }: BoardSpec): Column | undefined =>
  score.kind === 'column' ? table.columns[score.column] : undefined

const scoreOf = (board: BoardSpec): string =>
  board.score.kind === 'column'
    ? sqlName(scoreColumn(board)?.name ?? '')
    : scoreSql(board.score.expression, board.table)

const scoreDirection = (board: BoardSpec): string => (board.direction === 'desc' ? 'DESC' : 'ASC')

/** The order of rows with equal scores. */
const tieOrder = (board: BoardSpec): string => {
  const columns = keyColumns(board)
  if (board.ties === 'redis') return `${memberBytes(columns)} ${scoreDirection(board)}`
  const direction = board.ties === 'newest' ? 'DESC' : 'ASC'
  return columns
    .map((column) => `${ordersAsBoard(column.type) ? sqlName(column.name) : textBytes(column)} ${direction}`)
    .join(', ')
}

/**
 * Whether an index on the score serves the board's whole order: InnoDB's secondary indexes end in the primary key, and
 * one scan goes one way. Expressions are sorted in any case, so that they may as well be sorted to the end.
 */
export const readsDirectly = (board: BoardSpec): boolean => {
  if (board.score.kind === 'expression') return true
  const columns = keyColumns(board)
  const { primaryKey } = board.table
  return (
    board.ties === (board.direction === 'desc' ? 'newest' : 'oldest') &&
    columns.every((column, i) => ordersAsBoard(column.type) && column.name === primaryKey[i]) &&
    columns.length === primaryKey.length
  )
}

const selectFrom = ({ table }: BoardSpec): string =>
  `SELECT ${table.columns.map(selectedValue).join(', ')} FROM ${sqlTable(table)}`

/** The best `limit` rows that can be ranked, among those for which `conditions` are TRUE. */
export const pageQuery = (board: BoardSpec, limit: number, conditions: readonly string[] = []): string => {
  const score = scoreOf(board)
  const order = `${score} ${scoreDirection(board)}${readsDirectly(board) ? `, ${tieOrder(board)}` : ''}`
  const ranked = [...conditions, `${score} IS NOT NULL`, ...filterSql(board.where, board.table)]
  return `${selectFrom(board)} WHERE ${ranked.join(' AND ')} ORDER BY ${order} LIMIT ${limit}`
}

/** As a literal of the column's own kind: without the exponent MySQL takes `0.1` for a decimal. */
const scoreLiteral = (board: BoardSpec, score: string): string =>
  scoreColumn(board)?.type.kind === 'double' && !score.includes('e') ? `${score}e0` : score

/** The best `limit` rows among those whose score, a column, is `score`, a canonical number. */
export const tieQuery = (
  board: BoardSpec,
  score: string,
  limit: number,
  conditions: readonly string[] = [],
): string => {
  const tied = [
    ...conditions,
    `${scoreOf(board)} = ${scoreLiteral(board, score)}`,
    ...filterSql(board.where, board.table),
  ]
  return `${selectFrom(board)} WHERE ${tied.join(' AND ')} ORDER BY ${tieOrder(board)} LIMIT ${limit}`
}

/**
 * The columns that stand before the score in an index: the one that splits the board, and those that the filter holds to
 * one value. A filter that asks for more than equal values is left to the rows.
 */
export const leadingColumns = (board: BoardSpec): readonly string[] => {
  const { table, where, per } = board
  const split = per === undefined ? undefined : table.columns[per]
  const equal = (equalColumns(where, table) ?? []).filter((column) => column !== scoreColumn(board))
  return [...new Set([...(split === undefined ? [] : [split]), ...equal])].map(({ name }) => name)
}

/** The index that serves the page, and the order inside equal scores where an index can. `score`: its column. */
export const indexColumns = (board: BoardSpec, score = scoreColumn(board)?.name ?? ''): readonly string[] => {
  const key = keyColumns(board)
  const primary =
    key.length === board.table.primaryKey.length && key.every(({ name }, i) => name === board.table.primaryKey[i])
  const served = board.ties !== 'redis' && key.every(({ type }) => ordersAsBoard(type))
  return [...leadingColumns(board), score, ...(served && !primary ? key.map(({ name }) => name) : [])]
}

/** Names end at 64 characters. */
const nameFor = (board: BoardSpec, suffix = ''): string =>
  `${`ranktide_${board.name}`.slice(0, 64 - suffix.length)}${suffix}`

/** What lets an index serve the board; for an expression a column that holds it, which the board then ranks by. */
export const createIndex = (board: BoardSpec): string => {
  const index = sqlName(nameFor(board))
  const { table, score } = board
  const on = (columns: readonly string[]) => columns.map(sqlName).join(', ')
  if (score.kind === 'column') return `CREATE INDEX ${index} ON ${sqlTable(table)} (${on(indexColumns(board))})`
  // STORED: row images of the binary log have it on every server.
  const column = scoreColumnName(board)
  const value = scoreSql(score.expression, table)
  return (
    `ALTER TABLE ${sqlTable(table)} ADD COLUMN ${sqlName(column)} DOUBLE GENERATED ALWAYS AS (${value}) STORED, ` +
    `ADD INDEX ${index} (${on(indexColumns(board, column))})`
  )
}

/** The column that `createIndex` adds for an expression. */
export const scoreColumnName = (board: BoardSpec): string => nameFor(board, '_score').replaceAll(/[^\w]/g, '_')
