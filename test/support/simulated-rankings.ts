// Ways in which the boards of simulated worlds rank: by a column or an expression, all rows or some. What each is worth
// is written down twice: as the board has it, and in plain code for the oracle.
import type { BoardSpec, Score } from '../../src/core/board-spec.js'
import type { Expression } from '../../src/core/expression.js'
import type { Image } from '../../src/core/table.js'
import { conditionOn, scoreOn } from './expressions.js'
import { table } from './simulated-world.js'

export const rankings = ['plain', 'filtered', 'scored', 'both'] as const
export type SimulatedRanking = (typeof rankings)[number]

/** Rows flip in and out of it with their reads and their kind, which may be NULL. */
const filter: Expression = conditionOn(table, "reads >= 1.5 and kind <> 'c'")
const passesFilter = ([, , reads, kind]: Image): boolean =>
  Number(reads) >= 1.5 && kind !== null && kind !== undefined && kind !== 'c'

/** NULL where likes are, and where the divisor is zero. */
const quotient: Score = { kind: 'expression', expression: scoreOn(table, 'likes * 2 - reads / (likes - 3)') }
const quotientOf = ([, likes, reads]: Image): number | null =>
  likes === null || likes === undefined || likes === '3'
    ? null
    : Number(likes) * 2 - Number(reads) / (Number(likes) - 3)

export const rankedBy = (spec: BoardSpec, ranking: SimulatedRanking): BoardSpec => ({
  ...spec,
  ...(ranking === 'filtered' || ranking === 'both' ? { where: filter } : {}),
  ...(ranking === 'scored' || ranking === 'both' ? { score: quotient } : {}),
})

/** The text of the row's score; null: it has none. */
export const trueScore = ({ score }: BoardSpec, image: Image): string | null => {
  if (score.kind === 'column') return image[score.column] ?? null
  if (score !== quotient) throw new Error('a score that the oracle does not know')
  const value = quotientOf(image)
  return value === null ? null : String(value)
}

/** Whether the filter lets the row in. */
export const passes = ({ where }: BoardSpec, image: Image): boolean => {
  if (where === undefined) return true
  if (where !== filter) throw new Error('a filter that the oracle does not know')
  return passesFilter(image)
}
