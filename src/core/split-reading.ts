/**
 * One reading of groups under way: a journal is begun, the base is asked, what it read is held aside until the stream
 * has passed it. Where a hazard crosses partitions, a barrier is passed before the base is asked.
 */
import { Barrier, type BarrierEffect, type Proof } from './barrier.js'
import type { Journal } from './journal.js'
import { type KeeperEffect, type KeeperFeed, keeperLimits } from './keeper-feed.js'
import type { Cause } from './note.js'
import type { Positions } from './positions.js'
import type { GroupsQuery, GroupsRows } from './refill-groups.js'

/** What is due: the rows are to be taken in ahead of the barrier, since the journal is full, or the barrier is passed. */
export type Due = 'nothing' | 'early' | 'finish'

export class SplitReading {
  readonly cause: Cause
  readonly query: GroupsQuery
  readonly #feed: KeeperFeed
  readonly #request: number
  #stage: 'waiting' | 'reading' | 'aside' = 'waiting'
  #barrier: Barrier | undefined
  #journal: Journal | undefined
  #rows: GroupsRows | undefined
  #early = false

  constructor(feed: KeeperFeed, cause: Cause, query: GroupsQuery, barrierFirst: boolean) {
    this.#feed = feed
    this.cause = cause
    this.query = query
    this.#request = feed.nextId()
    this.#barrier = barrierFirst ? this.#newBarrier() : undefined
  }

  get request(): number {
    return this.#request
  }

  /** Whether its rows were taken in ahead of the barrier. */
  get early(): boolean {
    return this.#early
  }

  get rows(): GroupsRows | undefined {
    return this.#rows
  }

  get journal(): Journal | undefined {
    return this.#journal
  }

  /** That of the barrier that has been passed. */
  get proof(): Proof {
    return this.#barrier?.proof ?? 'assumed'
  }

  onGroups(request: number, rows: GroupsRows): void {
    if (this.#request !== request || this.#stage !== 'reading') return
    this.#stage = 'aside'
    this.#rows = rows
    this.#barrier = this.#newBarrier(rows.at)
  }

  onMarker(nonce: string): void {
    this.#barrier?.onMarker(nonce)
  }

  onEnds(barrier: number, ends: Positions): void {
    if (this.#barrier?.id === barrier) this.#barrier.onEnds(ends, this.#feed.reached, this.#feed.now)
  }

  onBarrierFailed(): void {
    this.#barrier?.onFailure(this.#feed.now)
  }

  advance(): { readonly effects: readonly KeeperEffect[]; readonly due: Due } {
    const effects: KeeperEffect[] = this.#advanceBarrier()
    if (this.#stage === 'waiting' && this.#barrier?.passed !== false) {
      this.#stage = 'reading'
      this.#barrier = undefined
      const { board, limit } = this.query
      this.#journal = this.#feed.openJournal(board.table.id)
      this.#feed.note({ kind: 'reading', board: board.name, cause: this.cause, limit })
      effects.push({ kind: 'read-groups', request: this.#request, query: this.query })
    }
    return { effects, due: this.#due() }
  }

  /** The rows have been taken in: what the stream says from now on it says to the groups themselves. */
  mergedEarly(): void {
    this.#early = true
    this.#closeJournal()
  }

  /** Ends it, whatever came of it; its answer, if it still comes, finds no one. */
  end(): void {
    this.#closeJournal()
  }

  #due(): Due {
    if (this.#stage !== 'aside') return 'nothing'
    if (this.#barrier?.passed === true) return 'finish'
    return this.#journal !== undefined && this.#journal.size > keeperLimits.journal ? 'early' : 'nothing'
  }

  #advanceBarrier(): BarrierEffect[] {
    if (this.#barrier?.isOutdone(this.#feed.proof) === true) this.#barrier = this.#newBarrier()
    const barrier = this.#barrier
    if (barrier === undefined) return []
    if (barrier.waitsForMarker && this.#feed.proof === 'assumed') barrier.assume()
    return barrier.advance(this.#feed.reached, this.#feed.now)
  }

  #closeJournal(): void {
    if (this.#journal !== undefined) this.#feed.closeJournal(this.query.board.table.id)
    this.#journal = undefined
  }

  #newBarrier(at?: Positions): Barrier {
    const id = this.#feed.nextId()
    return new Barrier(id, this.#feed.proof, this.#feed.nonce(id), this.#feed.now, at)
  }
}
