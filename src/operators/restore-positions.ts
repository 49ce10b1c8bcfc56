/** Where a start may read on, from what the boards and the heartbeat in Redis say of themselves. */
import { isBehind } from '../core/feed-pulse.js'
import { furthest, type Positions } from '../core/positions.js'
import type { BoardMeta } from './ports.js'

/** A board's content is the table's at these positions; undefined: it can't be started from. */
export const positionsOf = (
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

/** Partitions that only one of them names are left out: the source decides where to start those. */
export const earliest = (a: Positions, b: Positions): Map<string, number> => {
  const result = new Map<string, number>()
  for (const [id, offset] of a) {
    const other = b.get(id)
    if (other !== undefined) result.set(id, Math.min(offset, other))
  }
  return result
}

/** Whether markers have come back through the feed when this was written. */
export const provenBefore = ({ status }: BoardMeta): boolean => status.state === 'exact' || isBehind(status.reason)

/**
 * By partition, the newest commit time that had been seen where a start reads on: what comes with one that is much older
 * is sent again. Of several boards the least: the start is at the earliest of them.
 */
export const newestBefore = (start: Positions, metas: Iterable<BoardMeta | undefined>): ReadonlyMap<string, number> => {
  const newest = new Map<string, number>()
  const known = [...metas].filter((meta) => meta !== undefined)
  // Started before all of them at an operator's word: what had come until there, nobody remembers.
  const isRemembered = (id: string): boolean => {
    const from = start.get(id)
    return from !== undefined && known.some(({ positions }) => (positions.get(id) ?? 0) <= from)
  }
  for (const meta of known)
    for (const [id, es] of meta.newest ?? [])
      if (isRemembered(id)) newest.set(id, Math.min(es, newest.get(id) ?? Number.POSITIVE_INFINITY))
  return newest
}
