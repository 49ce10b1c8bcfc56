/**
 * Groups of split boards that may have something to be sent, as they are to be. Pure bookkeeping: no call costs more than
 * the groups that it is about. Memory: the groups that changed and are not done with, and a time for each one that is
 * behind the feed.
 */
import { isWell } from '../core/board-content.js'
import type { Content } from '../core/board-keeper.js'
import type { FeedSnapshot, GroupSnapshot, SplitSnapshot } from '../core/feed-io.js'
import type { GroupId } from '../core/group-name.js'
import { unknownMeta } from './due-publish.js'

/** What one round of publishing is about at most: groups, and rows that they may hold together. */
export const groupsPerRound = 1_000
const rowsPerRound = 20_000

export class PendingGroups {
  /** Of a group that Redis has; undefined: it has none. */
  readonly #idOf: (name: string) => GroupId | undefined
  /** In the order in which they changed. */
  readonly #groups = new Map<string, GroupSnapshot>()
  /** Groups that are not of the feed's positions, and since when, ms since 1970. */
  readonly #behind = new Map<string, number>()
  #splits: readonly SplitSnapshot[] = []
  /** Groups that were looked at while the whole split board was not well: they say what it said. */
  readonly #asWhole = new Map<string, Set<string>>()
  /** To be looked at once there is a snapshot. */
  readonly #later: GroupId[] = []

  constructor(idOf: (name: string) => GroupId | undefined) {
    this.#idOf = idOf
  }

  /** A snapshot is about to be published. */
  accept({ splits, changed }: FeedSnapshot, now: number): void {
    this.#splits = splits
    for (const id of [...this.#later.splice(0), ...splits.flatMap((split) => this.#wellAgain(split))]) this.recheck(id)
    for (const [name, group] of changed) {
      this.#groups.set(name, group)
      if (group.current || group.gone) this.#behind.delete(name)
      else this.#behind.set(name, group.behindSince ?? now)
    }
  }

  /** What was said of these was said of the whole split board, which is well again. */
  #wellAgain({ spec, status }: SplitSnapshot): readonly GroupId[] {
    const names = isWell(status) ? this.#asWhole.get(spec.name) : undefined
    if (names === undefined) return []
    this.#asWhole.delete(spec.name)
    return [...names].flatMap((name) => this.#idOf(name) ?? [])
  }

  /** Whether every group is of the feed's positions, or has not been since before `since`. */
  settledSince(since: number): boolean {
    for (const at of this.#behind.values()) if (at > since) return false
    return true
  }

  /** Looks again at a group although the feed did not change it: at what it is now. */
  recheck(id: GroupId): void {
    const split = this.#splits.find(({ spec }) => spec.name === id.split)
    if (split === undefined) {
      this.#later.push(id)
      return
    }
    const group = split.group(id.value) ?? unknown(split, id)
    this.#groups.set(id.name, group)
    if (!group.current || isWell(group.status)) return
    const asWhole = this.#asWhole.get(id.split) ?? new Set()
    this.#asWhole.set(id.split, asWhole.add(id.name))
  }

  get idle(): boolean {
    return this.#groups.size === 0
  }

  has(name: string): boolean {
    return this.#groups.has(name)
  }

  /** Whether it shows nothing any more and is to be deleted. */
  isGone(name: string): boolean {
    return this.#groups.get(name)?.gone === true
  }

  /** The groups that the next round is about. */
  round(): readonly GroupSnapshot[] {
    const groups: GroupSnapshot[] = []
    let rows = 0
    for (const group of this.#groups.values()) {
      rows += group.spec.size + 1
      if (groups.length === groupsPerRound || (groups.length > 0 && rows > rowsPerRound)) break
      groups.push(group)
    }
    return groups
  }

  /** It is in Redis as it is to be. */
  done(name: string): void {
    this.#groups.delete(name)
  }

  /** It is deleted. */
  forget(name: string): void {
    this.#groups.delete(name)
    this.#behind.delete(name)
  }
}

const nothing: Content = { entries: [], positions: new Map(), complete: true, proof: 'assumed' }

/** A group that Redis has and the feed does not: it was not read yet, or there is no row of it. */
const unknown = ({ spec, behindSince, filled }: SplitSnapshot, { value, name }: GroupId): GroupSnapshot => ({
  spec,
  name,
  value,
  gone: filled,
  status: unknownMeta.status,
  content: filled ? nothing : undefined,
  current: false,
  behindSince,
})
