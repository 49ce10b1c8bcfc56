/** One member of a board as Redis and readers see it. */
export interface Entry {
  readonly member: string
  /** The double nearest to the exact score, as text that parses back to the same double. */
  readonly score: string
  /** The JSON object of the row: key first, then the columns as configured, `score` last when it is no column. */
  readonly row: string
}

/**
 * What a board says of itself.
 * `exact`: equal to the SQL query at the point of the feed that was reached. `assumed`: the same, but the barrier was
 * proven by time or quiet only. `stale`: the last exact board, no longer the newest. `degraded`: it may differ from the
 * table, for the reason given.
 */
export type BoardState = 'exact' | 'assumed' | 'stale' | 'degraded'

export interface BoardStatus {
  readonly state: BoardState
  /** Empty when exact. */
  readonly reason: string
}

/** It says that it is the table's now. */
export const isWell = ({ state }: Pick<BoardStatus, 'state'>): boolean => state === 'exact' || state === 'assumed'

/** What has to be sent so that the board there becomes the board here: never more than the difference. */
export interface BoardDiff {
  /** Members that leave. Removed before anything is added: the zset never holds more than N members. */
  readonly leave: readonly string[]
  /** Members that enter or whose score changed. */
  readonly scores: readonly { readonly member: string; readonly score: string }[]
  /** Members whose row JSON changed, entrants included. */
  readonly rows: readonly { readonly member: string; readonly row: string }[]
}
