/** What a verification asks, and of whom. */

import type { Difference } from '../core/board-comparison.js'
import type { BoardState, BoardStatus, Entry } from '../core/board-content.js'

/** The boards of a table. Fails with DATABASE_*. */
export interface TableWitness {
  /** The best N of each, as one snapshot has them that holds everything committed before the call. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, readonly Entry[]>>
}

/** A board in Redis. Times are ms since 1970 by the server's clock. */
export interface WitnessedBoard {
  readonly entries: readonly Entry[]
  /** Undefined: there is no such board. */
  readonly version: number | undefined
  readonly status: BoardStatus | undefined
  /** Of another definition than is asked for: another size, other columns. */
  readonly foreign: boolean
  /** What is read holds everything that was committed before; 0: no owner ever said so. */
  readonly confirmedAt: number
}

export interface Testimony {
  /** When it was read. */
  readonly now: number
  /** Who holds the feed's lease; undefined: nobody. */
  readonly owner: string | undefined
  readonly boards: ReadonlyMap<string, WitnessedBoard>
}

/** The boards as readers find them in Redis, by plain reads. Fails with REDIS_*. */
export interface RedisWitness {
  read(names: readonly string[]): Promise<Testimony>
}

export interface VerifyPorts {
  readonly table: TableWitness
  readonly redis: RedisWitness
  /** Monotonic, ms. */
  readonly now: () => number
  readonly wait: (ms: number) => Promise<void>
  /** From 0 to 1: looks must not keep step with what they look at. */
  readonly random: () => number
}

export interface VerifyLimits {
  /** How long a board may take to be confirmed, each time, before it is called stale, ms. */
  readonly timeout: number
  /** How much later than a look a board must be confirmed whose barrier is assumed, ms. */
  readonly overlap: number
}

export type VerifyStatus = 'ok' | 'differs' | 'stale' | 'not there'

export interface BoardVerdict {
  readonly name: string
  readonly status: VerifyStatus
  /** What the board says of itself; undefined: it is not there. */
  readonly state: BoardState | undefined
  /** Why it is not ok, or in what way it says that it is not exact; empty: nothing to be said. */
  readonly reason: string
  readonly version: number | undefined
  /** ms since 1970; undefined: never. */
  readonly confirmedAt: number | undefined
  /** Of a stale board: as both sides stand, which proves nothing. */
  readonly differences: readonly Difference[]
  /** Cells that moved at every look, of which nothing is proven. */
  readonly moving: number
  readonly redis: readonly Entry[]
  readonly table: readonly Entry[]
  /** Times that the table was read. */
  readonly looks: number
}
