/** What a board has to be, straight from a reading of its table: nothing of how boards are kept is used. */
import type { Entry } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { placeOf, type Ranking } from './ranking.js'
import type { RefillRows } from './refill.js'
import { rowJson } from './row-json.js'

/** The best N in the board's order; undefined: the reading does not reach that far, more rows have to be asked for. */
export const trueBoard = (spec: BoardSpec, ranking: Ranking, read: RefillRows): readonly Entry[] | undefined => {
  const ranked = read.rows.flatMap(({ key, image }) => {
    const place = ranking.accepts(image) ? placeOf(ranking, key, image) : undefined
    return place === undefined ? [] : [{ place, image }]
  })
  ranked.sort((a, b) => ranking.order(a.place, b.place))
  const best = ranked.slice(0, spec.size)
  const last = best.at(-1)?.place
  const { cut, complete } = read
  // Rows that were not read may rank above the cut, where SQL's scores are not the board's to the last bit.
  const reaches =
    last !== undefined && best.length === spec.size && (cut === undefined || ranking.order(last, cut) <= 0)
  if (!complete && !reaches) return undefined
  return best.map(({ place: { key: member, score, exact }, image }) => ({
    member,
    score: String(score),
    row: rowJson(spec, image, exact),
  }))
}
