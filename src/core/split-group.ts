/**
 * One group of a split board: a bounded board and the content it had when it was last exact. There may be a hundred
 * thousand of them: a group costs its rows and these few fields. Memory: O(C) rows, kept as JSON.
 */
import { capacityRule } from './board-capacity.js'
import type { Entry } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { type Applied, type Below, BoundedBoard } from './bounded-board.js'
import { groupName } from './group-name.js'
import type { Held, HeldWatcher } from './held-rows.js'
import type { Touched } from './journal.js'
import type { Positions } from './positions.js'
import type { Ranking } from './ranking.js'
import type { RefillRows } from './refill.js'
import type { Image } from './table.js'

/** What all groups of a split board share. */
export interface GroupKind {
  readonly spec: BoardSpec
  readonly ranking: Ranking
  /** C of a group that is seldom refilled. */
  readonly capacity: number
  readonly holders: Map<string, Group>
  /** Groups of which a row has come, gone or changed, or that were read, since this was last emptied. */
  readonly touched: Set<Group>
}

/** A board that is ahead of the stream, or short: where its content is of, and since when, ms since 1970. */
export interface Behind {
  readonly positions: Positions
  readonly since: number
}

/** The most rows that a group may grow to: there are many of them. */
const mostRows = 10_000

export class Group implements HeldWatcher {
  readonly value: string
  readonly name: string
  /** The last content that was exact; undefined: it never was. */
  entries: readonly Entry[] | undefined
  complete = false
  behind: Behind | undefined
  /** Rows were merged before their barrier: the board is ahead of the stream until that is passed. */
  ahead = false
  /** A warm group asks for nothing until one of its rows falls. */
  lazy = false
  /** Someone outside knows of it: if it goes, that has to be told. */
  told = false
  /** Number of the last generation that read it; 0: none. */
  generation: number
  readonly #kind: GroupKind
  #board: BoundedBoard
  #refilled = Number.NEGATIVE_INFINITY

  constructor(kind: GroupKind, value: string, below: Below, generation: number) {
    this.value = value
    this.name = groupName(kind.spec.name, value)
    this.generation = generation
    this.#kind = kind
    this.#board = new BoundedBoard(kind.spec, kind.capacity, below, kind.ranking, true)
    this.#board.watchedBy(this)
  }

  get spec(): BoardSpec {
    return this.#kind.spec
  }

  get size(): number {
    return this.#board.size
  }

  get capacity(): number {
    return this.#board.capacity
  }

  /** Nothing of it was ever read: all that is known is that there may be such a group. */
  get unread(): boolean {
    return this.#board.below === 'everything'
  }

  /** No row of the table is in this group. */
  get empty(): boolean {
    return this.#board.size === 0 && this.#board.below === 'nothing'
  }

  get full(): boolean {
    return this.#board.full
  }

  /** More of it should be read. */
  get low(): boolean {
    return this.#board.low && !this.lazy && !this.unread
  }

  /**
   * A row is in one group: another that still holds it knows it from before. Groups that Redis kept are of different
   * moments, so two of them may have had it; the stream, which is read from the earliest of them, tells of it again.
   */
  held(key: string): void {
    const { holders, touched } = this.#kind
    const other = holders.get(key)
    if (other !== undefined && other !== this) {
      other.apply(key, null, Number.POSITIVE_INFINITY)
      touched.add(other)
    }
    holders.set(key, this)
  }

  holds(key: string): boolean {
    return this.#kind.holders.get(key) === this
  }

  letGo(key: string): void {
    if (this.#kind.holders.get(key) === this) this.#kind.holders.delete(key)
  }

  row(key: string): Held<unknown> | undefined {
    return this.#board.held(key)
  }

  apply(key: string, image: Image | null, es: number): Applied {
    const applied = this.#board.apply(key, image, es)
    if (applied === 'fell') this.lazy = false
    return applied
  }

  clear(): void {
    this.#board.clear()
    this.ahead = false
    this.lazy = false
  }

  restore(entries: readonly Entry[], complete: boolean, at: Behind): boolean {
    const board = new BoundedBoard(this.#kind.spec, this.#kind.capacity, 'everything', this.#kind.ranking, true)
    if (!board.restore(entries, complete)) return false
    this.#swap(board)
    this.lazy = board.full
    this.entries = board.top()
    this.complete = complete
    this.behind = at
    return true
  }

  /** How many rows its next refill should leave it with. */
  nextCapacity(now: number): number {
    const { spec, capacity } = this.#kind
    const since = now - this.#refilled
    const most = Math.min(capacityRule.most * spec.size, mostRows)
    if (since < capacityRule.often) return Math.max(this.capacity, Math.min(2 * this.capacity, most))
    return since < capacityRule.quiet ? this.capacity : Math.max(capacity, Math.floor(this.capacity / 2))
  }

  /** Adds to the board what was read of it. */
  refill(rows: RefillRows, touched: Touched, es: number, now: number): void {
    this.#board.resize(this.nextCapacity(now))
    this.#board.merge(rows, touched, es)
    this.#refilled = now
    this.lazy = false
  }

  /** Puts a new board in the place of the old one: made of what was read and of what the stream said since. */
  rebuild(rows: RefillRows, touched: Touched, es: number, now: number): void {
    const quietly = now - this.#refilled < capacityRule.quiet ? this.capacity : this.#kind.capacity
    const board = new BoundedBoard(this.#kind.spec, quietly, 'everything', this.#kind.ranking, true)
    board.merge(rows, touched, es)
    this.#swap(board)
    this.ahead = false
    this.lazy = false
  }

  /** The board's content now. */
  top(): readonly Entry[] {
    return this.#board.top()
  }

  /** The board is exact now: takes its content. Whether that is any news. */
  hold(): boolean {
    const entries = this.#board.top()
    const complete = this.#board.below === 'nothing' && this.#board.size <= this.#kind.spec.size
    if (entries === this.entries && complete === this.complete && this.behind === undefined) return false
    this.entries = entries
    this.complete = complete
    this.behind = undefined
    return true
  }

  #swap(board: BoundedBoard): void {
    this.#board.unwatched()
    this.#board = board
    board.watchedBy(this)
  }
}
