import { Subject } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import type { EventBatch } from '../../src/operators/event-batch.js'
import { windowEvents } from '../../src/operators/window-events.js'
import { VirtualTime } from '../support/virtual-time.js'

const marker = { kind: 'marker', nonce: 'm' } as const

const batch = (offset: number, events: number, release: () => void = () => {}): EventBatch => ({
  events: Array.from({ length: events }, () => marker),
  positions: new Map([['t/0', offset]]),
  maxEs: new Map([['t/0', 1_000 - offset]]),
  messages: events,
  release,
})

/** Feeds batches by hand: what was released so far, and the windows that came out. */
const windowing = (limits: { events: number; time: number }) => {
  const time = new VirtualTime(0)
  const batches$ = new Subject<EventBatch>()
  const released: number[] = []
  const windows: EventBatch[] = []
  let completed = false
  batches$
    .pipe(windowEvents(limits, time))
    .subscribe({ next: (one) => windows.push(one), complete: () => (completed = true) })
  return {
    time,
    batches$,
    released,
    windows,
    offsets: () => windows.map(({ positions }) => positions.get('t/0')),
    next: (offset: number, events: number) => batches$.next(batch(offset, events, () => released.push(offset))),
    completed: () => completed,
  }
}

describe('windows', () => {
  it('close a time after their first event, or when they are full', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ hot, expectObservable }) => {
      const source = hot('  ab----c-d---|', { a: 1, b: 2, c: 3, d: 4 })
      const expected = '    ---x----y---|'
      const sizes = new Subject<number>()
      const windows$ = new Subject<EventBatch>()
      windows$.pipe(windowEvents({ events: 5, time: 3 }, scheduler)).subscribe({
        next: ({ events, release }) => {
          sizes.next(events.length)
          release()
        },
        complete: () => sizes.complete(),
      })
      source.subscribe({ next: (n) => windows$.next(batch(n, n)), complete: () => windows$.complete() })
      expectObservable(sizes).toBe(expected, { x: 3, y: 7 })
    })
  })

  it('ask for more until they are full, and hold the batch that fills them until they are released', () => {
    const { next, released, windows, offsets } = windowing({ events: 3, time: 1_000 })
    next(1, 1)
    next(2, 1)
    expect(released).toEqual([1, 2])
    next(3, 1)
    expect([offsets(), released]).toEqual([[3], [1, 2]])
    windows[0]?.release()
    expect(released).toEqual([1, 2, 3])
  })

  it('gather while the one before is not released, one window at most', () => {
    const { next, released, windows, offsets, time } = windowing({ events: 2, time: 10 })
    next(1, 1)
    time.advance(10)
    next(2, 1)
    next(3, 1)
    time.advance(100)
    expect([offsets(), released]).toEqual([[1], [1, 2]])
    windows[0]?.release()
    expect([offsets(), released]).toEqual([
      [1, 3],
      [1, 2],
    ])
    windows[1]?.release()
    expect(released).toEqual([1, 2, 3])
  })

  it('never split a batch', () => {
    const { next, windows } = windowing({ events: 2, time: 10 })
    next(9, 7)
    expect(windows.map(({ events }) => events.length)).toEqual([7])
  })

  it('pass positions alone at once, or with the window they fall into', () => {
    const { next, offsets, windows, time } = windowing({ events: 5, time: 10 })
    next(1, 0)
    expect(offsets()).toEqual([1])
    windows[0]?.release()
    next(2, 1)
    next(3, 0)
    expect(offsets()).toEqual([1])
    time.advance(10)
    expect(offsets()).toEqual([1, 3])
  })

  it('tell the furthest position and the greatest time of what they hold', () => {
    const { next, windows, time } = windowing({ events: 5, time: 10 })
    next(4, 1)
    next(6, 1)
    time.advance(10)
    expect(windows[0]).toMatchObject({ positions: new Map([['t/0', 6]]), maxEs: new Map([['t/0', 996]]), messages: 2 })
  })

  it('come out to the last event when the source ends', () => {
    const { next, offsets, batches$, completed } = windowing({ events: 2, time: 10 })
    next(1, 2)
    next(2, 1)
    batches$.complete()
    expect([offsets(), completed()]).toEqual([[1, 2], true])
  })
})
