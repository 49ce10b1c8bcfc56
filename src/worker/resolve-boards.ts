/** From the configuration and what the database says of its tables to boards that can be kept. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError, verdictOf } from '../core/errors.js'
import type { TableShape } from '../core/table.js'
import type { MysqlPool } from '../databases/mysql/connection.js'
import { describeTable, type TableDescription } from '../databases/mysql/describe-table.js'
import { tableShape } from '../databases/mysql/table-shape.js'
import type { BoardConfig } from '../runtime/config.js'
import { expressionColumns, rankingOn, scoreColumnOf } from './resolve-ranking.js'

/**
 * Boards on the same table with the same key share its shape, and so the journal of its queries.
 * Fails with TABLE_MISSING, COLUMN_MISSING, COLUMN_TYPE, EXPRESSION_INVALID, KEY_NOT_UNIQUE, TABLE_ENGINE, or DATABASE_*
 * when it can't ask.
 */
export const resolveBoards = (pool: MysqlPool, boards: readonly BoardConfig[]): Promise<readonly BoardSpec[]> =>
  resolveDescribed((database, table) => describeTable(pool, database, table), boards)

/** The same, whoever tells what the tables are; `describe` fails with what the boards then fail with. */
export const resolveDescribed = async (
  describe: (database: string, table: string) => Promise<TableDescription>,
  boards: readonly BoardConfig[],
): Promise<readonly BoardSpec[]> => {
  const descriptions = new Map<string, TableDescription>()
  const groups = new Map<string, { readonly description: TableDescription; readonly boards: BoardConfig[] }>()
  const refusals: RanktideError[] = []
  for (const board of boards) {
    const { database, table } = board.table
    const name = JSON.stringify([database, table])
    try {
      const description = descriptions.get(name) ?? (await describe(database, table))
      descriptions.set(name, description)
      // By the shape's own id, which names the key that the table has where the file names none.
      const { id } = shapeOf([board], description)
      const group = groups.get(id) ?? { description, boards: [] }
      group.boards.push(board)
      groups.set(id, group)
    } catch (error) {
      if (!(error instanceof RanktideError) || verdictOf(error) !== 'fatal') throw error
      refusals.push(error)
    }
  }
  const [first, ...others] = refusals
  if (first !== undefined) throw together(first, others)
  const specs = new Map<string, BoardSpec>()
  for (const group of groups.values()) {
    const shape = shapeOf(group.boards, group.description)
    for (const board of group.boards) specs.set(board.name, specOf(board, shape, group.description))
  }
  return boards.flatMap(({ name }) => specs.get(name) ?? [])
}

/** What is wrong with several boards, as one error with the code of the first; a line each, each once. */
const together = (first: RanktideError, others: readonly RanktideError[]): RanktideError => {
  if (others.length === 0) return first
  const told = [first, ...others].map(({ code, detail, message }) =>
    code === first.code ? detail : `${code}: ${message}`,
  )
  return new RanktideError(first.code, [...new Set(told)].join('\n'), { cause: first })
}

const shapeOf = (boards: readonly BoardConfig[], description: TableDescription): TableShape =>
  tableShape(description, {
    key: boards[0]?.key,
    scores: boards.flatMap((board) => scoreColumnOf(board) ?? []),
    splits: boards.flatMap(({ per }) => per ?? []),
    columns: boards.flatMap((board) => [
      ...shownColumns(board, description),
      ...expressionColumns(board, description.columns),
    ]),
  })

/** What the file names, or everything that can be shown. */
const shownColumns = ({ columns }: BoardConfig, description: TableDescription): readonly string[] =>
  columns ?? description.columns.filter(({ type }) => type !== undefined).map(({ name }) => name)

const specOf = (board: BoardConfig, table: TableShape, description: TableDescription): BoardSpec => {
  const positionOf = (name: string) => table.columns.findIndex((column) => column.name === name)
  const shown = shownColumns(board, description).map(positionOf)
  const display = [...new Set([...table.key, ...shown])]
  const { score, where } = rankingOn(board, table.columns)
  const scoreShown = score.kind === 'column' && display.includes(score.column)
  if (!scoreShown && display.some((position) => table.columns[position]?.name === 'score')) {
    const advice = score.kind === 'column' ? `add ${board.score} to columns` : 'name other columns in columns'
    throw new RanktideError(
      'CONFIG_INVALID',
      `board ${board.name}: its score ${board.score} is shown as "score", but the column score is shown too; ${advice}`,
    )
  }
  const { name, order: direction, ties, size } = board
  const split = board.per === undefined ? {} : { per: positionOf(board.per), maxGroups: board.maxBoards }
  return { name, table, direction, ties, size, display, score, where, ...split }
}
