import type { Image, TableShape } from './table.js'

/** How equal scores are ordered. `newest`: the greater key first; `oldest`: the smaller; `redis`: as ZRANGE has it. */
export type Ties = 'newest' | 'oldest' | 'redis'
export type Direction = 'desc' | 'asc'

/** A board, with everything that config and table had to say already resolved. Pure data but for `scoreOf`. */
export interface BoardSpec {
  readonly name: string
  readonly table: TableShape
  readonly direction: Direction
  readonly ties: Ties
  /** N, the number of members that readers see. */
  readonly size: number
  /** Where the displayed columns stand in `table.columns`, in display order. The key's columns come first. */
  readonly display: readonly number[]
  /** Where the score stands in `table.columns`. */
  readonly scoreColumn: number
}

/** The exact text of a row's score; null means that the row is not ranked. */
export const scoreOf = (spec: BoardSpec, image: Image): string | null => image[spec.scoreColumn] ?? null
