import type { BoardSpec } from './board-spec.js'
import type { Positions } from './positions.js'
import type { Image } from './table.js'

/** A question to the base: the best `limit` rows of a board. */
export interface RefillQuery {
  readonly board: BoardSpec
  readonly limit: number
}

export interface ReadRow {
  readonly key: string
  readonly image: Image
}

/**
 * The answer: exactly the best `limit` ranked rows in the board's order, in any sequence. The worst of them is the cut:
 * no row that was not returned ranks above it. `complete`: fewer ranked rows than the limit exist, nothing is below.
 */
export interface RefillRows {
  readonly rows: readonly ReadRow[]
  readonly complete: boolean
  /**
   * Where the base is made of the stream itself: the rows are what the stream says up to these positions, no more and no
   * less. Reaching them is the proof; nothing need be written or waited for. They are not before the call.
   */
  readonly at?: Positions
  /** Why the rows may not be those of the table, as far as the base can tell: boards then say `assumed`, and this. */
  readonly doubt?: string
}
