/** Whether a board's refill is served by an index, or sorts or scans the table each time. */
import type { BoardSpec } from '../../core/board-spec.js'
import type { Finding } from '../finding.js'
import type { Session } from './connection.js'
import { type DescribedIndex, readIndexes } from './describe-table.js'
import { createIndex, leadingColumns, pageQuery, readsDirectly, scoreColumnName } from './refill-query.js'
import { sqlTable } from './sql-name.js'

/** Above this many rows, by the optimizer's estimate, a refill without an index is refused. */
export const manyRows = 100_000

export interface Plan {
  /** The server reads in the board's order and stops at the limit. */
  readonly served: boolean
  /** Rows that it expects to read. */
  readonly rows: number
}

/**
 * The traditional format is asked for by name: it is the same on MySQL and MariaDB, and newer MySQL servers default to
 * another.
 */
export const explainPage = async (session: Session, board: BoardSpec, limit: number): Promise<Plan> => {
  const { columns, rows } = await session.query(
    `explaining the refill of board ${board.name}`,
    `EXPLAIN FORMAT=TRADITIONAL ${pageQuery(board, limit)}`,
  )
  const [plan] = rows
  const cell = (name: string): string => plan?.[columns.indexOf(name)] ?? ''
  // A plan that reads the whole table always sorts as well: the order has to come from somewhere.
  return { served: !/filesort|temporary/i.test(cell('Extra')), rows: Number(cell('rows')) }
}

/** On small tables the optimizer sorts even where an index would serve: that is no reason to ask for another. */
const serves = (board: BoardSpec, index: DescribedIndex): boolean => {
  const { score, table } = board
  if (score.kind === 'expression') return false
  const leading = leadingColumns(board)
  const before = index.columns.slice(0, leading.length)
  const led = leading.every((column) => before.includes(column))
  // Its values are found at the front of the index, and each value's rows in a stretch of their own.
  if (board.per !== undefined && (!led || before[0] !== leading[0])) return false
  // Without them in front the rows that the filter rejects are read too, in the right order all the same.
  const skipped = led ? leading.length : 0
  const [first, ...rest] = index.columns.slice(skipped)
  if (first !== table.columns[score.column]?.name) return false
  const { primaryKey } = table
  return !readsDirectly(board) || rest.every((column, i) => i >= primaryKey.length || column === primaryKey[i])
}

/** The index by which a refill can be read without sorting; undefined if there is none. */
export const servingIndex = (board: BoardSpec, indexes: readonly DescribedIndex[]): DescribedIndex | undefined =>
  indexes.find((index) => serves(board, index))

export const indexFindings = (
  board: BoardSpec,
  plan: Plan,
  indexes: readonly DescribedIndex[],
  allowScan: boolean,
): readonly Finding[] => {
  if (plan.served || allowScan) return []
  const { database, table } = board.table
  const many = plan.rows > manyRows
  const usable = servingIndex(board, indexes)
  if (usable !== undefined) {
    if (!many) return []
    const message = `board ${board.name}: the server sorts ${database}.${table} although it has the index ${usable.name}; run: ANALYZE TABLE ${sqlTable(board.table)}`
    return [{ level: 'warning', code: 'INDEX_MISSING', message }]
  }
  const rows = many ? `about ${plan.rows} rows` : 'all rows'
  const by = board.score.kind === 'expression' ? ' by its score, an expression that no index can serve' : ''
  const then =
    board.score.kind === 'expression' ? `; then set boards.${board.name}.score: ${scoreColumnName(board)}` : ''
  const message = `board ${board.name}: each refill reads and sorts ${rows} of ${database}.${table}${by}; run: ${createIndex(board)}${then}`
  return [
    many
      ? { level: 'error', code: 'INDEX_MISSING', message: `${message} (or set database.refill.allowScan: true)` }
      : { level: 'warning', code: 'INDEX_MISSING', message },
  ]
}

/**
 * The plan of a split board's refill would be that of one value, and say nothing of the others: its index is known by its
 * columns. `rows`: those of the table.
 */
const splitPlan = async (session: Session, board: BoardSpec, indexes: readonly DescribedIndex[]): Promise<Plan> => {
  const { columns, rows } = await session.query(
    `estimating the rows of board ${board.name}`,
    `EXPLAIN FORMAT=TRADITIONAL SELECT * FROM ${sqlTable(board.table)}`,
  )
  return {
    served: servingIndex(board, indexes) !== undefined,
    rows: Number(rows[0]?.[columns.indexOf('rows')] ?? 0),
  }
}

export const checkIndex = async (
  session: Session,
  board: BoardSpec,
  allowScan: boolean,
): Promise<readonly Finding[]> => {
  if (board.per !== undefined) {
    const indexes = await readIndexes(session, board.table.database, board.table.table)
    return indexFindings(board, await splitPlan(session, board, indexes), indexes, allowScan)
  }
  // What a refill asks for at first: the reserve below the board, and one row to see where it ends.
  const limit = Math.max(2 * board.size, board.size + 64) + 1
  const plan = await explainPage(session, board, limit)
  if (plan.served || allowScan) return []
  return indexFindings(board, plan, await readIndexes(session, board.table.database, board.table.table), allowScan)
}
