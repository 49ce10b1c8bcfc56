/** The answers to refills from rows in memory: the same rows, in the board's order, as SQL gives. Pure. */
import type { BoardSpec } from '../../core/board-spec.js'
import { compareBytes, type Order, type Place } from '../../core/order.js'
import { placeOf, type Ranking, rankingOf } from '../../core/ranking.js'
import type { ReadRow, RefillRows } from '../../core/refill.js'
import type { GroupsRows, GroupsWanted } from '../../core/refill-groups.js'
import type { Image } from '../../core/table.js'

/** Images by key. */
export type Rows = ReadonlyMap<string, Image>

/** The best `limit` ranked rows: every row is looked at once. */
export const bestRows = (board: BoardSpec, limit: number, rows: Rows): RefillRows => {
  const ranking = rankingOf(board)
  const best = new Best(ranking.order, limit)
  for (const [key, image] of rows) {
    const place = rankedPlace(ranking, key, image)
    if (place !== undefined) best.add(place, image)
  }
  return best.answer()
}

/** Values in the order of their bytes: a cursor is the last value of the range before. */
export const bestRowsOfGroups = (
  board: BoardSpec,
  limit: number,
  wanted: GroupsWanted,
  rows: Rows,
): Pick<GroupsRows, 'groups' | 'next'> => {
  const ranking = rankingOf(board)
  const listed = wanted.kind === 'listed' ? new Set(wanted.values) : undefined
  const after = wanted.kind === 'range' ? wanted.after : undefined
  const found = new Map<string, Best>()
  for (const value of listed ?? []) found.set(value, new Best(ranking.order, limit))
  for (const [key, image] of rows) {
    const value = board.per === undefined ? null : (image[board.per] ?? null)
    if (value === null || (listed !== undefined && !listed.has(value))) continue
    if (after !== undefined && compareBytes(value, after) <= 0) continue
    const place = rankedPlace(ranking, key, image)
    if (place === undefined) continue
    const best = found.get(value) ?? new Best(ranking.order, limit)
    best.add(place, image)
    found.set(value, best)
  }
  if (wanted.kind === 'listed') return { groups: answersOf([...found]), next: undefined }
  const inOrder = [...found].sort(([a], [b]) => compareBytes(a, b))
  const range = inOrder.slice(0, wanted.most)
  return { groups: answersOf(range), next: range.length < inOrder.length ? range.at(-1)?.[0] : undefined }
}

const answersOf = (groups: readonly (readonly [string, Best])[]): ReadonlyMap<string, RefillRows> =>
  new Map(groups.map(([value, best]) => [value, best.answer()]))

const rankedPlace = (ranking: Ranking, key: string, image: Image): Place | undefined =>
  ranking.accepts(image) ? placeOf(ranking, key, image) : undefined

interface Candidate {
  readonly place: Place
  readonly image: Image
}

/** The best of what was added. Twice the limit are kept at most, and sorted when they are that many: O(log n) a row. */
class Best {
  readonly #order: Order
  readonly #limit: number
  #kept: Candidate[] = []
  /** The last that can still be among the best, once there are as many as are wanted. */
  #worst: Place | undefined
  #added = 0

  constructor(order: Order, limit: number) {
    this.#order = order
    this.#limit = limit
  }

  add(place: Place, image: Image): void {
    this.#added += 1
    if (this.#worst !== undefined && this.#order(place, this.#worst) > 0) return
    this.#kept.push({ place, image })
    if (this.#kept.length >= 2 * this.#limit) this.#cut()
  }

  answer(): RefillRows {
    this.#cut()
    const rows = this.#kept.map(({ place: { key }, image }): ReadRow => ({ key, image }))
    return { rows, complete: this.#added < this.#limit }
  }

  #cut(): void {
    this.#kept.sort((a, b) => this.#order(a.place, b.place))
    this.#kept.length = Math.min(this.#kept.length, this.#limit)
    if (this.#kept.length === this.#limit) this.#worst = this.#kept.at(-1)?.place
  }
}
