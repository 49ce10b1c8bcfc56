import type { Feed } from '../core/feed.js'
import { rewinding } from '../core/keeper-status.js'
import type { Positions } from '../core/positions.js'
import type { BoardMeta, Confirmation, TakenBoard } from './ports.js'
import type { PublishedBoards } from './published-boards.js'
import { earliest, positionsOf, provenBefore } from './restore-positions.js'
import { restoreSplit, type TakenSplit } from './restore-split.js'

/**
 * Starts the feed's boards from what Redis has of them, and tells where to read on: the earliest position of any of
 * them, groups of split boards included. Boards that can't be started from are filled from the table; with none that
 * can, the result is empty and the source starts at its margin.
 */
export const restoreBoards = (
  feed: Feed,
  taken: ReadonlyMap<string, TakenBoard>,
  definitions: ReadonlyMap<string, string>,
  confirmed: Confirmation,
  splits: { readonly taken: readonly TakenSplit[]; readonly published: PublishedBoards } | undefined = undefined,
): Positions => {
  let start: Positions | undefined
  for (const split of splits?.taken ?? []) {
    const { name } = split.spec
    const positions = splits && restoreSplit(feed, split, splits.published, definitions.get(name), confirmed)
    if (positions === undefined) continue
    const spokenFor = confirmed.versions.get(name) === split.whole.version
    const from = spokenFor ? positions : readAgain(positions, split.whole.meta)
    start = start === undefined ? from : earliest(start, from)
  }
  for (const [board, { meta, entries, version }] of taken) {
    const vouched = confirmed.versions.get(board) === version ? confirmed.positions : undefined
    const positions = meta === undefined ? undefined : positionsOf(meta, definitions.get(board), vouched)
    if (meta === undefined || positions === undefined || positions.size === 0) continue
    // A stale board does not tell what its last barrier rested on: only `exact` says that a marker proved it.
    const proof = meta.status.state === 'exact' ? 'marker' : 'assumed'
    if (!feed.restore(board, { entries, complete: meta.complete, positions, proof })) continue
    const from = vouched === undefined ? readAgain(positions, meta) : positions
    start = start === undefined ? from : earliest(start, from)
    // The last owner ended in the middle of a rewind: its end has still to come.
    if (meta.status.reason === rewinding) feed.suspectRewind()
    if (provenBefore(meta)) feed.expectMarkers()
  }
  return start ?? new Map()
}

/**
 * Where an operator has asked to read from again, if that is earlier. The board itself stays where it is: what comes
 * before that is of the past, and is not shown.
 */
const readAgain = (positions: Positions, meta: BoardMeta | undefined): Positions => {
  const { readFrom } = meta ?? {}
  if (readFrom === undefined) return positions
  return new Map([...positions].map(([id, offset]) => [id, Math.min(offset, readFrom.get(id) ?? offset)]))
}
