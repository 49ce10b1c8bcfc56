/**
 * What a pipeline kept, as the result of a replay, and the proof that it is right: the rows, sorted as a whole, have to
 * come to the same boards. Pure.
 */
import { sameEntry } from '../core/board-comparison.js'
import type { Entry } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import type { FeedSnapshot, GroupSnapshot } from '../core/feed-io.js'
import { compareBytes } from '../core/order.js'
import { placeOf, rankingOf } from '../core/ranking.js'
import type { ReadRow } from '../core/refill.js'
import { rowJson } from '../core/row-json.js'
import { bestRows, bestRowsOfGroups, type Rows } from '../databases/memory/best-rows.js'
import type { ReplayedBoard } from './replay-result.js'

/** Undefined while a board waits for something. `groups`: the newest of each that was told. */
export const settledBoards = (
  spec: BoardSpec,
  { boards, splits }: FeedSnapshot,
  groups: ReadonlyMap<string, GroupSnapshot>,
): readonly ReplayedBoard[] | undefined => {
  if (spec.per === undefined) {
    const [board] = boards
    if (board?.content === undefined || !board.current) return undefined
    const { entries, complete } = board.content
    return [{ name: spec.name, value: undefined, entries, complete }]
  }
  if (splits[0]?.current !== true) return undefined
  const found: (ReplayedBoard & { readonly value: string })[] = []
  for (const { name, value, gone, content, current } of groups.values()) {
    if (gone || content?.entries.length === 0) continue
    if (content === undefined || !current) return undefined
    found.push({ name, value, entries: content.entries, complete: content.complete })
  }
  return found.sort((a, b) => compareBytes(a.value, b.value))
}

/** UNEXPECTED: an error of this program, which must not be printed as a board. */
export const checkAgainstRows = (spec: BoardSpec, boards: readonly ReplayedBoard[], rows: Rows): void => {
  const sorted = sortedBoards(spec, rows)
  const kept = new Map(boards.map(({ value, entries }) => [value, entries]))
  const values = new Set([...sorted.keys(), ...kept.keys()])
  for (const value of values) {
    const [here, there] = [kept.get(value) ?? [], sorted.get(value) ?? []]
    if (here.length !== there.length || here.some((entry, i) => !isSame(entry, there[i])))
      throw new RanktideError('UNEXPECTED', `board ${spec.name} is not what its ${rows.size} rows come to`)
  }
}

const isSame = (a: Entry, b: Entry | undefined): boolean => a.member === b?.member && sameEntry(a, b)

const sortedBoards = (spec: BoardSpec, rows: Rows): ReadonlyMap<string | undefined, readonly Entry[]> => {
  const ranking = rankingOf(spec)
  const entriesOf = (read: readonly ReadRow[]): readonly Entry[] =>
    read.flatMap(({ key, image }) => {
      const place = placeOf(ranking, key, image)
      return place === undefined
        ? []
        : [{ member: key, score: String(place.score), row: rowJson(spec, image, place.exact) }]
    })
  if (spec.per === undefined) return new Map([[undefined, entriesOf(bestRows(spec, spec.size, rows).rows)]])
  const all = { kind: 'range', after: undefined, most: Number.POSITIVE_INFINITY } as const
  const { groups } = bestRowsOfGroups(spec, spec.size, all, rows)
  return new Map([...groups].map(([value, { rows: best }]) => [value, entriesOf(best)]))
}
