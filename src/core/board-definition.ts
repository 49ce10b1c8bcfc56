import type { BoardSpec } from './board-spec.js'

/**
 * Identifies what a board shows and how it is ranked. Content that was published under another definition is not this
 * board's, so it can't be started from.
 */
export const definitionOf = ({ table, direction, ties, size, display, scoreColumn }: BoardSpec): string => {
  const column = (position: number) => {
    const { name, type } = table.columns[position] ?? {}
    return [name, type]
  }
  return JSON.stringify([table.id, direction, ties, size, column(scoreColumn), ...display.map(column)])
}
