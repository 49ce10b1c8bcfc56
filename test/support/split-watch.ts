/**
 * A split board of a history: what its feed has handed on, kept as Redis would keep it, and held against the oracle. As
 * little is done as the snapshots allow: a change that they do not tell is a wrong group here.
 */

import { diffBoards } from '../../src/core/board-diff.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { Feed } from '../../src/core/feed.js'
import type { FeedSnapshot, GroupSnapshot, Restored, SplitSnapshot } from '../../src/core/feed-io.js'
import { isBehind } from '../../src/core/feed-pulse.js'
import { groupName } from '../../src/core/group-name.js'
import { rewinding } from '../../src/core/keeper-status.js'
import { furthest, type Positions } from '../../src/core/positions.js'
import { applied } from './applied-diff.js'
import { oracleTop } from './board-oracle.js'
import type { Rows } from './simulated-world.js'

interface Stored extends Omit<Restored, 'proof'> {
  readonly value: string
  readonly state: string
}

/** What Redis says of the split board itself. */
interface Whole {
  readonly filled: boolean
  readonly state: string
  readonly reason: string
  /** Where its groups were when they could last be shown. */
  readonly positions: Positions
}

export class SplitWatch {
  readonly #spec: BoardSpec
  readonly #per: number
  readonly #values: readonly string[]
  readonly #table: Rows
  readonly #known = new WeakMap<Rows, Map<string, string[]>>()
  /** By group name. */
  #stored = new Map<string, Stored>()
  #whole: Whole | undefined

  /** `values`: all that there may be. `table`: the rows that go on changing. */
  constructor(spec: BoardSpec, values: readonly string[], table: Rows) {
    this.#spec = spec
    this.#table = table
    this.#per = spec.per ?? -1
    this.#values = values
  }

  publish(snapshot: FeedSnapshot): void {
    const split = splitOf(snapshot)
    for (const [name, group] of snapshot.changed) this.#store(name, group)
    const inTime = split.current || split.status.reason === 'starting'
    // As in PublishedBoards: what is out of time stands where it stood, and knows no more values than it knew there.
    const stood = inTime
      ? { filled: split.filled, positions: snapshot.positions }
      : this.#whole && { filled: this.#whole.filled && split.filled, positions: this.#whole.positions }
    if (stood !== undefined && (split.status.reason !== 'starting' || this.#whole !== undefined || split.size > 0))
      this.#whole = { ...stood, ...split.status }
  }

  /** After `publish`: what the store holds has to be what the stream says. */
  checkStore(snapshot: FeedSnapshot, rows: Rows): void {
    const split = splitOf(snapshot)
    if (!split.current || split.status.state !== 'exact') return
    for (const value of this.#values) {
      const stored = this.#stored.get(groupName(this.#spec.name, value))
      if (stored !== undefined && stored.state !== 'exact') continue
      const entries = stored?.entries.map(({ row }) => row) ?? []
      const expected = this.#oracle(rows, value)
      // A set has no order of its own.
      if (
        [...entries].sort().join() !== [...expected].sort().join() ||
        (stored?.complete === true && this.#more(rows, value))
      )
        throw new Error(`store of ${value}\n${entries.join('\n')}\n--- expected ---\n${expected.join('\n')}`)
      if (stored !== undefined && expected.length === 0) throw new Error(`${value} is gone and still in the store`)
    }
  }

  /** What readers get: groups that claim to be exact, and values that are said to have no rows. */
  check(snapshot: FeedSnapshot, told: (positions: Positions) => Rows): void {
    const split = splitOf(snapshot)
    for (const value of this.#values) {
      const group = split.group(value)
      if (group === undefined) {
        if (!split.current || split.status.state !== 'exact') continue
        if (this.#oracle(told(snapshot.positions), value).length > 0) throw new Error(`${value} has rows, and no group`)
        continue
      }
      // A board that stands still is the last exact one: that of the positions it names.
      if (group.content?.proof !== 'marker' || group.status.state === 'degraded') continue
      const ours = group.content.entries.map(({ row }) => row).join('\n')
      const expected = this.#oracle(told(group.content.positions), value).join('\n')
      if (ours !== expected) throw new Error(`group ${value}\n${ours}\n--- expected ---\n${expected}`)
    }
  }

  /** Undefined: every group is the table's and says so, or there are too many groups and the board says that. */
  unsettled(snapshot: FeedSnapshot, rows: Rows, claimed: string): string | undefined {
    const split = splitOf(snapshot)
    const { state, reason } = split.status
    const there = this.#values.filter((value) => this.#oracle(rows, value).length > 0)
    // A group that was known while it was empty may be one too many without harm: it need not say so, but be right.
    const tooMany = there.length > (this.#spec.maxGroups ?? Number.POSITIVE_INFINITY)
    if (tooMany && reason.startsWith('GROUPS_LIMIT')) return undefined
    if (!split.current || (state !== claimed && state !== 'exact')) return `split ${state} ${reason}`
    for (const value of this.#values) {
      const group = split.group(value)
      if (group === undefined && there.includes(value)) throw new Error(`${value} has rows, and no group`)
      if (group?.gone === true || group === undefined) continue
      if (!group.current) return `${value} ${group.status.state} ${group.status.reason}`
      const ours = group.content?.entries.map(({ row }) => row).join('\n')
      const expected = this.#oracle(rows, value).join('\n')
      if (ours !== expected) throw new Error(`at the end, group ${value}\n${ours}\n--- expected ---\n${expected}`)
    }
    return undefined
  }

  /** Starts a feed from the store; the positions that it has to read from, or undefined. `lost`: values of no use. */
  restore(feed: Feed, confirmed: Positions, lost: (value: string) => boolean): readonly Positions[] {
    const whole = this.#whole
    const usable = whole !== undefined && whole.state !== 'degraded'
    const sure = usable && whole.state !== 'stale'
    const positions = sure ? furthest(whole.positions, confirmed) : (whole?.positions ?? new Map())
    const groups = new Map<string, Omit<Restored, 'proof'>>()
    const unread: string[] = []
    for (const stored of this.#stored.values()) {
      if (!usable || stored.state === 'degraded' || lost(stored.value)) unread.push(stored.value)
      else {
        const at = sure && stored.state !== 'stale' ? furthest(stored.positions, confirmed) : stored.positions
        groups.set(stored.value, { ...stored, positions: at })
      }
    }
    const filled = usable && whole.filled
    const proof = whole?.state === 'exact' ? 'marker' : 'assumed'
    const warm = feed.restoreSplit(this.#spec.name, { groups, unread, filled, positions, proof })
    if (usable && whole.reason === rewinding) feed.suspectRewind()
    if (usable && (whole.state === 'exact' || isBehind(whole.reason))) feed.expectMarkers()
    return warm ? [positions, ...[...groups.values()].map((group) => group.positions)] : []
  }

  #store(name: string, { value, gone, content, status }: GroupSnapshot): void {
    const there = this.#stored.get(name)
    if (gone) {
      this.#stored.delete(name)
      return
    }
    if (content === undefined) {
      if (there !== undefined) this.#stored.set(name, { ...there, state: status.state })
      return
    }
    const entries = applied(there?.entries ?? [], diffBoards(there?.entries ?? [], content.entries))
    const { positions, complete } = content
    this.#stored.set(name, { value, entries, positions, complete, state: status.state })
  }

  #rowsOf(rows: Rows, value: string): Rows {
    return new Map([...rows].filter(([, image]) => image[this.#per] === value))
  }

  #oracle(rows: Rows, value: string): string[] {
    return this.#best(rows, value).slice(0, this.#spec.size)
  }

  /** One more than the board shows. */
  #best(rows: Rows, value: string): string[] {
    // The table's own rows change; what the stream has told up to a position does not.
    const known = this.#known.get(rows) ?? new Map<string, string[]>()
    if (rows !== this.#table) this.#known.set(rows, known)
    const best = known.get(value) ?? oracleTop(this.#spec, this.#rowsOf(rows, value), this.#spec.size + 1)
    known.set(value, best)
    return best
  }

  #more(rows: Rows, value: string): boolean {
    return this.#best(rows, value).length > this.#spec.size
  }
}

const splitOf = ({ splits }: FeedSnapshot): SplitSnapshot => {
  const [split] = splits
  if (split === undefined) throw new Error('no split board')
  return split
}
