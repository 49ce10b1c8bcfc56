import type { Expression } from './expression.js'
import type { TableShape } from './table.js'

/** How equal scores are ordered. `newest`: the greater key first; `oldest`: the smaller; `redis`: as ZRANGE has it. */
export type Ties = 'newest' | 'oldest' | 'redis'
export type Direction = 'desc' | 'asc'

/** A board, with everything that config and table had to say already resolved. Pure data, compared as JSON. */
export interface BoardSpec {
  readonly name: string
  readonly table: TableShape
  readonly direction: Direction
  readonly ties: Ties
  /** N, the number of members that readers see. */
  readonly size: number
  /** Where the displayed columns stand in `table.columns`, in display order. The key's columns come first. */
  readonly display: readonly number[]
  readonly score: Score
  /** Rows for which it is not TRUE are not ranked. */
  readonly where: Expression | undefined
  /**
   * Where the column stands in `table.columns` that splits the board: one board of N members a value of it ("group").
   * A row with NULL there is in none. Undefined: one board of all rows.
   */
  readonly per?: number | undefined
  /** The most groups of a split board; past it the board is degraded. By default `defaultMaxGroups`. */
  readonly maxGroups?: number | undefined
}

export const defaultMaxGroups = 10_000

/** A plain column (by its position in `table.columns`) ranks by its exact value, an expression by the nearest double. */
export type Score =
  | { readonly kind: 'column'; readonly column: number }
  | { readonly kind: 'expression'; readonly expression: Expression }
