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

  it('never grows where no more is allowed, nor without a backlog', () => {
    expect(sizes([50, 50], { events: 10, most: 10 })).toEqual([10, 10, 10])
    expect(sizes([50, 50], { events: 10, most: 5 })).toEqual([10, 10, 10])
    expect(sizes([0, 999, 1_000])).toEqual([1_000, 1_000, 1_000, 1_000])
  })
})
