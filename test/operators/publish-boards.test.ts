import { defer, type Observable, of, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { FeedSnapshot } from '../../src/core/feed-io.js'
import type { PublishOutcome, PublishRequest } from '../../src/operators/ports.js'
import { publishBoards } from '../../src/operators/publish-boards.js'
import { PublishedBoards } from '../../src/operators/published-boards.js'
import { entriesOf, snapshotOf } from '../support/feed-snapshots.js'
import { MemoryBoardStore, MemoryBoards } from '../support/memory-board-store.js'
import { VirtualTime } from '../support/virtual-time.js'
import { now } from '../support/watched-boards.js'

/** What happens to the next publish: it reaches Redis or not, and its answer comes or not. */
type Fault = 'never arrives' | 'answer lost'

class FaultyStore extends MemoryBoardStore {
  readonly faults: Fault[] = []
  readonly requests: PublishRequest[] = []

  override publish(requests: readonly PublishRequest[]): Observable<readonly PublishOutcome[]> {
    return defer(() => {
      this.requests.push(...requests)
      const fault = this.faults.shift()
      const outcomes = fault === 'never arrives' ? [] : now(super.publish(requests))
      return fault === undefined ? of(outcomes) : throwError(() => new RanktideError('REDIS_UNREACHABLE', 'simulated'))
    })
  }
}

const stale = { state: 'stale', reason: 'refilling' } as const

describe('publishing', () => {
  let time: VirtualTime
  let boards: MemoryBoards
  let store: FaultyStore
  let snapshots$: Subject<FeedSnapshot>
  let emitted: number[]
  let told: string[]
  let error: unknown
  let leased: boolean

  beforeEach(() => {
    time = new VirtualTime(1_700_000_000_000)
    boards = new MemoryBoards(() => time.now())
    store = new FaultyStore(boards, 'me')
    snapshots$ = new Subject()
    emitted = []
    told = []
    error = undefined
    leased = true
    const published = new PublishedBoards(
      new Map([['likes', now(store.take('likes'))]]),
      new Map([['likes', 'defined']]),
    )
    const ports = {
      store,
      published,
      mayPublish: () => leased,
      scheduler: time,
      observer: {
        published: (_: unknown, outcome: string) => told.push(outcome),
        failed: () => told.push('failed'),
        healed: () => told.push('healed'),
      },
    }
    snapshots$.pipe(publishBoards(ports)).subscribe({
      next: ({ positions }) => emitted.push(positions.get('t/0') ?? -1),
      error: (thrown: unknown) => {
        error = thrown
      },
    })
  })

  /** A snapshot, a little later than the one before. */
  const next = (offset: number, scores: Record<string, string>, after = 10): void => {
    time.advance(after)
    snapshots$.next(snapshotOf(offset, scores))
  }
  const there = () => Object.fromEntries(boards.entries('likes', true).map(({ member, score }) => [member, score]))

  it('sends the difference, and nothing for a board that is there', () => {
    next(1, { 1: '5', 2: '3' })
    next(2, { 1: '5', 2: '3' })
    next(3, { 1: '6', 3: '3' })
    expect([there(), emitted]).toEqual([{ 1: '6', 3: '3' }, [1, 2, 3]])
    expect(store.requests.map(({ diff }) => [diff.leave.length, diff.scores.length, diff.rows.length])).toEqual([
      [0, 2, 2],
      [1, 2, 2],
    ])
    expect(boards.get('likes')?.meta).toMatchObject({ positions: new Map([['t/0', 3]]), definition: 'defined' })
  })

  it('writes a state that changes although no row does', () => {
    next(1, { 1: '5' })
    snapshots$.next(snapshotOf(2, { 1: '5' }, { status: stale }))
    expect([boards.get('likes')?.meta?.status, boards.sent.scores, emitted]).toEqual([stale, 1, [1, 2]])
  })

  it('keeps what is there while nothing better is known, and says so', () => {
    next(1, { 1: '5' })
    snapshots$.next(snapshotOf(2, undefined, { status: stale }))
    expect([there(), boards.get('likes')?.meta?.status]).toEqual([{ 1: '5' }, stale])
  })

  it.each([
    ['never arrives', ['failed', 'published', 'published']],
    ['answer lost', ['failed', 'moved', 'healed', 'published', 'published']],
  ] as const)('emits only what is in Redis: a publish whose request %s', (fault, expected) => {
    store.faults.push(fault)
    next(1, { 1: '5' })
    expect(emitted).toEqual([])
    next(2, { 1: '5' }, 100)
    expect(emitted).toEqual([])
    time.advance(500)
    next(3, { 1: '5', 2: '4' })
    expect(emitted.at(-1)).toBe(3)
    expect([there(), told]).toEqual([{ 1: '5', 2: '4' }, expected])
    expect(boards.sent.scores).toBe(2)
  })

  it('has a publish refused that arrives after it was given up, although the board is as it was before', () => {
    next(1, { 1: '5' })
    store.faults.push('never arrives')
    next(2, { 1: '6' })
    const late = store.requests.slice(-1)
    next(3, { 1: '5' })
    time.advance(500)
    expect(emitted).toEqual([1, 3])
    expect(now(boards.store('me').publish(late))).toMatchObject([{ kind: 'moved' }])
    expect([there(), boards.get('likes')?.meta?.status.state]).toEqual([{ 1: '5' }, 'exact'])
  })

  it('takes boards again that are gone', () => {
    next(1, { 1: '5' })
    time.advance(5)
    boards.flush()
    next(2, { 1: '6' })
    expect([there(), told, emitted]).toEqual([{ 1: '6' }, ['published', 'lost', 'healed', 'published'], [1, 2]])
  })

  it.each([
    ['flushed', () => boards.flush()],
    ['a member added', () => void boards.getOrCreate('likes').scores.set('9', 9)],
    ['a score changed', () => void boards.getOrCreate('likes').scores.set('1', 9)],
    ['a row changed', () => void boards.getOrCreate('likes').rows.set('1', 'x')],
    ['a member removed', () => void boards.getOrCreate('likes').scores.delete('1')],
  ])('finds within a second what others did, although the board rests: %s', (_, harm) => {
    next(1, { 1: '5', 2: '3' })
    time.advance(5)
    harm()
    for (let i = 0; i < 12; i++) next(1, { 1: '5', 2: '3' }, 100)
    expect(boards.entries('likes', true)).toEqual([...entriesOf({ 1: '5', 2: '3' })].reverse())
    expect(told).toContain('healed')
  })

  it('writes the meta of a board that is not what it put there, even while it has nothing better', () => {
    next(1, { 1: '5' })
    const load = boards.save()
    next(2, { 1: '6' })
    load()
    for (let i = 0; i < 12; i++) {
      time.advance(100)
      snapshots$.next(snapshotOf(3, undefined, { status: stale }))
    }
    expect(boards.get('likes')?.meta).toMatchObject({ status: stale, definition: '' })
  })

  it('ends when another owner has taken the board, and writes nothing', () => {
    next(1, { 1: '5' })
    now(boards.store('other').take('likes'))
    next(2, { 1: '6' })
    expect(error).toMatchObject({ code: 'LEASE_LOST' })
    expect([there(), emitted]).toEqual([{ 1: '5' }, [1]])
  })

  it('sends and emits nothing without the lease', () => {
    leased = false
    next(1, { 1: '5' })
    expect([store.requests, emitted]).toEqual([[], []])
    leased = true
    next(2, { 1: '5' })
    expect(emitted).toEqual([2])
  })
})
