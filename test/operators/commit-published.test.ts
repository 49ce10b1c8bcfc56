import { Subject } from 'rxjs'
import { expect, it } from 'vitest'
import type { FeedSnapshot } from '../../src/core/feed-io.js'
import type { Positions } from '../../src/core/positions.js'
import { commitPublished } from '../../src/operators/commit-published.js'
import { snapshotOf } from '../support/feed-snapshots.js'

const refilling = { state: 'stale', reason: 'refilling' } as const

it.each([
  ['current boards', {}, true],
  ['a board that is behind', { status: refilling, behindSince: 1_000 }, false],
  ['a board that has been behind for a minute', { status: refilling, behindSince: 0 }, true],
  ['a board that was never current', { status: refilling }, false],
] as const)('offsets of %s: %j, committed: %s', (_, over, committed) => {
  const commits: Positions[] = []
  const passed: FeedSnapshot[] = []
  const snapshots$ = new Subject<FeedSnapshot>()
  snapshots$
    .pipe(
      commitPublished({ commit: (positions) => commits.push(positions) }, { settledSince: () => true }, () => 60_000),
    )
    .subscribe((snapshot) => passed.push(snapshot))
  const snapshot = snapshotOf(7, { 1: '5' }, over)
  snapshots$.next(snapshot)
  expect([commits, passed]).toEqual([committed ? [new Map([['t/0', 7]])] : [], [snapshot]])
})

it('offsets wait for the groups of split boards, for a minute', () => {
  const asked: number[] = []
  const commits: Positions[] = []
  const groups = { settledSince: (since: number) => asked.push(since) > 1 }
  const snapshots$ = new Subject<FeedSnapshot>()
  const source = { commit: (positions: Positions) => commits.push(positions) }
  snapshots$.pipe(commitPublished(source, groups, () => 90_000)).subscribe()
  snapshots$.next(snapshotOf(7, { 1: '5' }))
  snapshots$.next(snapshotOf(8, { 1: '5' }))
  expect([asked, commits]).toEqual([[30_000, 30_000], [new Map([['t/0', 8]])]])
})
