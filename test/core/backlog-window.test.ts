import { describe, expect, it } from 'vitest'
import { BacklogWindow } from '../../src/core/backlog-window.js'

describe('the window of a backlog', () => {
  const sizes = (waiting: readonly number[], limits = { events: 1_000, most: 10_000 }): readonly number[] => {
    const window = new BacklogWindow(limits)
    return [
      window.events,
      ...waiting.map((one) => {
        window.adjust(one)
        return window.events
      }),
    ]
  }

  it('doubles while more than a window waits, up to its bound', () => {
    const much = 1_000_000
    expect(sizes([much, much, much, much, much])).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
  })

  it('stays while the rest fits into it, and is the first one again when that is done', () => {
    expect(sizes([1_500, 1_900, 2_000, 1_001, 1_000, 0])).toEqual([1_000, 2_000, 2_000, 2_000, 2_000, 1_000, 1_000])
  })

  const written = (window: BacklogWindow, windows: number, waiting = 1_000_000) => {
    for (let i = 0; i < windows; i++) window.adjust(waiting)
    return window.events
  }

  it('is at most half of what timed out, below its first size too, and never less than one event', () => {
    const window = new BacklogWindow({ events: 1_000, most: 10_000 })
    expect(written(window, 10)).toBe(10_000)
    window.timedOut(10_000)
    expect([window.events, written(window, 50)]).toEqual([5_000, 5_000])
    window.timedOut(700)
    expect([window.events, window.cap, written(window, 50), written(window, 1, 0)]).toEqual([350, 350, 350, 350])
    for (const events of [3, 1, 1]) window.timedOut(events)
    expect([window.events, window.cap]).toEqual([1, 1])
  })

  it('grows again slowly after that, doubled after 100 windows, until nothing caps it', () => {
    const window = new BacklogWindow({ events: 100, most: 1_000 })
    window.timedOut(500)
    expect([written(window, 99), written(window, 1), written(window, 99), written(window, 1)]).toEqual([
      250, 500, 500, 1_000,
    ])
    expect(window.cap).toBe(Number.POSITIVE_INFINITY)
    expect(written(window, 1, 0)).toBe(100)
  })

  it('is not made smaller by a transaction without events', () => {
    const window = new BacklogWindow({ events: 100, most: 1_000 })
    window.timedOut(0)
    expect([window.events, window.cap]).toEqual([100, Number.POSITIVE_INFINITY])
  })

  it('never grows where no more is allowed, nor without a backlog', () => {
    expect(sizes([50, 50], { events: 10, most: 10 })).toEqual([10, 10, 10])
    expect(sizes([50, 50], { events: 10, most: 5 })).toEqual([10, 10, 10])
    expect(sizes([0, 999, 1_000])).toEqual([1_000, 1_000, 1_000, 1_000])
  })
})
