/**
 * The groups of a split board in the order of their names, for pages. Sorted anew at most once a second, and only when
 * groups have come or gone: pages of a board whose groups come and go are a moment old.
 */
import { groupName } from '../core/group-name.js'

export interface GroupEntry {
  readonly name: string
  readonly value: string
}

const sortedFor = 1_000

export class GroupNames {
  readonly #board: string
  #sorted: readonly GroupEntry[] = []
  #source: unknown
  #changes = -1
  #at = Number.NEGATIVE_INFINITY

  constructor(board: string) {
    this.#board = board
  }

  /** `source`: whoever tells the values; `changes`: his count of groups that came or went. */
  sorted(source: unknown, changes: number, values: () => readonly string[], now: number): readonly GroupEntry[] {
    const same = source === this.#source && (changes === this.#changes || now - this.#at < sortedFor)
    if (same) return this.#sorted
    const entries = values().map((value) => ({ name: groupName(this.#board, value), value }))
    this.#sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#source = source
    this.#changes = changes
    this.#at = now
    return this.#sorted
  }
}

/** Where the names after this one begin. */
export const placeAfter = (entries: readonly GroupEntry[], after: string): number => {
  let from = 0
  let to = entries.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((entries[middle]?.name ?? '') > after) to = middle
    else from = middle + 1
  }
  return from
}
