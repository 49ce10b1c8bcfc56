import { NEVER, type Observable, of, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { Feed } from '../../src/core/feed.js'
import type { FeedSnapshot } from '../../src/core/feed-io.js'
import type { Note } from '../../src/core/note.js'
import type { RefillQuery, RefillRows } from '../../src/core/refill.js'
import { keepBoards } from '../../src/operators/keep-boards.js'
import type { FoldedWindow } from '../../src/operators/keep-newest-per-key.js'
import { likesBoard } from '../support/quiet-pipeline.js'
import { VirtualTime } from '../support/virtual-time.js'

const rows: RefillRows = { rows: [{ key: '1', image: ['1', '5', '0'] }], complete: true }

describe('keeping boards', () => {
  let time: VirtualTime
  let windows$: Subject<FoldedWindow>
  let queries: RefillQuery[]
  let marks: string[]
  let read: () => Observable<RefillRows>
  let released: number[]
  let last: FeedSnapshot | undefined
  let notes: Note['kind'][]
  let completed: boolean

  beforeEach(() => {
    time = new VirtualTime(1_700_000_000_000)
    windows$ = new Subject()
    queries = []
    marks = []
    read = () => of(rows)
    released = []
    notes = []
    completed = false
    const ports = {
      feed: new Feed({ boards: [likesBoard(3)], partitions: 1, marks: true, nonce: 'me' }),
      base: {
        marks: true,
        read: (query: RefillQuery) => {
          queries.push(query)
          return read()
        },
        readGroups: () => NEVER,
        mark: (nonce: string) => {
          marks.push(nonce)
          return of(undefined)
        },
      },
      source: { ends: () => of(new Map([['t/0', 3]])) },
      scheduler: time,
      auditEvery: 60_000,
      note: ({ kind }: Note) => notes.push(kind),
    }
    windows$.pipe(keepBoards(ports)).subscribe({
      next: (snapshot) => {
        last = snapshot
      },
      complete: () => {
        completed = true
      },
    })
  })

  const window = (offset: number, markers: readonly string[] = []): void =>
    windows$.next({
      window: { segments: [], markers, positions: new Map([['t/0', offset]]), maxEs: new Map(), messages: 1 },
      release: () => released.push(offset),
    })
  const fill = (): void => {
    window(1)
    window(2, marks)
    window(3, marks)
  }

  it('fills a board: query, two markers, ends, and then it is exact', () => {
    fill()
    expect(last?.boards[0]).toMatchObject({ status: { state: 'exact' }, current: true })
    expect(last?.boards[0]?.content?.entries.map(({ row }) => row)).toEqual(['{"id":1,"likes":5}'])
    const forBarriers = marks.filter((nonce) => !nonce.includes(':pulse:'))
    expect([queries.map(({ limit }) => limit), forBarriers.length]).toEqual([[68], 2])
  })

  it('releases every window once it is applied, published or not', () => {
    read = () => throwError(() => new RanktideError('DATABASE_TIMEOUT', 'simulated'))
    window(1)
    window(2)
    expect([released, last?.boards[0]?.current]).toEqual([[1, 2], false])
  })

  it('asks again by itself after a query has failed, with longer and longer pauses', () => {
    read = () => throwError(() => new RanktideError('DATABASE_TIMEOUT', 'simulated'))
    window(1)
    time.advance(60_000)
    expect(queries.length).toBeGreaterThan(4)
    expect(queries.length).toBeLessThan(9)
    read = () => of(rows)
    for (let offset = 2; offset < 80; offset++) {
      time.advance(1_000)
      window(offset, marks)
    }
    expect(last?.boards[0]?.status.state).toBe('exact')
  })

  it('audits on its timer', () => {
    fill()
    time.advance(60_300)
    expect([queries.length, notes.filter((kind) => kind === 'reading').length]).toEqual([2, 2])
  })

  it('stands still when its source ends', () => {
    fill()
    windows$.complete()
    expect(completed).toBe(true)
    time.advance(200_000)
    expect(queries).toHaveLength(1)
  })
})
