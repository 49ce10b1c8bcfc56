/**
 * What there is to tell of a split board: the groups that have changed since that was last handed on, or all of them
 * when the board as a whole says something else of itself. Costs what has changed.
 */
import type { Proof } from './barrier.js'
import type { BoardStatus } from './board-content.js'
import type { GroupSnapshot } from './feed-io.js'
import type { Positions } from './positions.js'
import type { Group } from './split-group.js'
import type { SplitGroups } from './split-groups.js'

/** How the board as a whole stands. */
export interface Standing {
  /** What a group says of itself that is neither short nor unread. */
  readonly status: BoardStatus
  /** Whether groups may be shown as they are now. */
  readonly inTime: boolean
  /** Where they were when they last could be. */
  readonly heldAt: Positions
  readonly proof: Proof
  readonly behindSince: number | undefined
}

const unread: BoardStatus = { state: 'stale', reason: 'starting' }
const short: BoardStatus = { state: 'stale', reason: 'refilling' }
const ahead: BoardStatus = { state: 'stale', reason: 'refilling past the journal limit' }

export class SplitNews {
  readonly #groups: SplitGroups
  readonly #changed = new Set<Group>()
  #all = false

  constructor(groups: SplitGroups) {
    this.#groups = groups
  }

  add(group: Group): void {
    this.#changed.add(group)
  }

  addAll(): void {
    this.#all = true
  }

  drop(group: Group): void {
    this.#changed.delete(group)
  }

  collect(standing: Standing, into: Map<string, GroupSnapshot>): void {
    for (const group of this.#all ? this.#groups.all() : this.#changed)
      if (group.told || group.entries !== undefined) into.set(group.name, snapshotOf(group, standing))
  }

  /** What was collected has been handed on. Groups that are told to be gone are forgotten. */
  handedOn(): void {
    for (const group of this.#all ? [...this.#groups.all()] : this.#changed) {
      if (isGone(group)) this.#groups.remove(group)
      else if (group.entries !== undefined) group.told = true
    }
    this.#changed.clear()
    this.#all = false
  }
}

/** Its last exact content was empty, and it has had no row since. */
const isGone = (group: Group): boolean => group.empty && group.entries?.length === 0 && group.behind === undefined

export const snapshotOf = (group: Group, standing: Standing): GroupSnapshot => {
  const { value, name, entries, complete, behind } = group
  const { heldAt, proof } = standing
  return {
    spec: group.spec,
    name,
    value,
    gone: isGone(group),
    status: statusOf(group, standing),
    content: entries === undefined ? undefined : { entries, positions: behind?.positions ?? heldAt, complete, proof },
    current: standing.inTime && behind === undefined && entries !== undefined,
    behindSince: behind?.since ?? standing.behindSince,
  }
}

const statusOf = (group: Group, { status, inTime }: Standing): BoardStatus => {
  if (!inTime || status.state === 'degraded') return status
  if (group.entries === undefined) return unread
  if (group.behind === undefined) return status
  return group.ahead ? ahead : short
}
