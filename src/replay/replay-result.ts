/**
 * What a replay came to: the board, or the groups of a split board, as of the first offsets that were not read. A
 * function of the range, the seed and the board's definition alone, `counts.seconds` apart: no clock is in it.
 */
import type { BoardStatus, Entry } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { Positions } from '../core/positions.js'

/** A board that is not split, or one group of a split board. */
export interface ReplayedBoard {
  /** Names it in Redis: the board's name, or `groupName(board, value)`. */
  readonly name: string
  /** Of a group: the value of the column that splits the board. */
  readonly value: string | undefined
  /** In the board's order, the best first; at most N. */
  readonly entries: readonly Entry[]
  /** No other row is ranked: nothing is below its last place. */
  readonly complete: boolean
}

export interface ReplayCounts {
  /** Messages of the range that were read, also before an interruption. */
  readonly messages: number
  /** Changes of rows of the board's table that they told. */
  readonly rows: number
  /** Messages that could not be read. */
  readonly refused: number
  /** How long it took, without the time before an interruption. */
  readonly seconds: number
}

export interface ReplayResult {
  readonly spec: BoardSpec
  /** `definitionOf`: what a board in Redis has to say of itself to be started from. */
  readonly definition: string
  /** One, or of a split board every group that has a row, in the order of the values' bytes. */
  readonly boards: readonly ReplayedBoard[]
  /**
   * Of all of them: `degraded` when rows are known to be missing or wrong, `assumed` when the range does not tell whether
   * they are, with every reason; else `exact`.
   */
  readonly status: BoardStatus
  /** The first offsets that were read, and (`positions`) the first that were not, of every partition. */
  readonly from: Positions
  readonly positions: Positions
  /** By partition, the newest commit time that the range told, ms since 1970: what meta keeps as `newest`. */
  readonly newest: ReadonlyMap<string, number>
  readonly counts: ReplayCounts
}
