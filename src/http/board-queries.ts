import type { BoardStatus, Entry } from '../core/board-content.js'

/** A board's content at one version, with what is known of its truth. */
export interface BoardView {
  /**
   * In the board's order. Immutable, and the same array for as long as the content is the same: serialized bodies are
   * kept by it.
   */
  readonly entries: readonly Pick<Entry, 'member' | 'score' | 'row'>[]
  readonly status: BoardStatus
  readonly version: number
  /** When the board's owner last confirmed it, ms since 1970; undefined: not told. */
  readonly confirmedAt: number | undefined
  /** N, the most members that the board can show. */
  readonly size: number
}

export interface BoardSummary extends Omit<BoardView, 'entries'> {
  readonly name: string
  /** The value that it is the board of, where the board of this name is split. */
  readonly per?: string
  /** Of a split board as a whole: how many boards it has now. */
  readonly groups?: number
  /** How many members it has now. */
  readonly n: number
}

export interface BoardPage {
  /** In the order of their cursors: a board before the groups that it is split into. */
  readonly boards: readonly BoardSummary[]
  /** Where the next page begins; undefined: this is the last one. */
  readonly next: string | undefined
}

export interface PageRequest {
  /** The cursor of the page before. */
  readonly after: string | undefined
  readonly limit: number
  /** Of this split board, its groups only; undefined: all boards with all groups. */
  readonly board: string | undefined
}

/** A board that is split by a column: one board a value of it. */
export interface SplitQueries {
  readonly column: string
  /** What a value is, for messages. */
  readonly allowed: string
  /** The canonical text of a value as a reader may write it; undefined: it is no value of the column. */
  valueOf(text: string): string | undefined
  /**
   * From memory, and where that does not tell, from Redis. Undefined: nothing can be told of it yet. A value that no row
   * has is an empty board, once all values are known. Does not fail; takes no longer than a call to Redis may.
   */
  read(value: string): Promise<BoardView | undefined>
}

/** The boards as readers may see them now. Answers from memory, but for groups that were never asked for: never fails. */
export interface BoardQueries {
  /** All boards, those that have nothing to serve yet too, and split ones as a whole; in any order. */
  list(): readonly BoardSummary[]
  /** All boards and groups by the page. */
  page(request: PageRequest): Promise<BoardPage>
  /** Whether a board has this name. */
  has(name: string): boolean
  /** Undefined for an unknown board, and for one that has nothing to serve yet. A split board as a whole has no entries. */
  read(name: string): BoardView | undefined
  /** Undefined for a board that is not split, or not known to be yet. */
  split(name: string): SplitQueries | undefined
}
