/**
 * The boards of one feed: a reducer over a union of inputs (windows of the stream, answers, failures, ticks) whose
 * outputs are effects to be carried out and notes to be logged. No I/O, no clock: `now` comes with every input.
 *
 * Order: inputs are handled one at a time; a window's segments in stream order. Duplicates and rewinds: applied, images
 * are absolute. Loss: none here. Memory: O(C) a board, and the journals while queries are under way.
 */

import type { BarrierEffect, Proof } from './barrier.js'
import { BoardKeeper } from './board-keeper.js'
import type { BoardSpec } from './board-spec.js'
import type {
  FeedInput,
  FeedOptions,
  FeedSnapshot,
  GroupSnapshot,
  Restored,
  RestoredSplit,
  Step,
  Window,
} from './feed-io.js'
import { FeedPulse } from './feed-pulse.js'
import { Journal } from './journal.js'
import type { Keeper, KeeperFeed } from './keeper-feed.js'
import type { RowsSegment, Segment } from './newest-per-key.js'
import type { Note } from './note.js'
import { furthest, type Positions } from './positions.js'
import { RewindFreeze } from './rewind-freeze.js'
import { SplitKeeper } from './split-keeper.js'
import type { TableShape } from './table.js'

/** C of a board; a group of a split board has to be small, there may be many. */
const defaultCapacity = ({ size, per }: BoardSpec): number => Math.max(2 * size, size + (per === undefined ? 64 : 8))

export class Feed implements KeeperFeed {
  now = 0
  newestEs = 0
  heldUp = ''
  readonly #partitions: number
  readonly #nonce: string
  readonly #boards: readonly BoardKeeper[]
  readonly #splits: readonly SplitKeeper[]
  readonly #keepers: readonly Keeper[]
  readonly #byTable = new Map<string, Keeper[]>()
  readonly #journals = new Map<string, { readonly journal: Journal; readers: number }>()
  readonly #behindSince = new Map<BoardKeeper, number>()
  readonly #marks: boolean
  #positions: Positions = new Map()
  #maxEs: ReadonlyMap<string, number> = new Map()
  #notes: Note[] = []
  #lastId = 0
  readonly #rewinds: RewindFreeze
  readonly #pulse: FeedPulse

  constructor(options: FeedOptions) {
    this.#partitions = options.partitions
    this.#marks = options.marks
    this.#nonce = options.nonce
    this.#pulse = new FeedPulse({ name: options.name ?? '', marks: options.marks, nonce: options.nonce })
    this.#rewinds = new RewindFreeze(this, (kind) => this.#endRewind(kind))
    const capacityOf = options.capacityOf ?? defaultCapacity
    const single = options.boards.filter(({ per }) => per === undefined)
    this.#boards = single.map((spec) => new BoardKeeper(spec, capacityOf(spec), this))
    this.#splits = options.boards.flatMap((spec) =>
      spec.per === undefined ? [] : [new SplitKeeper(spec, spec.per, capacityOf(spec), this, options.groupsAtOnce)],
    )
    this.#keepers = [...this.#boards, ...this.#splits]
    for (const keeper of this.#keepers) {
      const { id } = keeper.spec.table
      this.#byTable.set(id, [...(this.#byTable.get(id) ?? []), keeper])
    }
  }

  /** Partitions may be added while the feed runs. */
  get partitions(): number {
    return Math.max(this.#partitions, this.#positions.size)
  }

  get reached(): { readonly positions: Positions; readonly maxEs: ReadonlyMap<string, number> } {
    return { positions: this.#positions, maxEs: this.#maxEs }
  }

  /** Starts a board from Redis; false when its rows can't be used and it has to be filled. */
  restore(board: string, restored: Restored): boolean {
    const keeper = this.#boards.find(({ spec }) => spec.name === board)
    return keeper?.restore(restored.entries, restored.complete, restored.positions, restored.proof) ?? false
  }

  /** Starts a split board from Redis; false when it has to be filled and says nothing of where to read from. */
  restoreSplit(board: string, restored: RestoredSplit): boolean {
    return this.#splits.find(({ spec }) => spec.name === board)?.restore(restored) ?? false
  }

  /** The ends of the topics at a cold start: boards that are filled show nothing of the time before. */
  expect(ends: Positions): void {
    for (const keeper of this.#boards) if (keeper.content === undefined) keeper.expect(ends)
    for (const keeper of this.#splits) keeper.expect(ends)
  }

  /** An earlier owner has seen markers come back: boards that no marker vouches for any more have to say so. */
  expectMarkers(): void {
    this.#pulse.expectMarkers()
  }

  get proof(): Proof {
    return this.#marks && this.#pulse.carriesMarkers !== false ? 'marker' : 'assumed'
  }

  get vouched(): boolean {
    return this.#pulse.provenAt !== undefined
  }

  get behind(): string {
    return this.#pulse.trouble
  }

  get rewinding(): boolean {
    return this.#rewinds.active
  }

  suspectRewind(): void {
    this.#rewinds.suspect()
  }

  step(input: FeedInput, now: number): Step {
    this.now = now
    this.#take(input)
    const effects = [
      ...this.#beat(),
      ...this.#rewinds.advance(),
      ...this.#keepers.flatMap((keeper) => keeper.advance()),
    ]
    for (const keeper of this.#boards) this.#watch(keeper)
    const notes = this.#notes
    this.#notes = []
    return { effects, notes }
  }

  snapshot(): FeedSnapshot {
    const boards = this.#boards.map((keeper) => ({
      spec: keeper.spec,
      status: keeper.status,
      content: keeper.content,
      current: keeper.publishable,
      behindSince: this.#behindSince.get(keeper),
    }))
    const changed = new Map<string, GroupSnapshot>()
    for (const split of this.#splits) split.collectNews(changed)
    const splits = this.#splits.map(({ snapshot }) => snapshot)
    return { positions: this.#positions, provenAt: this.#pulse.provenAt, boards, splits, changed }
  }

  /** The snapshot to hand on: what changed up to now will not be in the next one. */
  handOn(): FeedSnapshot {
    const snapshot = this.snapshot()
    for (const split of this.#splits) split.newsHandedOn()
    return snapshot
  }

  /** Keys in all journals. */
  get journalSize(): number {
    let size = 0
    for (const { journal } of this.#journals.values()) size += journal.size
    return size
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  nonce(id: number): string {
    return `${this.#nonce}:${id}`
  }

  openJournal(table: string): Journal {
    const open = this.#journals.get(table) ?? { journal: new Journal(), readers: 0 }
    open.readers += 1
    this.#journals.set(table, open)
    return open.journal
  }

  closeJournal(table: string): void {
    const open = this.#journals.get(table)
    if (open === undefined) return
    open.readers -= 1
    if (open.readers === 0) this.#journals.delete(table)
  }

  note(note: Note): void {
    this.#notes.push(note)
  }

  #take(input: FeedInput): void {
    switch (input.kind) {
      case 'window':
        this.#takeWindow(input.window)
        return
      case 'rows':
        for (const keeper of this.#boards) keeper.onRows(input.request, input.rows)
        return
      case 'groups':
        for (const keeper of this.#splits) keeper.onGroups(input.request, input.rows)
        return
      case 'read-failed':
        for (const keeper of this.#keepers) keeper.onReadFailed(input.request, input.code, input.detail)
        return
      case 'ends':
        this.#rewinds.onEnds(input.barrier, input.ends)
        this.#pulse.onEnds(input.barrier, input.ends)
        for (const keeper of this.#keepers) keeper.onEnds(input.barrier, input.ends)
        return
      case 'barrier-failed':
        this.#rewinds.onFailure()
        this.#pulse.onFailure(input.code, this.now)
        for (const keeper of this.#keepers) keeper.onBarrierFailed()
        return
      case 'audit':
        for (const keeper of this.#keepers) keeper.audit(false)
        return
      case 'doubt':
        for (const keeper of this.#keepers) if (input.boards.includes(keeper.spec.name)) keeper.audit(true)
        return
      case 'tick':
        return
    }
  }

  #takeWindow(window: Window): void {
    for (const segment of window.segments)
      if (segment.kind === 'rows') this.#applyRows(segment)
      else this.#control(segment)
    this.#positions = furthest(this.#positions, window.positions)
    if (window.maxEs.size > 0) this.#maxEs = furthest(this.#maxEs, window.maxEs)
    for (const es of window.maxEs.values()) {
      this.newestEs = Math.max(es, this.newestEs)
    }
    if (window.maxEs.size > 0) this.#pulse.onCommits(this.newestEs, this.partitions)
    for (const nonce of window.markers) this.#seeMarker(nonce)
  }

  #applyRows(segment: RowsSegment): void {
    for (const [table, rows] of segment.rows) {
      const keepers = this.#byTable.get(table.id) ?? []
      for (const change of rows.values()) {
        // Keepers first: a missed change ends a query under way, and its journal with it.
        for (const keeper of keepers) keeper.apply(change)
        const es = change.es ?? Number.POSITIVE_INFINITY
        this.#journals.get(table.id)?.journal.record(change.key, change.after, es)
      }
    }
  }

  #control(control: Exclude<Segment, RowsSegment>): void {
    if (control.kind === 'rewound') {
      this.#rewinds.begin()
      return
    }
    if (control.kind === 'held-up' || control.kind === 'going-on') {
      this.heldUp = control.kind === 'held-up' ? `${control.refusal.code}: ${control.refusal.detail}` : ''
      return
    }
    const keepers = this.#keepersOf(control.table)
    switch (control.kind) {
      case 'truncate':
        for (const keeper of keepers) keeper.truncate()
        return
      case 'renamed':
        for (const keeper of keepers) keeper.degrade('TABLE_CHANGED', 'RENAME', true)
        this.#noteChange(keepers)
        return
      case 'altered':
        for (const keeper of keepers) keeper.audit(true)
        this.#noteChange(keepers)
        return
      case 'xa-rollback':
        for (const keeper of keepers) keeper.degrade('XA_ROLLBACK', 'XA ROLLBACK', true)
        return
      case 'key-change':
        if (this.partitions > 1)
          for (const keeper of keepers) keeper.degrade('PARTITION_RACE', 'a key changed on several partitions', true)
        return
      case 'refused':
        for (const keeper of keepers) keeper.degrade(control.refusal.code, control.refusal.detail, false)
        return
    }
  }

  #beat(): readonly BarrierEffect[] {
    const before = this.proof
    const effects = this.#pulse.advance(this.#positions, this.now, this.partitions, () => this.nextId())
    // Markers are written but never come back: the feed does not carry them, so it has to do without.
    const after: Proof = this.proof
    if (before !== after && after === 'assumed')
      for (const { spec } of this.#keepers) this.note({ kind: 'markers-missing', board: spec.name })
    return effects
  }

  #endRewind(kind: 'rewinding' | 'rewound' | 'overdue'): void {
    if (kind !== 'overdue') this.#noteRewind(kind)
    else for (const keeper of this.#keepers) keeper.degrade('REWIND_OVERDUE', '', false)
  }

  #noteRewind(kind: 'rewinding' | 'rewound'): void {
    for (const { spec } of this.#keepers) this.note({ kind, board: spec.name })
  }

  /** The table may have other columns now: whoever can ask the database has to look. */
  #noteChange(keepers: readonly Keeper[]): void {
    for (const { spec } of keepers) this.note({ kind: 'table-changed', board: spec.name })
  }

  #keepersOf(table: TableShape | undefined): readonly Keeper[] {
    return table === undefined ? this.#keepers : (this.#byTable.get(table.id) ?? [])
  }

  #seeMarker(nonce: string): void {
    if (!nonce.startsWith(`${this.#nonce}:`)) return
    this.#pulse.onMarker(nonce, this.partitions)
    this.#rewinds.onMarker(nonce)
    for (const keeper of this.#keepers) keeper.onMarker(nonce)
  }

  #watch(keeper: BoardKeeper): void {
    if (keeper.publishable) this.#behindSince.delete(keeper)
    else if (!this.#behindSince.has(keeper)) this.#behindSince.set(keeper, this.now)
  }
}
