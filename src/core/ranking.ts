/**
 * Whether and where a row ranks: the score and the filter of a board, compiled once. Boards that differ in nothing else
 * (the groups of a split board) share one.
 */
import type { BoardSpec } from './board-spec.js'
import { columnsOf } from './expression.js'
import { compileCondition, compileNumber } from './expression-value.js'
import { type Order, orderOf, type Place } from './order.js'
import type { Image } from './table.js'

export interface Ranking {
  readonly order: Order
  /** Where the columns that decide stand in `table.columns`. */
  readonly columns: readonly number[]
  /** The double nearest to the score; NaN: no score, the row is not ranked. The filter is not asked. */
  readonly score: (image: Image) => number
  /** The exact text of the score that `score` gave. */
  readonly exact: (image: Image, score: number) => string
  /** Whether the filter lets the row in. */
  readonly accepts: (image: Image) => boolean
}

const everyRow = (): boolean => true

export const rankingOf = (spec: BoardSpec): Ranking => {
  const { score, where, table } = spec
  const shared = {
    order: orderOf(spec),
    columns: rankingColumns(spec),
    accepts: where === undefined ? everyRow : compileCondition(where, table),
  }
  if (score.kind === 'expression') {
    // −0 and 0 are one score.
    return { ...shared, score: compileNumber(score.expression, table), exact: (_, value) => String(value + 0) }
  }
  const { column } = score
  return {
    ...shared,
    score: (image) => {
      const text = image[column] ?? null
      return text === null ? Number.NaN : Number(text)
    },
    exact: (image) => image[column] ?? '',
  }
}

/** Where the columns that score and filter use stand in `table.columns`. */
export const rankingColumns = ({ score, where }: BoardSpec): readonly number[] => [
  ...new Set([...(score.kind === 'column' ? [score.column] : columnsOf(score.expression)), ...columnsOf(where)]),
]

/** Where the row would stand if the filter let it in; undefined when it has no score. */
export const placeOf = (ranking: Ranking, key: string, image: Image): Place | undefined => {
  const score = ranking.score(image)
  return Number.isNaN(score) ? undefined : { key, score, exact: ranking.exact(image, score) }
}

/** The exact text of a row's score; null: the row is not ranked. */
export const rankOf = (ranking: Ranking, image: Image): string | null => {
  const score = ranking.score(image)
  return Number.isNaN(score) || !ranking.accepts(image) ? null : ranking.exact(image, score)
}
