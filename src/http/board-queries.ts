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
  /** How many members it has now. */
  readonly n: number
}

/** The boards as readers may see them now. Answers from memory: neither waits nor fails. */
export interface BoardQueries {
  /** All boards, those that have nothing to serve yet too; in any order. */
  list(): readonly BoardSummary[]
  /** Whether a board has this name. */
  has(name: string): boolean
  /** Undefined for an unknown board, and for one that has nothing to serve yet. */
  read(name: string): BoardView | undefined
}
