import { rewinding } from '../core/board-keeper.js'
import type { Feed } from '../core/feed.js'
import { furthest, type Positions } from '../core/positions.js'
import type { BoardMeta, Confirmation, TakenBoard } from './ports.js'

/** A board's content is the table's at these positions; undefined: it can't be started from. */
const positionsOf = (
  meta: BoardMeta,
  definition: string | undefined,
  confirmed: Positions | undefined,
): Positions | undefined => {
  if (meta.definition !== definition) return undefined
  switch (meta.status.state) {
    case 'exact':
    case 'assumed':
      // The heartbeat speaks for the boards that were the table's when it was written, in the version they had then.
      return confirmed === undefined ? meta.positions : furthest(meta.positions, confirmed)
    case 'stale':
      return meta.positions
    case 'degraded':
      return undefined
  }
}

/**
 * Starts the feed's boards from what Redis has of them, and tells where to read on: the earliest position of any of
 * them. Boards that can't be started from are filled from the table; with none that can, the result is empty and the
 * source starts at its margin.
 */
export const restoreBoards = (
  feed: Feed,
  taken: ReadonlyMap<string, TakenBoard>,
  definitions: ReadonlyMap<string, string>,
  confirmed: Confirmation,
): Positions => {
  let start: Map<string, number> | undefined
  for (const [board, { meta, entries, version }] of taken) {
    const vouched = confirmed.versions.get(board) === version ? confirmed.positions : undefined
    const positions = meta === undefined ? undefined : positionsOf(meta, definitions.get(board), vouched)
    if (meta === undefined || positions === undefined || positions.size === 0) continue
    // A stale board does not tell what its last barrier rested on: only `exact` says that a marker proved it.
    const proof = meta.status.state === 'exact' ? 'marker' : 'assumed'
    if (!feed.restore(board, { entries, complete: meta.complete, positions, proof })) continue
    start = start === undefined ? new Map(positions) : earliest(start, positions)
    // The last owner ended in the middle of a rewind: its end has still to come.
    if (meta.status.reason === rewinding) feed.suspectRewind()
  }
  return start ?? new Map()
}

/** Partitions that only one of them names are left out: the source decides where to start those. */
const earliest = (a: Positions, b: Positions): Map<string, number> => {
  const result = new Map<string, number>()
  for (const [id, offset] of a) {
    const other = b.get(id)
    if (other !== undefined) result.set(id, Math.min(offset, other))
  }
  return result
}
