/**
 * What Redis holds of a feed's boards, as far as their owner knows, and what has to be sent to make it what the feed
 * holds. Pure bookkeeping: a difference is made from a known version and holds only if Redis still has that version.
 *
 * A split board has keys of its own beside those of its groups: a board without members, whose state is that of the
 * whole and whose `complete` says that every group is known.
 */
import { type Entry, isWell } from '../core/board-content.js'
import { diffBoards, isEmpty } from '../core/board-diff.js'
import type { BoardSnapshot, FeedSnapshot, GroupSnapshot, SplitSnapshot } from '../core/feed-io.js'
import type { Positions } from '../core/positions.js'
import { duePublish, type Publish, type PublishedBoard, publishedOf } from './due-publish.js'
import type { FoundBoard, OwnedSplit, PublishOutcome, TakenBoard } from './ports.js'
import { PublishedGroups } from './published-groups.js'

/** In a heartbeat's versions the number of the last vouching stands under this name; no board has a name like it. */
export const vouchingOf = (split: string): string => `${split}:groups`

const noEntries: readonly Entry[] = []

export class PublishedBoards {
  /** Boards that are not split, and split boards without their groups. */
  readonly #there = new Map<string, PublishedBoard>()
  readonly #definitions: ReadonlyMap<string, string>
  /** Boards whose keys are gone and that were not taken again since. */
  readonly #lost = new Set<string>()
  /** Boards of which a publish was not answered. */
  readonly #unanswered = new Set<string>()
  /** The positions at which a split board was last the table's, with all its groups in Redis. */
  readonly #splitPositions = new Map<string, Positions>()
  readonly #splits = new Set<string>()
  /** To be compared with Redis ahead of their turn. */
  readonly #soon = new Set<string>()
  readonly groups: PublishedGroups

  constructor(taken: ReadonlyMap<string, TakenBoard>, definitions: ReadonlyMap<string, string>) {
    this.#definitions = definitions
    this.groups = new PublishedGroups(definitions)
    for (const [board, found] of taken) this.take(board, found)
  }

  get(board: string): PublishedBoard | undefined {
    return this.#there.get(board) ?? this.groups.get(board)
  }

  /** Of all boards but groups. */
  names(): readonly string[] {
    return [...this.#there.keys()]
  }

  /** The version of each board that is what its owner put there, and the number of each split board's last vouching. */
  versions(): ReadonlyMap<string, number> {
    const numbers = this.groups.registries.vouchedNumbers()
    const sure = [...this.#there].filter(
      ([board, { doubtful }]) =>
        !doubtful &&
        !this.#lost.has(board) &&
        !this.#unanswered.has(board) &&
        (numbers.has(board) || !this.#isSplit(board)),
    )
    const vouchings = [...numbers].map(([split, number]) => [vouchingOf(split), number] as const)
    return new Map([...sure.map(([board, { version }]) => [board, version] as const), ...vouchings])
  }

  /** The board was taken (again): this is what was found. */
  take(board: string, taken: TakenBoard): void {
    this.#lost.delete(board)
    this.#there.set(board, publishedOf(taken))
  }

  /** The split board as its registry has to be told of it. */
  owned(split: string): OwnedSplit {
    return { board: split, epoch: this.#there.get(split)?.epoch ?? 0 }
  }

  /** A split board was found in Redis, and is the table's at these positions. */
  stoodAt(split: string, positions: Positions): void {
    this.#splitPositions.set(split, positions)
  }

  /** A snapshot is about to be published. */
  accept(snapshot: FeedSnapshot, now: number): void {
    for (const { spec } of snapshot.splits) this.#splits.add(spec.name)
    this.groups.accept(snapshot, now)
  }

  /**
   * These were sent and not answered: they may have been carried out, or may still be. Whatever is sent next gives the
   * board another version, or tells which one it has: then what is still under way will be refused.
   */
  unsettle(publishes: readonly Publish[]): void {
    const names = publishes.map(({ request }) => request.board)
    for (const name of names) if (this.#there.has(name)) this.#unanswered.add(name)
    this.groups.unsettle(names.filter((name) => !this.#there.has(name)))
  }

  /** The publishes that are due: none for a board that is there as it is here. `round`: the groups to be looked at. */
  due(snapshot: FeedSnapshot, round: readonly GroupSnapshot[] = []): readonly Publish[] {
    const groups = this.groups.due(round)
    return [
      ...snapshot.boards.flatMap((board) => this.#dueFor(board)),
      ...groups,
      ...snapshot.splits.flatMap((split) => this.#dueForSplit(split, snapshot.positions)),
    ]
  }

  /** Whether a split board is to say that it is well, with all its groups. */
  speaksOfGroups(due: readonly Publish[]): boolean {
    return due.some(({ request: { board, meta } }) => this.#isSplit(board) && isWell(meta.status))
  }

  settle(publish: Publish, outcome: PublishOutcome): void {
    const { board, epoch, meta } = publish.request
    if (!this.#there.has(board)) {
      this.groups.settle(publish, outcome)
      return
    }
    const sentBefore = this.#unanswered.delete(board)
    const { entries } = publish
    if (outcome.kind === 'published')
      this.#there.set(board, { epoch, version: outcome.version, entries, meta, doubtful: false })
    else if (outcome.kind === 'moved') this.#correct(board, outcome, sentBefore)
    else if (outcome.kind === 'lost') this.#lost.add(board)
  }

  /** To be taken again before anything is published. */
  lost(): readonly string[] {
    return [...this.#lost]
  }

  /** A split board's keys were taken again: what it says of all its groups has to be found out again. */
  loseAll(board: string): void {
    if (!this.#isSplit(board)) return
    this.#splitPositions.delete(board)
    this.groups.loseAll(board)
  }

  /** What a plain read found while nothing was being published: true when it is not what was expected there. */
  compare(board: string, found: FoundBoard): boolean {
    const there = this.get(board)
    if (there === undefined) return false
    if (there.version === found.version && isEmpty(diffBoards(found.entries, there.entries))) return false
    if (this.#there.has(board)) this.#correct(board, found, this.#unanswered.has(board))
    else this.groups.correct(board, found)
    return true
  }

  /** `sentBefore`: a publish of ours was not answered, and may be what was found. */
  #correct(board: string, found: Pick<PublishedBoard, 'version' | 'entries'>, sentBefore: boolean): void {
    const there = this.#there.get(board)
    if (there === undefined) return
    const { version, entries } = found
    this.#there.set(board, { ...there, version, entries, doubtful: true })
    // Redis has gone back, or somebody else writes: what it has of the groups is not known any more either.
    if (!(sentBefore && version > there.version)) this.loseAll(board)
  }

  /** Somebody has found these boards in Redis to be wrong: they are looked at next, split boards with all their groups. */
  doubt(boards: readonly string[]): void {
    const splits = new Set(boards.filter((board) => this.#isSplit(board)))
    for (const board of boards) if (this.#there.has(board)) this.#soon.add(board)
    for (const split of splits) this.groups.doubt(split)
    if (splits.size === 0) return
    for (const { split, name } of this.groups.ids()) if (splits.has(split)) this.#soon.add(name)
  }

  /** The next of those, at most so many. */
  doubted(most: number): readonly string[] {
    const next: string[] = []
    for (const name of this.#soon) {
      if (next.length === most) break
      if (this.get(name) === undefined) this.#soon.delete(name)
      else next.push(name)
    }
    return next
  }

  /** These were looked at. */
  doubtedNoMore(boards: readonly string[]): void {
    for (const board of boards) this.#soon.delete(board)
  }

  #isSplit(board: string): boolean {
    return this.#splits.has(board)
  }

  #dueFor({ spec, content, status }: Pick<BoardSnapshot, 'spec' | 'content' | 'status'>): readonly Publish[] {
    const { name } = spec
    const there = this.#there.get(name)
    if (there === undefined) return []
    const definition = this.#definitions.get(name) ?? ''
    const due = duePublish(name, there, { content, status }, definition, this.#unanswered.has(name))
    if (due !== undefined) return [due]
    // The same members, in the board's order now: the next comparison need not look at them.
    if (content !== undefined && there.entries !== content.entries)
      this.#there.set(name, { ...there, entries: content.entries })
    return []
  }

  /** What is well is said of the whole once all groups are there; what is not, at once. */
  #dueForSplit({ spec, status, filled, current }: SplitSnapshot, reached: Positions): readonly Publish[] {
    if (isWell(status) && !this.groups.idle) return []
    if (current && this.groups.idle) this.#splitPositions.set(spec.name, reached)
    const positions = this.#splitPositions.get(spec.name)
    const content =
      positions === undefined
        ? undefined
        : ({ entries: noEntries, positions, complete: filled, proof: 'marker' } as const)
    return this.#dueFor({ spec, status, content })
  }
}
