/** The oracle: every row, a full sort, the first N. It shares no code with the board but the row's JSON. */
import type { BoardSpec } from '../../src/core/board-spec.js'
import { rowJson } from '../../src/core/row-json.js'
import { passes, trueScore } from './simulated-rankings.js'
import type { Rows } from './simulated-world.js'

/** Scores of the simulated world are small decimals, so numbers compare them exactly. */
export const oracleTop = (spec: BoardSpec, rows: Rows, limit = spec.size): string[] => {
  const sign = spec.direction === 'desc' ? -1 : 1
  const keySign = spec.ties === 'newest' ? -1 : 1
  const byKey = (a: string, b: string): number =>
    spec.ties === 'redis' ? (a === b ? 0 : a < b ? -sign : sign) * -1 * -1 : (Number(a) - Number(b)) * keySign
  return [...rows]
    .filter(([, image]) => trueScore(spec, image) !== null && passes(spec, image))
    .sort(([aKey, a], [bKey, b]) => {
      const byScore = (Number(trueScore(spec, a)) - Number(trueScore(spec, b))) * sign
      return byScore !== 0 ? byScore : byKey(aKey, bKey)
    })
    .slice(0, limit)
    .map(([, image]) => rowJson(spec, image, trueScore(spec, image) ?? ''))
}
