import type { BoardSpec } from './board-spec.js'
import type { Place } from './order.js'
import type { Positions } from './positions.js'
import type { Image } from './table.js'

/** A question to the base: the best `limit` rows of a board. */
export interface RefillQuery {
  readonly board: BoardSpec
  readonly limit: number
  /** How many rows more than N the board holds: the fewer, the more urgent is the question. Negative: fewer than N. */
  readonly spare?: number
}

export interface ReadRow {
  readonly key: string
  readonly image: Image
}

/**
 * The answer: the best ranked rows in the board's order, at least `limit` of them unless there are fewer, in any
 * sequence. Rows that the board's filter rejects may be among them. `complete`: no other row is ranked.
 */
export interface RefillRows {
  readonly rows: readonly ReadRow[]
  readonly complete: boolean
  /**
   * All that a reading proves: no row that was not read ranks above this place. The base knows it where it looked at more
   * rows than it gives; by default it is the place of the worst row.
   */
  readonly cut?: Place
  /**
   * Where the base is made of the stream itself: the rows are what the stream says up to these positions, no more and no
   * less. Reaching them is the proof; nothing need be written or waited for. They are not before the call.
   */
  readonly at?: Positions
  /** Why the rows may not be those of the table, as far as the base can tell: boards then say `assumed`, and this. */
  readonly doubt?: string
}
