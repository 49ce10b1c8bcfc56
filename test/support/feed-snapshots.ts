/** Snapshots of a feed with one board, as the operators behind `keepBoards` get them. */
import type { BoardStatus, Entry } from '../../src/core/board-content.js'
import type { FeedSnapshot } from '../../src/core/feed-io.js'
import { likesBoard } from './quiet-pipeline.js'

const exact: BoardStatus = { state: 'exact', reason: '' }

/** `scores`: member → score; undefined: the board was never exact. */
export const snapshotOf = (
  offset: number,
  scores: Readonly<Record<string, string>> | undefined,
  over: { readonly status?: BoardStatus; readonly behindSince?: number } = {},
): FeedSnapshot => {
  const positions = new Map([['t/0', offset]])
  const status = over.status ?? exact
  const content = scores && { entries: entriesOf(scores), positions, complete: false, proof: 'marker' as const }
  const board = {
    spec: likesBoard(3),
    status,
    content,
    current: status.state === 'exact',
    behindSince: over.behindSince,
  }
  return { positions, boards: [board], splits: [], changed: new Map() }
}

export const entriesOf = (scores: Readonly<Record<string, string>>): Entry[] =>
  Object.entries(scores).map(([member, score]) => ({ member, score, row: `{"id":${member},"likes":${score}}` }))
