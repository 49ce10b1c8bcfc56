import type { BoardSpec } from './board-spec.js'
import { namedColumns } from './expression.js'

/**
 * Identifies what a board shows, how it is ranked and what feeds it. Content that was published under another definition
 * is not this board's, so it can't be started from: its positions may be of topics that are not read any more.
 */
export const definitionOf = (board: BoardSpec, topics: readonly string[]): string => {
  const { table, direction, ties, size, display, score, where, per } = board
  const column = (position: number) => {
    const { name, type } = table.columns[position] ?? {}
    return [name, type]
  }
  const ranking = score.kind === 'column' ? column(score.column) : namedColumns(score.expression, table)
  const filter = where === undefined ? [] : [{ where: namedColumns(where, table) }]
  const split = per === undefined ? [] : [{ per: column(per) }]
  return JSON.stringify([table.id, topics, direction, ties, size, ranking, ...filter, ...split, ...display.map(column)])
}
