import type { BoardSpec } from './board-spec.js'
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
}
