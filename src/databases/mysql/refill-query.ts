/**
 * The SQL of a refill: exactly the best rows of a board, in the board's order. Pure text builders.
 *
 * The page reads by an order that an index can serve. Where that is the board's order (`readsDirectly`), the page is
 * the answer. Elsewhere it reads by score only, and when its end falls inside a run of equal scores, that run is read
 * apart in the board's exact order: LIMIT would keep any of them, and the ones it drops would be lost for ever.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import type { Column, ColumnType } from '../../core/table.js'
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
const textBytes = ({ name, type }: Column): string => {
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

const scoreName = (board: BoardSpec): string => sqlName(scoreColumn(board)?.name ?? '')

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
 * one scan goes one way.
 */
export const readsDirectly = (board: BoardSpec): boolean => {
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

export const pageQuery = (board: BoardSpec, limit: number): string => {
  const score = scoreName(board)
  const order = `${score} ${scoreDirection(board)}${readsDirectly(board) ? `, ${tieOrder(board)}` : ''}`
  return `${selectFrom(board)} WHERE ${score} IS NOT NULL ORDER BY ${order} LIMIT ${limit}`
}

/** As a literal of the column's own kind: without the exponent MySQL takes `0.1` for a decimal. */
const scoreLiteral = (board: BoardSpec, score: string): string =>
  scoreColumn(board)?.type.kind === 'double' && !score.includes('e') ? `${score}e0` : score

/** The best `limit` rows among those whose score is `score`, a canonical number. */
export const tieQuery = (board: BoardSpec, score: string, limit: number): string =>
  `${selectFrom(board)} WHERE ${scoreName(board)} = ${scoreLiteral(board, score)} ORDER BY ${tieOrder(board)} LIMIT ${limit}`

/** The index that serves the page, and the order inside equal scores where an index can. */
export const indexColumns = (board: BoardSpec): readonly string[] => {
  const score = scoreColumn(board)?.name ?? ''
  const key = keyColumns(board)
  const primary =
    key.length === board.table.primaryKey.length && key.every(({ name }, i) => name === board.table.primaryKey[i])
  const served = board.ties !== 'redis' && key.every(({ type }) => ordersAsBoard(type))
  return [score, ...(served && !primary ? key.map(({ name }) => name) : [])]
}

export const createIndex = (board: BoardSpec): string => {
  // Names of indexes end at 64 characters.
  const name = sqlName(`ranktide_${board.name}`.slice(0, 64))
  return `CREATE INDEX ${name} ON ${sqlTable(board.table)} (${indexColumns(board).map(sqlName).join(', ')})`
}
