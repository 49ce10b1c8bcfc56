/** Where a row stands against a board's other members: its rank, or how far it is from the last place. Pure. */
import type { Entry } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { decimalDifference } from './decimal-difference.js'
import { orderOf, type Place } from './order.js'
import { exactScoreIn } from './row-json.js'

export interface Standing {
  /** From 1; undefined: it is below the last place. */
  readonly rank: number | undefined
  /** Members with the same score, itself not counted. */
  readonly ties: number
  /** The last place that it would have to beat, or has beaten; undefined: there is room. */
  readonly last: Place | undefined
  /** By how much the score has to rise (`asc`: to fall) to be that of the last place; `0`: it is. */
  readonly needs: string | undefined
}

export const placeOfEntry = (spec: BoardSpec, { member, score, row }: Entry): Place => ({
  key: member,
  score: Number(score),
  exact: exactScoreIn(spec, row) ?? score,
})

/** `entries`: the board, in any order, with or without the row itself. */
export const standingOf = (spec: BoardSpec, place: Place, entries: readonly Entry[]): Standing => {
  const order = orderOf(spec)
  const others = entries
    .filter(({ member }) => member !== place.key)
    .map((entry) => placeOfEntry(spec, entry))
    .sort(order)
  const better = others.filter((other) => order(other, place) < 0).length
  const ties = others.filter(({ exact }) => exact === place.exact).length
  const last = others[spec.size - 1]
  if (better < spec.size) return { rank: better + 1, ties, last, needs: undefined }
  const [high = '0', low = '0'] = spec.direction === 'desc' ? [last?.exact, place.exact] : [place.exact, last?.exact]
  return { rank: undefined, ties, last, needs: decimalDifference(high, low) }
}
