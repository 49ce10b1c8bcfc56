/**
 * What readers get: on the replica that owns a feed its own boards, on the others what Redis has. Answers from memory.
 *
 * An owner shows what it has published; while Redis can't be reached it shows what it would publish. A board that
 * nobody has confirmed for a while says `stale`, whatever was last written of it.
 */
import type { BoardStatus, Entry } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { FeedSnapshot } from '../core/feed-io.js'
import { orderOf, type Place } from '../core/order.js'
import { exactScoreIn } from '../core/row-json.js'
import type { BoardQueries, BoardSummary, BoardView } from '../http/board-queries.js'
import type { PublishedBoards } from '../operators/published-boards.js'
import type { BoardReader, ReadBoard } from '../redis/board-reader.js'
import { UnpublishedVersions } from './unpublished-versions.js'

/** A healthy owner confirms once a second, ms. */
const confirmedWithin = 3_000

/** A feed while this replica owns it. */
export interface OwnedFeed {
  readonly published: PublishedBoards
  snapshot: FeedSnapshot | undefined
  /** When each board was last confirmed, ms since 1970. */
  readonly confirmedAt: Map<string, number>
  /** Redis has not taken what was last sent. */
  cutOff: boolean
}

/** A feed as this replica serves it. */
export interface ServedFeed {
  /** Empty until the database has been asked. */
  specs: readonly BoardSpec[]
  readonly reader: Pick<BoardReader, 'read'>
  owned: OwnedFeed | undefined
}

export class BoardViews implements BoardQueries {
  readonly #feeds: readonly ServedFeed[]
  readonly #names: ReadonlySet<string>
  readonly #now: () => number
  /** What Redis gave back comes in its order: put in the board's own, once for each content. */
  readonly #sorted = new Map<string, { readonly from: readonly Entry[]; readonly entries: readonly Entry[] }>()

  readonly #unpublished = new UnpublishedVersions()

  /** `names`: of all boards, those too that are not resolved yet. */
  constructor(names: readonly string[], feeds: readonly ServedFeed[], now: () => number) {
    this.#names = new Set(names)
    this.#feeds = feeds
    this.#now = now
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  list(): readonly BoardSummary[] {
    return [...this.#names].map((name) => {
      const view = this.read(name)
      if (view === undefined) return { name, n: 0, ...nothingYet, size: this.#specOf(name)?.spec.size ?? 0 }
      const { entries, ...rest } = view
      return { name, n: entries.length, ...rest }
    })
  }

  read(name: string): BoardView | undefined {
    const found = this.#specOf(name)
    if (found === undefined) return undefined
    const { spec, feed } = found
    const own = feed.owned === undefined ? undefined : this.#own(spec, feed.owned)
    return own ?? this.#stored(spec, feed.reader.read(name))
  }

  #specOf(name: string): { readonly spec: BoardSpec; readonly feed: ServedFeed } | undefined {
    for (const feed of this.#feeds) for (const spec of feed.specs) if (spec.name === name) return { spec, feed }
    return undefined
  }

  #own(spec: BoardSpec, owned: OwnedFeed): BoardView | undefined {
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
      : { entries: this.#inOrder(spec, there.entries), status: there.meta.status, version: there.version }
    return { ...view, status: this.#aged(view.status, confirmedAt), confirmedAt, size }
  }

  #stored(spec: BoardSpec, board: ReadBoard | undefined): BoardView | undefined {
    if (board === undefined) return undefined
    const { age, meta, version } = board
    const confirmedAt = age === undefined ? undefined : this.#now() - age
    const status = this.#aged(meta.status, confirmedAt)
    return { entries: this.#inOrder(spec, board.entries), status, version, confirmedAt, size: spec.size }
  }

  #aged(status: BoardStatus, confirmedAt: number | undefined): BoardStatus {
    if (status.state !== 'exact' && status.state !== 'assumed') return status
    if (confirmedAt !== undefined && this.#now() - confirmedAt <= confirmedWithin) return status
    return { state: 'stale', reason: 'its owner has not confirmed it lately' }
  }

  #inOrder(spec: BoardSpec, from: readonly Entry[]): readonly Entry[] {
    const known = this.#sorted.get(spec.name)
    if (known?.from === from) return known.entries
    const order = orderOf(spec)
    const placed = from.map((entry): { readonly entry: Entry; readonly place: Place } => ({
      entry,
      place: { key: entry.member, score: Number(entry.score), exact: exactScoreIn(spec, entry.row) ?? entry.score },
    }))
    const entries = placed.sort((a, b) => order(a.place, b.place)).map(({ entry }) => entry)
    this.#sorted.set(spec.name, { from, entries })
    return entries
  }
}

const nothingYet = {
  status: { state: 'stale', reason: 'starting' },
  version: 0,
  confirmedAt: undefined,
} as const
