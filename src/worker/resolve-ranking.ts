/** What ranks a board, from its text in the configuration: a column, or expressions over the columns of its table. */
import type { Score } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import type { Expression } from '../core/expression.js'
import { caretsUnder, ExpressionFault } from '../core/expression-fault.js'
import { columnNamesIn, parseExpression, type Syntax } from '../core/expression-parser.js'
import { type NamedColumn, resolveCondition, resolveScore } from '../core/expression-types.js'
import type { BoardConfig } from '../runtime/config.js'

/** Refuses with EXPRESSION_INVALID: the key, what is wrong, and the expression with carets under the spot. */
const told = <T>(board: BoardConfig, key: 'score' | 'where', source: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error
    throw new RanktideError(
      'EXPRESSION_INVALID',
      `boards.${board.name}.${key}: ${error.sentence}\n${caretsUnder(source, error)}`,
      { cause: error },
    )
  }
}

const scoreSyntax = (board: BoardConfig): Syntax =>
  told(board, 'score', board.score, () => parseExpression(board.score))

const whereSyntax = (board: BoardConfig): Syntax | undefined => {
  const { where } = board
  return where === undefined ? undefined : told(board, 'where', where, () => parseExpression(where))
}

/** The column that the score is, if it is one and nothing else. */
export const scoreColumnOf = (board: BoardConfig): string | undefined => {
  const syntax = scoreSyntax(board)
  return syntax.kind === 'column' ? syntax.name : undefined
}

/** The columns that the expressions of a board use. Fails where they do not fit the columns of the table. */
export const expressionColumns = (board: BoardConfig, columns: readonly NamedColumn[]): readonly string[] => {
  const { score, where } = rankingSyntax(board)
  rankingOn(board, columns)
  return [
    ...new Set([...(score.kind === 'column' ? [] : columnNamesIn(score)), ...(where ? columnNamesIn(where) : [])]),
  ]
}

/** Score and filter over these columns, by their positions. */
export const rankingOn = (
  board: BoardConfig,
  columns: readonly NamedColumn[],
): { readonly score: Score; readonly where: Expression | undefined } => {
  const { score, where } = rankingSyntax(board)
  return {
    score:
      score.kind === 'column'
        ? { kind: 'column', column: columns.findIndex(({ name }) => name === score.name) }
        : { kind: 'expression', expression: told(board, 'score', board.score, () => resolveScore(score, columns)) },
    where: where && told(board, 'where', board.where ?? '', () => resolveCondition(where, columns)),
  }
}

const rankingSyntax = (board: BoardConfig) => ({ score: scoreSyntax(board), where: whereSyntax(board) })
