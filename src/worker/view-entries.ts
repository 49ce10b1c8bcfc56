/** What views of boards have in common: the order of what Redis gave back, and the age past which nothing is vouched for. */

import { type BoardStatus, type Entry, isWell } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import { orderOf, type Place } from '../core/order.js'
import { placeOfEntry } from '../core/standing.js'

/** A healthy owner confirms once a second, ms. */
const confirmedWithin = 3_000

/** What is told of a board of which nothing is there yet. */
export const nothingYet = {
  status: { state: 'stale', reason: 'starting' },
  version: 0,
  confirmedAt: undefined,
} as const

export const noEntries: readonly Entry[] = []

/** A board that nobody has confirmed for a while says `stale`, whatever was last written of it. */
export const agedStatus = (status: BoardStatus, confirmedAt: number | undefined, now: number): BoardStatus => {
  if (!isWell(status)) return status
  if (confirmedAt !== undefined && now - confirmedAt <= confirmedWithin) return status
  return { state: 'stale', reason: 'its owner has not confirmed it lately' }
}

/** What Redis gave back comes in its order: put in the board's own, once for each content. */
export class BoardOrder {
  readonly #sorted = new WeakMap<readonly Entry[], readonly Entry[]>()

  of(spec: BoardSpec, from: readonly Entry[]): readonly Entry[] {
    const known = this.#sorted.get(from)
    if (known !== undefined) return known
    const order = orderOf(spec)
    const placed = from.map((entry): { readonly entry: Entry; readonly place: Place } => ({
      entry,
      place: placeOfEntry(spec, entry),
    }))
    const entries = placed.sort((a, b) => order(a.place, b.place)).map(({ entry }) => entry)
    this.#sorted.set(from, entries)
    return entries
  }
}
