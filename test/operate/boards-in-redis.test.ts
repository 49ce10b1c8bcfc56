// What of a board's meta counts now: what readers of boards get (src/redis/board-reader.ts), from one look.
import { expect, test } from 'vitest'
import type { BoardStatus } from '../../src/core/board-content.js'
import { vouchedFor } from '../../src/operate/boards-in-redis.js'

const positions = new Map([['t/0', 100]])
const later = new Map([['t/0', 120]])

const stored = (status: BoardStatus, version = 5, confirmedAt = 1_000) => ({
  stored: {
    epoch: 1,
    owner: 'pod-1:a',
    version,
    confirmedAt,
    meta: { status, complete: false, positions, definition: '' },
  },
})

const feed = (now: number, at: number | undefined) => ({
  now,
  lease: undefined,
  heartbeat:
    at === undefined
      ? undefined
      : { at, owner: 'pod-1:a', versions: new Map([['likes', 5]]), readings: new Map(), positions: later },
})

const exact: BoardStatus = { state: 'exact', reason: '' }
const silent = { state: 'stale', reason: 'its owner has not confirmed it lately' }

test.each([
  ['the heartbeat vouches for its version', stored(exact), feed(9_500, 9_000), exact, 0.5, later],
  ['the heartbeat is of another version', stored(exact, 6, 8_000), feed(9_500, 9_000), exact, 1.5, positions],
  ['the heartbeat is old', stored(exact), feed(20_000, 9_000), silent, 11, later],
  ['there is none', stored(exact), feed(2_000, undefined), exact, 1, positions],
  [
    'it is stale: the heartbeat says nothing of it',
    stored({ state: 'stale', reason: 'refilling' }),
    feed(9_500, 9_000),
    { state: 'stale', reason: 'refilling' },
    8.5,
    positions,
  ],
  [
    'its feed is silent: what it was at that time it is',
    stored({ state: 'stale', reason: 'the feed t is silent since then' }),
    feed(9_500, 9_000),
    { state: 'stale', reason: 'the feed t is silent since then' },
    0.5,
    later,
  ],
] as const)('%s', (_, board, told, status, ageSeconds, reached) => {
  expect(vouchedFor('likes', board, told)).toEqual({ status, ageSeconds, positions: reached })
})

test('a board that was never published', () => {
  const nothing = { epoch: undefined, owner: undefined, version: undefined, confirmedAt: undefined, meta: undefined }
  expect(vouchedFor('likes', { stored: nothing }, feed(9_500, 9_000))).toMatchObject({
    status: { state: 'stale', reason: 'not in Redis: no worker has published it' },
    ageSeconds: null,
    positions: undefined,
  })
})
