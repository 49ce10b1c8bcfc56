/** A split board as a start finds it in Redis, and which of its groups can be gone on from. */
import { isWell } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { Feed } from '../core/feed.js'
import type { Restored } from '../core/feed-io.js'
import { groupName } from '../core/group-name.js'
import { rewinding } from '../core/keeper-status.js'
import { furthest, hasPassed, type Positions } from '../core/positions.js'
import type { Confirmation, Registry, TakenBoard } from './ports.js'
import { type PublishedBoards, vouchingOf } from './published-boards.js'
import { earliest, positionsOf, provenBefore } from './restore-positions.js'

export interface TakenSplit {
  readonly spec: BoardSpec
  /** The split board itself. */
  readonly whole: TakenBoard
  readonly registry: Registry
  /** By value: every group of the registry. */
  readonly groups: ReadonlyMap<string, TakenBoard>
}

/**
 * Starts a split board from what Redis has of it, and tells where to read on: the earliest position of any of its groups;
 * undefined when nothing of it can be started from.
 *
 * A group whose version the registry names was part of what the last heartbeat confirmed, so it is of that heartbeat's
 * positions, however long ago it was written. Any other was written after it, or is not to be trusted: its own positions
 * tell. The heartbeat speaks of a registry only if it has every vouching up to the one that the heartbeat names.
 */
export const restoreSplit = (
  feed: Feed,
  { spec, whole, registry, groups }: TakenSplit,
  published: PublishedBoards,
  definition: string | undefined,
  confirmed: Confirmation,
): Positions | undefined => {
  const { name } = spec
  const { meta } = whole
  const number = confirmed.versions.get(vouchingOf(name))
  const trusted = number !== undefined && registry.vouched >= number ? confirmed.positions : undefined
  const vouched = confirmed.versions.get(name) === whole.version ? confirmed.positions : undefined
  const from = meta === undefined ? undefined : positionsOf(meta, definition, vouched)
  const restored = new Map<string, Omit<Restored, 'proof'>>()
  const unread: string[] = []
  let start = from
  published.groups.registries.setVouched(name, registry.vouched)
  for (const [value, taken] of groups) {
    const named = registry.groups.get(value) === taken.version
    const id = { split: name, value, name: groupName(name, value) }
    if (named) published.groups.takeVouched(id, taken)
    else published.groups.take(id, taken)
    const group = from && restoredOf(taken, definition, from, named ? trusted : undefined)
    if (group === undefined || start === undefined) {
      unread.push(value)
      continue
    }
    restored.set(value, group)
    start = earliest(start, group.positions)
  }
  const filled = from !== undefined && meta?.complete === true
  const proof = meta?.status.state === 'exact' ? 'marker' : 'assumed'
  // Groups that were removed by then are missing, and would begin as new ones: nothing is shown of the time before.
  const positions = from === undefined ? new Map() : furthest(from, registry.removedAt)
  const warm = feed.restoreSplit(name, { groups: restored, unread, filled, positions, proof })
  if (!warm || from === undefined) return undefined
  published.stoodAt(name, from)
  // The last owner ended in the middle of a rewind: its end has still to come.
  if (meta?.status.reason === rewinding) feed.suspectRewind()
  if (meta !== undefined && provenBefore(meta)) feed.expectMarkers()
  return start
}

/** `confirmed`: what the heartbeat says of this version of the group; undefined: nothing. */
const restoredOf = (
  { meta, entries }: TakenBoard,
  definition: string | undefined,
  from: Positions,
  confirmed: Positions | undefined,
): Omit<Restored, 'proof'> | undefined => {
  const own = meta === undefined ? undefined : positionsOf(meta, definition, confirmed)
  if (meta === undefined || own === undefined || own.size === 0) return undefined
  const current = isWell(meta.status)
  const spokenFor = current ? confirmed : undefined
  if (spokenFor === undefined && !hasPassed(own, from)) return undefined
  // One map for all groups that the heartbeat speaks of.
  const positions = spokenFor !== undefined && hasPassed(spokenFor, own) ? spokenFor : own
  return { entries, complete: meta.complete, positions }
}
