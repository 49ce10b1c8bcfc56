/**
 * What readers get of the groups of one split board: on the replica that owns it its own, on the others what Redis has.
 *
 * What the board as a whole says of itself, when it is not well, stands over what a group says: it is told first.
 */
import { type BoardStatus, isWell } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { GroupSnapshot, SplitSnapshot } from '../core/feed-io.js'
import { groupName } from '../core/group-name.js'
import type { BoardSummary, BoardView, SplitQueries } from '../http/board-queries.js'
import type { ReadBoard } from '../redis/board-reader.js'
import type { OwnedFeed, ServedFeed } from './board-views.js'
import { type GroupEntry, GroupNames } from './group-names.js'
import { specBehind, statusAs } from './served-definition.js'
import { splitValue, splitValueText } from './split-values.js'
import type { UnpublishedVersions } from './unpublished-versions.js'
import { agedStatus, type BoardOrder, noEntries, nothingYet } from './view-entries.js'

export interface SplitSurroundings {
  readonly order: BoardOrder
  readonly unpublished: UnpublishedVersions
  readonly now: () => number
  /** The board as a whole. */
  whole(): BoardView | undefined
}

export class SplitViews implements SplitQueries {
  readonly column: string
  readonly allowed: string
  readonly #spec: BoardSpec
  readonly #feed: ServedFeed
  readonly #around: SplitSurroundings
  readonly #names: GroupNames

  constructor(spec: BoardSpec, per: number, feed: ServedFeed, around: SplitSurroundings) {
    const column = spec.table.columns[per]
    this.column = column?.name ?? ''
    this.allowed = splitValueText(column?.type ?? { kind: 'text', binary: true, faithful: true })
    this.#spec = spec
    this.#feed = feed
    this.#around = around
    this.#names = new GroupNames(spec.name)
  }

  valueOf(text: string): string | undefined {
    const type = this.#spec.table.columns[this.#spec.per ?? -1]?.type
    return type === undefined ? undefined : splitValue(type, text)
  }

  async read(value: string): Promise<BoardView | undefined> {
    const known = this.#known(value)
    if (known !== undefined) return known
    const reader = this.#feed.groups.get(this.#spec.name)
    // As they are before Redis is asked: groups that are published meanwhile may be missing in its answer.
    const whole = this.#around.whole()
    const { filledThere } = this
    try {
      const stored = await reader?.load(value)
      if (stored !== undefined) return this.#stored(stored)
    } catch {
      // Redis does not answer: whether there is such a group cannot be told.
      return undefined
    }
    const meanwhile = this.#known(value)
    if (meanwhile !== undefined) return meanwhile
    return whole !== undefined && filledThere ? { ...whole, entries: noEntries } : undefined
  }

  /** Whether Redis says that it knows every group that there is. */
  get filledThere(): boolean {
    return this.#feed.reader.read(this.#spec.name)?.meta.complete === true
  }

  /** How many groups there are. */
  get size(): number {
    return this.#split?.size ?? this.#feed.groups.get(this.#spec.name)?.size ?? 0
  }

  /** In the order of their names. */
  entries(): readonly GroupEntry[] {
    const { name } = this.#spec
    const now = this.#around.now()
    const published = this.#feed.owned?.published.groups
    const reader = this.#feed.groups.get(name)
    if (published !== undefined && (this.#split?.filled === true || reader === undefined)) {
      const values = () => published.ids().flatMap(({ split, value }) => (split === name ? [value] : []))
      return this.#names.sorted(published, published.changes, values, now)
    }
    if (reader === undefined) return []
    return this.#names.sorted(reader, reader.changes, () => reader.values(), now)
  }

  async summary({ value }: GroupEntry): Promise<BoardSummary> {
    const { name, size } = this.#spec
    const view = await this.read(value)
    if (view === undefined) return { name, per: value, n: 0, size, ...nothingYet }
    const { entries, ...rest } = view
    return { name, per: value, n: entries.length, ...rest }
  }

  get #split(): SplitSnapshot | undefined {
    return this.#feed.owned?.snapshot?.splits.find(({ spec }) => spec.name === this.#spec.name)
  }

  #known(value: string): BoardView | undefined {
    const { owned } = this.#feed
    const split = this.#split
    const group = split?.group(value)
    if (owned !== undefined && split !== undefined) {
      const unpublished = owned.published.get(groupName(this.#spec.name, value)) === undefined && !owned.cutOff
      if (group?.content !== undefined && !unpublished) return this.#own(owned, split, group)
      // Every value that any row has is known: this is none of them, or none yet of those that were published.
      if (split.filled && (group === undefined || group.content !== undefined)) return this.#none()
    }
    const stored = this.#feed.groups.get(this.#spec.name)?.read(value)
    return stored === undefined ? undefined : this.#stored(stored)
  }

  #own(owned: OwnedFeed, split: SplitSnapshot, group: GroupSnapshot): BoardView {
    const { name, size } = this.#spec
    const there = owned.published.get(group.name)
    const entries = group.content?.entries ?? noEntries
    const confirmedAt = confirmedOf(owned.confirmedAt.get(name), group)
    // What others wrote to Redis is found there before it is put right; it was never the board.
    const ahead = there === undefined || ((owned.cutOff || there.doubtful) && entries !== there.entries)
    const view = ahead
      ? {
          entries,
          status: group.status,
          version: this.#around.unpublished.versionOf(group.name, there?.version ?? 0, entries),
        }
      : {
          entries: this.#around.order.of(specBehind(this.#spec, this.#feed, there.meta), there.entries),
          status: isWell(group.status) ? statusAs(this.#spec, this.#feed, there.meta) : group.status,
          version: there.version,
        }
    const status = isWell(split.status) ? view.status : split.status
    return { ...view, status: this.#aged(status, confirmedAt), confirmedAt, size }
  }

  /** As the whole is published: while its groups are being filled, what is missing proves nothing. */
  #none(): BoardView | undefined {
    const whole = this.#around.whole()
    return whole === undefined ? undefined : { ...whole, entries: noEntries }
  }

  #stored({ entries, meta, version, age }: ReadBoard): BoardView {
    const { size } = this.#spec
    const confirmedAt = age === undefined ? undefined : this.#around.now() - age
    const whole = this.#feed.reader.read(this.#spec.name)?.meta.status
    const status = whole === undefined || isWell(whole) ? statusAs(this.#spec, this.#feed, meta) : whole
    const inOrder = this.#around.order.of(specBehind(this.#spec, this.#feed, meta), entries)
    return { entries: inOrder, status: this.#aged(status, confirmedAt), version, confirmedAt, size }
  }

  #aged(status: BoardStatus, confirmedAt: number | undefined): BoardStatus {
    return agedStatus(status, confirmedAt, this.#around.now())
  }
}

/** A group that is being refilled stands where it stood when that began. */
const confirmedOf = (whole: number | undefined, { current, behindSince }: GroupSnapshot): number | undefined =>
  current || whole === undefined ? whole : Math.min(whole, behindSince ?? whole)
