/**
 * Keeps one board true: applies rows, notices when they run short or can no longer be vouched for, reads what is
 * missing and takes it in at its barrier.
 *
 * A *refill* adds what a query read to the live board. A *rebuild* fills a new board from a query and the journal and
 * swaps it in: it repairs anything, a refill never repairs a held row. Both wait for their barrier, while publishing
 * goes on from the old floor. At most one of them is under way.
 */

import { Barrier, type BarrierEffect, type Proof } from './barrier.js'
import { BoardCapacity } from './board-capacity.js'
import type { BoardStatus, Entry } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { BoundedBoard } from './bounded-board.js'
import type { ErrorCode } from './errors.js'
import { HealPauses } from './heal-pauses.js'
import type { Journal } from './journal.js'
import { type Keeper, type KeeperEffect, type KeeperFeed, keeperLimits } from './keeper-feed.js'
import { datedStatus, hindranceOf, provenStatus } from './keeper-status.js'
import type { FoldedChange } from './newest-per-key.js'
import type { Cause } from './note.js'
import { hasPassed, type Positions } from './positions.js'
import { type Ranking, rankingOf, rankOf } from './ranking.js'
import type { RefillRows } from './refill.js'
import type { Image, Value } from './table.js'

interface Reading {
  readonly request: number
  readonly cause: Cause
  /** ms since 1970. */
  readonly begun: number
  readonly capacity: number
  stage: 'waiting' | 'reading' | 'aside'
  journal: Journal | undefined
  rows: RefillRows | undefined
  barrier: Barrier | undefined
  /** The rows were merged before their barrier. */
  early: boolean
  shadow: BoundedBoard | undefined
}

/** The last content that was exact, and where it was. */
export interface Content {
  readonly entries: readonly Entry[]
  readonly positions: Positions
  readonly complete: boolean
  readonly proof: Proof
  /** The newest commit time seen of each partition, ms since 1970. */
  readonly newest?: ReadonlyMap<string, number>
}

export class BoardKeeper implements Keeper {
  readonly spec: BoardSpec
  readonly #ranking: Ranking
  readonly #feed: KeeperFeed
  readonly #capacity: BoardCapacity
  #live: BoundedBoard
  #reading: Reading | undefined
  #degraded = new Map<ErrorCode, string>()
  #wanted: Cause | undefined
  /** A hazard that crosses partitions: a barrier has to be passed before the rebuild may begin. */
  #barrierFirst = false
  #notBefore = 0
  #failures = 0
  readonly #healing = new HealPauses()
  #proof: Proof = 'marker'
  /** What the base itself said against the rows that it gave. */
  #doubt: string | undefined
  /** A warm board stands at these positions while the stream comes up to them. */
  #catchUp: Positions | undefined
  /** A warm board asks for nothing until one of its rows falls. */
  #lazy = false
  #content: Content | undefined

  constructor(spec: BoardSpec, capacity: number, feed: KeeperFeed) {
    this.spec = spec
    this.#ranking = rankingOf(spec)
    this.#feed = feed
    this.#capacity = new BoardCapacity(spec.size, capacity)
    this.#live = new BoundedBoard(spec, capacity, 'everything', this.#ranking)
    this.#wanted = 'fill'
  }

  /** Publishes nothing before the stream has reached these positions: what it tells until then is the past. */
  expect(positions: Positions): void {
    this.#catchUp = positions
  }

  /** Starts from what Redis kept; false (and nothing changed) when that is not usable. */
  restore(entries: readonly Entry[], complete: boolean, positions: Positions, proof: Proof): boolean {
    const board = new BoundedBoard(this.spec, this.#capacity.rows, 'everything', this.#ranking)
    if (!board.restore(entries, complete)) return false
    this.#live = board
    this.#catchUp = positions
    this.#proof = proof
    // A board that someone has cut short has to be filled up; it would wait for ever for a row to fall.
    this.#lazy = board.full
    this.#wanted = undefined
    this.#content = { entries: board.top(), positions, complete, proof }
    return true
  }

  get content(): Content | undefined {
    return this.#content
  }

  get publishable(): boolean {
    return this.#hindrance === undefined && this.#lack === ''
  }

  get #hindrance(): BoardStatus | undefined {
    return hindranceOf(this.#feed, this.#degraded, this.#catchUp !== undefined)
  }

  /** Rows were merged into the live board before their barrier: it is ahead of the stream until that is passed. */
  get #ahead(): boolean {
    return this.#reading?.early === true && this.#reading.shadow === undefined
  }

  get status(): BoardStatus {
    const hindrance = this.#hindrance
    if (hindrance !== undefined) return hindrance
    const lack = this.#lack
    if (lack !== '') return { state: 'stale', reason: lack }
    return datedStatus(this.#feed, provenStatus(this.#feed, this.#proof, this.#doubt), this.#proof)
  }

  /** What it has yet to read before it may be shown; empty: nothing. */
  get #lack(): string {
    if (this.#live.below === 'everything') return 'starting'
    if (this.#ahead) return 'refilling past the journal limit'
    return this.#live.full ? '' : 'refilling'
  }

  apply(change: FoldedChange): void {
    this.#checkBefore(change)
    const es = change.es ?? Number.POSITIVE_INFINITY
    if (this.#live.apply(change.key, change.after, es) === 'fell') this.#lazy = false
    this.#reading?.shadow?.apply(change.key, change.after, es)
  }

  /** TRUNCATE or DROP: exact at once on one partition; what was being read is of a table that is no more. */
  truncate(): void {
    this.#drop()
    this.#live.clear()
    this.#degraded.clear()
    this.#wanted = undefined
    this.#barrierFirst = false
    if (this.#feed.partitions > 1) this.degrade('PARTITION_RACE', 'TRUNCATE or DROP on several partitions', true)
  }

  /** The board can no longer be vouched for: a rebuild is due, and one under way is of no use any more. */
  degrade(code: ErrorCode, detail: string, crossesPartitions: boolean): void {
    if (!this.#degraded.has(code)) this.#feed.note({ kind: 'degraded', board: this.spec.name, code, detail })
    this.#healing.refused(this.#feed.now)
    if (this.#degraded.size === 0 || this.#reading !== undefined)
      this.#notBefore = Math.max(this.#notBefore, this.#feed.now + this.#healing.next(this.#feed.now))
    this.#degraded.set(code, detail)
    this.#barrierFirst ||= crossesPartitions && this.#feed.partitions > 1
    this.#drop()
    this.#wanted = this.#live.below === 'everything' ? 'fill' : 'heal'
  }

  /** Compares with the table by a rebuild, if nothing else is wanted. */
  audit(): void {
    this.#wanted ??= 'audit'
  }

  onRows(request: number, rows: RefillRows): void {
    const reading = this.#reading
    if (reading?.request !== request || reading.stage !== 'reading') return
    reading.stage = 'aside'
    reading.rows = rows
    reading.barrier = this.#barrier(rows.at)
  }

  onReadFailed(request: number, code: ErrorCode, detail: string): void {
    if (this.#reading?.request !== request) return
    const { cause } = this.#reading
    this.#feed.note({ kind: 'read-failed', board: this.spec.name, cause, code, detail })
    this.#drop()
    if (cause !== 'refill') this.#wanted ??= cause
    this.#notBefore = this.#feed.now + Math.min(keeperLimits.retry * 2 ** this.#failures, keeperLimits.retryMost)
    this.#failures += 1
  }

  onMarker(nonce: string): void {
    this.#reading?.barrier?.onMarker(nonce)
  }

  onEnds(barrier: number, ends: Positions): void {
    if (this.#reading?.barrier?.id === barrier) this.#reading.barrier.onEnds(ends, this.#feed.reached, this.#feed.now)
  }

  onBarrierFailed(): void {
    this.#reading?.barrier?.onFailure(this.#feed.now)
  }

  /** Takes every step that is due; to be called after each window, answer and tick. */
  advance(): KeeperEffect[] {
    if (this.#catchUp !== undefined && hasPassed(this.#feed.reached.positions, this.#catchUp)) this.#catchUp = undefined
    const effects: KeeperEffect[] = []
    if (this.#reading === undefined && this.#capacity.rest(this.#feed.now)) this.#live.resize(this.#capacity.rows)
    if (this.#reading === undefined) this.#begin()
    const reading = this.#reading
    if (reading !== undefined) effects.push(...this.#advanceReading(reading))
    if (this.publishable) this.#hold()
    return effects
  }

  #hold(): void {
    const entries = this.#live.top()
    const complete = this.#live.below === 'nothing' && this.#live.size <= this.spec.size
    const { positions, maxEs: newest } = this.#feed.reached
    this.#content = { entries, positions, complete, proof: this.#proof, newest }
  }

  #begin(): void {
    if (this.#feed.now < this.#notBefore) return
    const refill = this.#live.low && !this.#lazy && this.#live.below !== 'everything'
    // Also where no marker was seen yet: a board that was restored needs none by itself, and would say `assumed` for ever.
    const unproven = this.#proof === 'assumed' && this.#feed.proof === 'marker'
    const cause = this.#wanted ?? (refill ? 'refill' : unproven ? 'audit' : undefined)
    if (cause === undefined) return
    const barrier = this.#barrierFirst ? this.#barrier() : undefined
    this.#reading = {
      request: this.#feed.nextId(),
      cause,
      begun: this.#feed.now,
      capacity: cause === 'refill' ? this.#capacity.forRefill(this.#feed.now) : this.#capacity.rows,
      stage: 'waiting',
      journal: undefined,
      rows: undefined,
      barrier,
      early: false,
      shadow: undefined,
    }
  }

  #advanceReading(reading: Reading): KeeperEffect[] {
    const effects: KeeperEffect[] = []
    effects.push(...this.#advanceBarrier(reading))
    if (reading.stage === 'waiting' && reading.barrier?.passed !== false) {
      reading.stage = 'reading'
      reading.barrier = undefined
      reading.journal = this.#feed.openJournal(this.spec.table.id)
      const limit = reading.capacity + 1
      this.#feed.note({ kind: 'reading', board: this.spec.name, cause: reading.cause, limit })
      const spare = this.#live.size - this.spec.size
      effects.push({ kind: 'read', request: reading.request, board: this.spec, limit, spare })
    }
    if (reading.stage === 'aside' && reading.barrier?.passed === true) this.#finish(reading)
    else if (reading.stage === 'aside' && !reading.early) this.#mergeEarly(reading)
    return effects
  }

  #advanceBarrier(reading: Reading): BarrierEffect[] {
    if (reading.barrier?.isOutdone(this.#feed.proof) === true) reading.barrier = this.#barrier()
    const { barrier } = reading
    if (barrier === undefined) return []
    if (barrier.waitsForMarker && this.#feed.proof === 'assumed') barrier.assume()
    return barrier.advance(this.#feed.reached, this.#feed.now)
  }

  /** The journal has outgrown its limit: takes the rows in now; a live board is not published until the barrier. */
  #mergeEarly(reading: Reading): void {
    if (reading.journal === undefined || reading.journal.size <= keeperLimits.journal) return
    this.#feed.note({ kind: 'early-merge', board: this.spec.name, keys: reading.journal.size })
    this.#merge(reading)
    reading.early = true
    this.#closeJournal(reading)
  }

  #finish(reading: Reading): void {
    if (!reading.early) this.#merge(reading)
    const doubt = reading.rows?.doubt
    const proof = doubt === undefined ? (reading.barrier?.proof ?? 'assumed') : 'assumed'
    if (reading.shadow !== undefined) {
      if (reading.cause === 'audit') this.#compare(reading.shadow)
      this.#live = reading.shadow
      this.#degraded.clear()
      this.#wanted = undefined
      this.#barrierFirst = false
      this.#proof = proof
      this.#doubt = doubt
    } else if (proof === 'assumed') {
      this.#proof = proof
      this.#doubt ??= doubt
    }
    this.#lazy = false
    this.#failures = 0
    const rows = reading.rows?.rows.length ?? 0
    this.#drop()
    this.#feed.note({ kind: 'merged', board: this.spec.name, cause: reading.cause, rows, proof })
  }

  #merge(reading: Reading): void {
    const { rows, journal } = reading
    if (rows === undefined || journal === undefined) return
    if (reading.cause !== 'refill')
      reading.shadow = new BoundedBoard(this.spec, reading.capacity, 'everything', this.#ranking)
    else {
      this.#capacity.refilled(reading.capacity, reading.begun)
      this.#live.resize(reading.capacity)
    }
    const board = reading.shadow ?? this.#live
    board.merge(rows, journal, this.#feed.newestEs)
  }

  /** Both boards are of the same point of the stream, so above both floors they must hold the same rows. */
  #compare(fresh: BoundedBoard): void {
    if (!this.publishable) return
    const ours = new Map(this.#live.top().map((entry) => [entry.member, entry]))
    const theirs = new Map(fresh.top().map((entry) => [entry.member, entry]))
    const keys = [...new Set([...ours.keys(), ...theirs.keys()])].filter((key) => {
      const a = ours.get(key)
      const b = theirs.get(key)
      return a?.score !== b?.score || a?.row !== b?.row
    })
    if (keys.length === 0) return
    const note = {
      kind: 'audit-difference',
      board: this.spec.name,
      count: keys.length,
      keys: keys.slice(0, 10),
    } as const
    this.#feed.note(note)
  }

  #barrier(at?: Positions): Barrier {
    const id = this.#feed.nextId()
    return new Barrier(id, this.#feed.proof, this.#feed.nonce(id), this.#feed.now, at)
  }

  /** Ends what is under way, whatever came of it; its answer, if it still comes, finds no one. */
  #drop(): void {
    if (this.#reading === undefined) return
    this.#closeJournal(this.#reading)
    this.#reading = undefined
  }

  #closeJournal(reading: Reading): void {
    if (reading.journal !== undefined) this.#feed.closeJournal(this.spec.table.id)
    reading.journal = undefined
  }

  /**
   * The row that the board holds is not the one that the message says was changed. Is the message newer than the row, a
   * change in between never came (an unlogged one, or a row event that was lost); else it was sent before.
   */
  #checkBefore(change: FoldedChange): void {
    const { before } = change
    if (before === undefined || change.beforeEs === undefined || this.#catchUp !== undefined) return
    const held = this.#live.held(change.key)
    if (held === undefined || !this.#isTold(before) || held.exact === rankOf(this.#ranking, before)) return
    if (change.beforeEs > held.es) this.degrade('BEFORE_IMAGE', `table ${this.spec.table.table}`, false)
    else this.#feed.suspectRewind()
  }

  /** Whether everything that decides on the rank is told. */
  #isTold(before: readonly (Value | undefined)[]): before is Image {
    return this.#ranking.columns.every((column) => before[column] !== undefined)
  }
}
