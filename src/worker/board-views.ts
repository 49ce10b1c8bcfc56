/**
 * What readers get: on the replica that owns a feed its own boards, on the others what Redis has. Answers from memory.
 *
 * An owner shows what it has published; while Redis can't be reached it shows what it would publish. A board that
 * nobody has confirmed for a while says `stale`, whatever was last written of it.
 */
import { isWell } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { FeedSnapshot } from '../core/feed-io.js'
import type { BoardPage, BoardQueries, BoardSummary, BoardView, PageRequest } from '../http/board-queries.js'
import type { PublishedBoards } from '../operators/published-boards.js'
import type { BoardReader, ReadBoard } from '../redis/board-reader.js'
import type { GroupReader } from '../redis/group-reader.js'
import { placeAfter } from './group-names.js'
import { type DefinedFeed, specBehind, statusAs } from './served-definition.js'
import { SplitViews } from './split-views.js'
import { UnpublishedVersions } from './unpublished-versions.js'
import { agedStatus, BoardOrder, noEntries, nothingYet } from './view-entries.js'

/** A feed while this replica owns it. */
export interface OwnedFeed {
  readonly published: PublishedBoards
  snapshot: FeedSnapshot | undefined
  /** When each board (a split one as a whole) was last confirmed, ms since 1970. */
  readonly confirmedAt: Map<string, number>
  /** Redis has not taken what was last sent. */
  cutOff: boolean
}

/** A feed as this replica serves it. */
export interface ServedFeed extends DefinedFeed {
  former: readonly BoardSpec[]
  /** Empty until the database has been asked. */
  specs: readonly BoardSpec[]
  readonly reader: Pick<BoardReader, 'read'>
  /** Of the groups of each split board, by its name. */
  groups: ReadonlyMap<string, Pick<GroupReader, 'read' | 'load' | 'values' | 'size' | 'changes' | 'rest'>>
  owned: OwnedFeed | undefined
}

/** Groups that this replica has of its own need not be followed in Redis. */
export const restGroups = ({ groups, owned }: ServedFeed): void => {
  for (const [name, reader] of groups)
    reader.rest(owned?.snapshot?.splits.some(({ spec, filled }) => spec.name === name && filled) === true)
}

export class BoardViews implements BoardQueries {
  #feeds: readonly ServedFeed[] = []
  #names: readonly string[] = []
  #known: ReadonlySet<string> = new Set()
  readonly #now: () => number
  readonly #order = new BoardOrder()
  readonly #unpublished = new UnpublishedVersions()
  readonly #splits = new WeakMap<BoardSpec, SplitViews>()

  /** `names`: of all boards, those too that are not resolved yet. */
  constructor(names: readonly string[], feeds: readonly ServedFeed[], now: () => number) {
    this.#now = now
    this.serve(names, feeds)
  }

  /** These, and no others, from now on. */
  serve(names: readonly string[], feeds: readonly ServedFeed[]): void {
    this.#names = [...names].sort()
    this.#known = new Set(names)
    this.#feeds = feeds
  }

  has(name: string): boolean {
    return this.#known.has(name)
  }

  list(): readonly BoardSummary[] {
    return this.#names.map((name) => this.#summary(name))
  }

  async page({ after = '', limit, board }: PageRequest): Promise<BoardPage> {
    const found: { readonly cursor: string; summary(): BoardSummary | Promise<BoardSummary> }[] = []
    for (const name of this.#names) {
      if (board !== undefined && name !== board) continue
      const split = this.split(name)
      if ((board === undefined || split === undefined) && name > after)
        found.push({ cursor: name, summary: () => this.#summary(name) })
      const entries = split?.entries() ?? []
      const from = placeAfter(entries, after)
      for (const entry of entries.slice(from, from + limit + 1))
        found.push({ cursor: entry.name, summary: () => split?.summary(entry) ?? this.#summary(name) })
    }
    const page = found.sort((a, b) => (a.cursor < b.cursor ? -1 : 1)).slice(0, limit)
    const boards = await Promise.all(page.map(({ summary }) => summary()))
    return { boards, next: page.length < found.length ? page.at(-1)?.cursor : undefined }
  }

  read(name: string): BoardView | undefined {
    const found = this.#specOf(name)
    if (found === undefined) return undefined
    const { spec, feed } = found
    const own = feed.owned === undefined ? undefined : this.#own(spec, feed, feed.owned)
    return own ?? this.#stored(spec, feed, feed.reader.read(name))
  }

  split(name: string): SplitViews | undefined {
    const found = this.#specOf(name)
    if (found?.spec.per === undefined) return undefined
    const { spec, feed } = found
    const known = this.#splits.get(spec)
    if (known !== undefined) return known
    const around = { order: this.#order, unpublished: this.#unpublished, now: this.#now, whole: () => this.read(name) }
    const views = new SplitViews(spec, found.spec.per, feed, around)
    this.#splits.set(spec, views)
    return views
  }

  #summary(name: string): BoardSummary {
    const view = this.read(name)
    const split = this.split(name)
    const groups = split === undefined ? {} : { groups: split.size }
    if (view === undefined) return { name, n: 0, ...groups, ...nothingYet, size: this.#specOf(name)?.spec.size ?? 0 }
    const { entries, ...rest } = view
    return { name, n: entries.length, ...groups, ...rest }
  }

  #specOf(name: string): { readonly spec: BoardSpec; readonly feed: ServedFeed } | undefined {
    for (const feed of this.#feeds) for (const spec of feed.specs) if (spec.name === name) return { spec, feed }
    return undefined
  }

  #own(spec: BoardSpec, feed: ServedFeed, owned: OwnedFeed): BoardView | undefined {
    if (spec.per !== undefined) return this.#ownSplit(spec, feed, owned)
    const { name, size } = spec
    const there = owned.published.get(name)
    const here = owned.snapshot?.boards.find((board) => board.spec.name === name)
    // Without content of its own the board is not started yet: what Redis has is served as Redis has it.
    if (there === undefined || here?.content === undefined) return undefined
    const confirmedAt = owned.confirmedAt.get(name)
    const { entries } = here.content
    // What others wrote to Redis is found there before it is put right; it was never the board.
    const ahead = (owned.cutOff || there.doubtful) && entries !== there.entries
    const view = ahead
      ? { entries, status: here.status, version: this.#unpublished.versionOf(name, there.version, entries) }
      : {
          entries: this.#order.of(specBehind(spec, feed, there.meta), there.entries),
          status: statusAs(spec, feed, there.meta),
          version: there.version,
        }
    return { ...view, status: agedStatus(view.status, confirmedAt, this.#now()), confirmedAt, size }
  }

  /** A split board as a whole. */
  #ownSplit(spec: BoardSpec, feed: ServedFeed, owned: OwnedFeed): BoardView | undefined {
    const { name, size } = spec
    const there = owned.published.get(name)
    const here = owned.snapshot?.splits.find((split) => split.spec.name === name)
    if (there === undefined || here?.filled !== true) return undefined
    const confirmedAt = owned.confirmedAt.get(name)
    const told = isWell(here.status) && !owned.cutOff ? statusAs(spec, feed, there.meta) : here.status
    const status = agedStatus(told, confirmedAt, this.#now())
    return { entries: noEntries, status, version: there.version, confirmedAt, size }
  }

  #stored(spec: BoardSpec, feed: ServedFeed, board: ReadBoard | undefined): BoardView | undefined {
    if (board === undefined) return undefined
    const { age, meta, version } = board
    const confirmedAt = age === undefined ? undefined : this.#now() - age
    const status = agedStatus(statusAs(spec, feed, meta), confirmedAt, this.#now())
    const entries = this.#order.of(specBehind(spec, feed, meta), board.entries)
    return { entries, status, version, confirmedAt, size: spec.size }
  }
}
