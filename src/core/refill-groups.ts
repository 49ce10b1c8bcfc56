/** The groups of a split board as the base is asked for them, many at a time. */
import type { BoardSpec } from './board-spec.js'
import type { Positions } from './positions.js'
import type { RefillRows } from './refill.js'

/** A question to the base: the best `limit` rows of each of several groups of a split board. */
export interface GroupsQuery {
  readonly board: BoardSpec
  /** Rows a group. */
  readonly limit: number
  readonly groups: GroupsWanted
}

/**
 * Either these groups, or the next `most` of all that there are. Which ones come after a cursor is the database's to
 * say: it orders values by their collation, of which nothing else knows. `after`: undefined for the first ones.
 */
export type GroupsWanted =
  | { readonly kind: 'listed'; readonly values: readonly string[] }
  | { readonly kind: 'range'; readonly after: string | undefined; readonly most: number }

/**
 * The answer, all of one snapshot: by the canonical text of the value what a single board would be answered. A listed
 * value that has no rows is there, with none; a range names only values that have rows.
 */
export interface GroupsRows {
  readonly groups: ReadonlyMap<string, RefillRows>
  /** Where the next range begins; undefined: no value comes after these. Of a list it says nothing. */
  readonly next: string | undefined
  /** As in `RefillRows`, of all groups. */
  readonly at?: Positions
  readonly doubt?: string
}
