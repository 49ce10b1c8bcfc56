import { describe, expect, it } from 'vitest'
import type { BoardState } from '../../src/core/board-content.js'
import { Feed } from '../../src/core/feed.js'
import type { BoardMeta, TakenBoard } from '../../src/operators/ports.js'
import { restoreBoards } from '../../src/operators/restore-boards.js'
import { newestBefore } from '../../src/operators/restore-positions.js'
import { entriesOf } from '../support/feed-snapshots.js'
import { likesBoard } from '../support/quiet-pipeline.js'

const positions = (offset: number) => new Map([['t/0', offset]])
const taken = (state: BoardState, over: Partial<BoardMeta> = {}, scores = { 1: '5', 2: '4', 3: '3' }): TakenBoard => ({
  epoch: 1,
  version: 100,
  entries: entriesOf(scores),
  meta: { status: { state, reason: '' }, complete: false, positions: positions(10), definition: 'defined', ...over },
})
const nothing = { positions: new Map(), versions: new Map() }
const confirmed = (version: number) => ({ positions: positions(15), versions: new Map([['likes', version]]) })

const start = (board: TakenBoard, heartbeat: Parameters<typeof restoreBoards>[3]) => {
  const feed = new Feed({ boards: [likesBoard(3)], partitions: 1, marks: true, nonce: 'me' })
  const from = restoreBoards(feed, new Map([['likes', board]]), new Map([['likes', 'defined']]), heartbeat)
  return { from: from.get('t/0'), restored: feed.snapshot().boards[0]?.content !== undefined }
}

describe('a start', () => {
  it.each([
    ['exact, unconfirmed', taken('exact'), nothing, 10],
    ['exact, confirmed in its version', taken('exact'), confirmed(100), 15],
    ['exact, confirmed in another version', taken('exact'), confirmed(99), 10],
    ['exact, newer than the heartbeat', taken('exact', { positions: positions(20) }), confirmed(100), 20],
    ['assumed, confirmed', taken('assumed'), confirmed(100), 15],
    ['stale, confirmed', taken('stale'), confirmed(100), 10],
  ])('goes on from a board that is %s', (_, board, heartbeat, from) => {
    expect(start(board, heartbeat)).toEqual({ from, restored: true })
  })

  it.each([
    ['degraded', taken('degraded')],
    ['of another definition', taken('exact', { definition: 'other' })],
    ['without positions', taken('exact', { positions: new Map() })],
    ['never published', { ...taken('exact'), meta: undefined }],
    ['unreadable', { ...taken('exact'), entries: [{ member: '1', score: '5', row: '' }] }],
    ['empty without being complete', taken('exact', {}, {} as never)],
  ])('does not go on from a board that is %s', (_, board) => {
    expect(start(board, confirmed(99))).toEqual({ from: undefined, restored: false })
  })

  const asked = (offset: number) => taken('exact', { readFrom: positions(offset) })

  it.each([
    ['reads from there', asked(4), nothing, 4],
    ['is not led past where the board is', asked(12), nothing, 10],
    ['has done so once the version was confirmed', asked(4), confirmed(100), 15],
    ['does so until then', asked(4), confirmed(99), 4],
  ])('that was asked to read again %s', (_, board, heartbeat, from) => {
    expect(start(board, heartbeat)).toEqual({ from, restored: true })
  })

  it('shows nothing of what it reads again', () => {
    const feed = new Feed({ boards: [likesBoard(3)], partitions: 1, marks: true, nonce: 'me' })
    restoreBoards(feed, new Map([['likes', asked(4)]]), new Map([['likes', 'defined']]), nothing)
    expect(feed.snapshot().boards[0]).toMatchObject({ status: { reason: 'catching up' }, current: false })
  })

  it.each([
    ['the least of those that start there or before', [10, 12], [['t/0', 100]]],
    ['nothing of a start before all of them', [11, 12], []],
  ] as const)('remembers of commit times %s', (_, [a, b], newest) => {
    const at = (offset: number, es: number) =>
      taken('exact', { positions: positions(offset), newest: new Map([['t/0', es]]) }).meta
    expect([...newestBefore(positions(10), [undefined, at(a, 100), at(b, 200)])]).toEqual(newest)
  })

  it.each([
    ['exact', 'marker'],
    ['assumed', 'assumed'],
    // It does not tell what its last barrier rested on.
    ['stale', 'assumed'],
  ] as const)('takes a board that was %s for %s', (state, proof) => {
    const feed = new Feed({ boards: [likesBoard(3)], partitions: 1, marks: true, nonce: 'me' })
    restoreBoards(feed, new Map([['likes', taken(state)]]), new Map([['likes', 'defined']]), nothing)
    expect(feed.snapshot().boards[0]?.content?.proof).toBe(proof)
  })

  it('goes on from an empty board of an empty table', () => {
    expect(start(taken('exact', { complete: true }, {} as never), nothing)).toEqual({ from: 10, restored: true })
  })

  it('begins at the earliest position of any board, and leaves out partitions that only one names', () => {
    const boards = [likesBoard(3), { ...likesBoard(3), name: 'other' }]
    const feed = new Feed({ boards, partitions: 2, marks: true, nonce: 'me' })
    const at = (offset: number, other?: number) =>
      taken('exact', {
        positions: new Map([['t/0', offset], ...(other === undefined ? [] : [['t/1', other] as const])]),
      })
    const from = restoreBoards(
      feed,
      new Map([
        ['likes', at(10)],
        ['other', at(7, 3)],
      ]),
      new Map([
        ['likes', 'defined'],
        ['other', 'defined'],
      ]),
      nothing,
    )
    expect(from).toEqual(new Map([['t/0', 7]]))
  })
})
