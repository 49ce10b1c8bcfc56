import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { BacklogWindow } from '../../src/core/backlog-window.js'
import type { ReadBatch, ReadWindow } from '../../src/operators/read-batch.js'
import { windowReads } from '../../src/operators/window-reads.js'
import { decodedRead } from '../support/decoded-reads.js'
import { VirtualTime } from '../support/virtual-time.js'

/** Feeds batches by hand, as a source does that hands on the next one when the last is released. */
const windowing = ({ events = 4, most = 16, time = 100 } = {}) => {
  const virtual = new VirtualTime(0)
  const size = new BacklogWindow({ events, most })
  const batches$ = new Subject<ReadBatch>()
  const windows: ReadWindow[] = []
  const released: number[] = []
  let offset = 0
  let completed = false
  batches$
    .pipe(windowReads(size, time, virtual))
    .subscribe({ next: (window) => windows.push(window), complete: () => (completed = true) })
  return {
    time: virtual,
    size,
    batches$,
    released,
    windows,
    completed: () => completed,
    sizes: () => windows.map(({ reads }) => reads.length),
    next: (count: number, refused: ReadBatch['refused'] = []) => {
      const first = offset
      offset += count + refused.length
      const id = offset
      const reads = Array.from({ length: count }, (_, i) => decodedRead(first + i))
      const positions = new Map([['t/0', offset]])
      const times = count === 0 ? undefined : first
      batches$.next({ reads, refused, positions, oldest: times, newest: times, release: () => released.push(id) })
    },
  }
}

describe('windows of reads', () => {
  it('close when they hold enough, without splitting a batch, in order and with its positions', () => {
    const { next, windows, sizes } = windowing()
    next(3)
    expect(windows).toEqual([])
    next(3)
    expect(sizes()).toEqual([6])
    expect(windows[0]?.reads.map(({ message }) => message.offset)).toEqual([0, 1, 2, 3, 4, 5])
    expect(windows[0]).toMatchObject({ positions: new Map([['t/0', 6]]), oldest: 0, newest: 3, refused: 0 })
  })

  it('close a time after their first event', () => {
    const { next, sizes, time } = windowing()
    next(1)
    time.advance(60)
    next(1)
    time.advance(39)
    expect(sizes()).toEqual([])
    time.advance(1)
    expect(sizes()).toEqual([2])
  })

  it('count refused messages, and take along batches that have none', () => {
    const { next, windows } = windowing({ events: 2 })
    const refused = [{ message: decodedRead(0).message, refusal: { code: 'PARSE', detail: '' } as const }]
    next(1, refused)
    expect(windows).toHaveLength(1)
    expect(windows[0]).toMatchObject({ refused: 1, positions: new Map([['t/0', 2]]) })
  })

  it('move offsets without a message, after a time', () => {
    const { next, windows, time } = windowing()
    next(0)
    time.advance(100)
    expect(windows).toHaveLength(1)
    expect(windows[0]?.reads).toEqual([])
  })

  it('are gathered while the one before is being written, one window ahead and no further', () => {
    const { next, released, windows, sizes } = windowing()
    next(4)
    // Handed on, and the source goes on at once.
    expect(sizes()).toEqual([4])
    expect(released).toEqual([4])
    next(2)
    next(2)
    // Handed on too, to be folded, and now the source waits.
    expect(sizes()).toEqual([4, 4])
    expect(released).toEqual([4, 6])
    windows[0]?.release()
    windows[0]?.release()
    expect(released).toEqual([4, 6, 8])
    next(4)
    expect(sizes()).toEqual([4, 4, 4])
    expect(released).toEqual([4, 6, 8])
    windows[1]?.release()
    expect(released).toEqual([4, 6, 8, 12])
  })

  it('go on growing while the one before is being written, though their time is over', () => {
    const { next, released, windows, sizes, time } = windowing()
    next(4)
    next(1)
    time.advance(1_000)
    next(1)
    expect(released).toEqual([4, 5, 6])
    windows[0]?.release()
    expect(sizes()).toEqual([4, 2])
  })

  it('hold more under backlog; a source that waits for less is not forgotten', () => {
    const { next, released, windows, sizes, size } = windowing()
    next(4)
    next(4)
    expect(released).toEqual([4])
    size.adjust(1_000)
    windows[0]?.release()
    expect(sizes()).toEqual([4, 4])
    expect(released).toEqual([4, 8])
    next(7)
    next(1)
    expect(released).toEqual([4, 8, 15])
    windows[1]?.release()
    expect(sizes()).toEqual([4, 4, 8])
  })

  it('hold no more than their cap where one has timed out: batches are split, in order, each event once', () => {
    const { next, released, windows, sizes, size } = windowing()
    size.timedOut(6)
    const refused = [{ message: decodedRead(0).message, refusal: { code: 'PARSE', detail: '' } as const }]
    next(2)
    next(7, refused)
    expect([sizes(), released]).toEqual([[3, 3], [2]])
    windows[0]?.release()
    expect([sizes(), released]).toEqual([[3, 3, 3], [2]])
    windows[1]?.release()
    expect(released).toEqual([2, 10])
    expect(windows.flatMap(({ reads }) => reads.map(({ message }) => message.offset))).toEqual(
      Array.from({ length: 9 }, (_, i) => i),
    )
    expect(windows.map(({ refused: count }) => count)).toEqual([0, 0, 1])
    const { partition, topic } = decodedRead(0).message
    const at = (offset: number) => new Map([[`${topic}/${partition}`, offset]])
    expect(windows.slice(1).map(({ positions, newest }) => [positions, newest])).toEqual([
      [at(6), decodedRead(5).message.timestamp],
      [new Map([['t/0', 10]]), 2],
    ])
  })

  it('split a batch that comes last, and by as much as one event at a time', () => {
    const { next, batches$, windows, sizes, size, completed } = windowing()
    size.timedOut(2)
    next(5)
    batches$.complete()
    for (let i = 0; i < 5; i++) {
      expect(completed()).toBe(false)
      windows[i]?.release()
    }
    expect([sizes(), completed()]).toEqual([[1, 1, 1, 1, 1], true])
  })

  it('split a large batch without going ever deeper', () => {
    const size = new BacklogWindow({ events: 10, most: 10 })
    size.timedOut(4)
    const batches$ = new Subject<ReadBatch>()
    let count = 0
    batches$.pipe(windowReads(size, 100, new VirtualTime(0))).subscribe((window) => {
      count += window.reads.length
      window.release()
    })
    const reads = Array.from({ length: 20_000 }, (_, i) => decodedRead(i))
    batches$.next({ reads, refused: [], positions: new Map(), oldest: 0, newest: 0, release: () => {} })
    expect(count).toBe(20_000)
  })

  it('end with what is open, and complete when the last is written', () => {
    const { next, batches$, windows, sizes, completed } = windowing()
    next(4)
    next(1)
    batches$.complete()
    expect(sizes()).toEqual([4, 1])
    windows[0]?.release()
    expect(completed()).toBe(false)
    windows[1]?.release()
    windows[1]?.release()
    expect(completed()).toBe(true)
  })

  it('complete at once without anything, and pass on an error', () => {
    const done = windowing()
    done.batches$.complete()
    expect(done.completed()).toBe(true)
    const errors: unknown[] = []
    const failing$ = new Subject<ReadBatch>()
    failing$
      .pipe(windowReads(new BacklogWindow({ events: 1, most: 1 }), 1, new VirtualTime(0)))
      .subscribe({ error: (error: unknown) => errors.push(error) })
    failing$.error('broken')
    expect(errors).toEqual(['broken'])
  })
})
