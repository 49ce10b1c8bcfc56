import { defer, NEVER, type Observable, of, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { FeedSnapshot } from '../../src/core/feed-io.js'
import type { Positions } from '../../src/core/positions.js'
import { confirmPublished } from '../../src/operators/confirm-published.js'
import { PublishedGroups } from '../../src/operators/published-groups.js'
import { snapshotOf } from '../support/feed-snapshots.js'
import { VirtualTime } from '../support/virtual-time.js'

describe('confirming', () => {
  let time: VirtualTime
  let snapshots$: Subject<FeedSnapshot>
  let ends: () => Observable<Positions>
  let sent: [number | undefined, number | undefined, number | undefined][]
  let confirmed: number[]
  let confirmedOf: (number | undefined)[]
  let answer$: Observable<void>
  let failures: number
  let passed: number
  let over: boolean

  beforeEach(() => {
    time = new VirtualTime(0)
    snapshots$ = new Subject()
    ends = () => of(new Map([['t/0', 5]]))
    sent = []
    confirmed = []
    confirmedOf = []
    answer$ = of(undefined)
    failures = 0
    passed = 0
    over = false
    const ports = {
      source: { ends: () => defer(() => ends()) },
      store: {
        confirm: (positions: Positions, versions: ReadonlyMap<string, number>, at?: number) => {
          sent.push([positions.get('t/0'), versions.get('likes'), at])
          return answer$
        },
        vouch: () => of(true),
      },
      scheduler: time,
      confirmed: (at: number, snapshot: FeedSnapshot) => {
        confirmed.push(at)
        confirmedOf.push(snapshot.positions.get('t/0'))
      },
      failed: () => {
        failures += 1
      },
    }
    const published = {
      versions: () => new Map([['likes', 100 + time.now()]]),
      owned: () => ({ board: 'likes', epoch: 1 }),
      loseAll: () => {},
      groups: new PublishedGroups(new Map()),
    }
    snapshots$.pipe(confirmPublished(ports, published)).subscribe({
      next: () => {
        passed += 1
      },
      complete: () => {
        over = true
      },
    })
  })

  it('waits until the ends it asked for are published, and dates the boards from the question', () => {
    time.advance(1_000)
    snapshots$.next(snapshotOf(4, {}))
    time.advance(700)
    snapshots$.next(snapshotOf(6, {}))
    expect([sent, confirmed, passed]).toEqual([[[6, 1_800, 1_000]], [1_000], 2])
  })

  it('asks once a second, one question at a time', () => {
    time.advance(3_500)
    snapshots$.next(snapshotOf(5, {}))
    expect(confirmed).toEqual([1_000])
    time.advance(1_000)
    snapshots$.next(snapshotOf(5, {}))
    expect(confirmed).toEqual([1_000, 3_750])
  })

  it('takes the word of snapshots that know as of when they are, however long ago that is, and asks nobody', () => {
    ends = () => throwError(() => new Error('nobody asks'))
    const proven = (offset: number, provenAt: number) => snapshots$.next({ ...snapshotOf(offset, {}), provenAt })
    proven(3, 0)
    time.advance(1_000)
    proven(4, 0)
    expect([sent, failures]).toEqual([[], 0])
    proven(5, 700)
    time.advance(500)
    proven(6, 800)
    expect(sent.map(([offset, , at]) => [offset, at])).toEqual([[6, 800]])
    // Again each second, though nothing more is proven: the versions may be others.
    for (let i = 0; i < 8; i++) {
      time.advance(250)
      proven(6, 800)
    }
    expect(sent.map(([offset, , at]) => [offset, at])).toEqual([
      [6, 800],
      [6, 800],
      [6, 800],
    ])
    expect(new Set(confirmed)).toEqual(new Set([800]))
  })

  it('tells which snapshot it has confirmed, though another one comes before Redis has answered', () => {
    const answered$ = new Subject<void>()
    answer$ = answered$
    snapshots$.next({ ...snapshotOf(4, {}), provenAt: 500 })
    time.advance(1_000)
    snapshots$.next({ ...snapshotOf(5, {}), provenAt: 900 })
    snapshots$.next({ ...snapshotOf(6, {}), provenAt: 1_900 })
    expect(confirmed).toEqual([])
    answered$.complete()
    expect([confirmed, confirmedOf]).toEqual([[900], [5]])
  })

  it.each([
    ['fail', () => throwError(() => new Error('down'))],
    ['never come', () => NEVER],
  ])('goes on when the ends %s', (_, broken) => {
    ends = broken
    time.advance(12_000)
    expect([failures > 0, confirmed]).toEqual([true, []])
    ends = () => of(new Map([['t/0', 5]]))
    time.advance(12_000)
    snapshots$.next(snapshotOf(5, {}))
    expect(confirmed).toHaveLength(1)
  })

  it('ends with its source', () => {
    time.advance(1_000)
    snapshots$.complete()
    expect(over).toBe(true)
    time.advance(5_000)
    expect(sent).toEqual([])
  })
})
