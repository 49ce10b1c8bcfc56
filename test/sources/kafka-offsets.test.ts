import { describe, expect, it } from 'vitest'
import type { Positions } from '../../src/core/positions.js'
import { lookAgain, type ProgressLook, startOffsets } from '../../src/sources/kafka-offsets.js'

const positions = (record: Record<string, number>): Positions => new Map(Object.entries(record))

describe('where a feed starts', () => {
  const broker = {
    earliest: positions({ 'a/0': 10, 'a/1': 0, 'b/0': 5 }),
    ends: positions({ 'a/0': 20, 'a/1': 7, 'b/0': 9 }),
    margin: positions({ 'a/0': 15, 'a/1': -1, 'b/0': 8 }),
  }
  const start = (record: Record<string, number>) => startOffsets(broker, positions(record))

  it.each([
    ['nothing named: the margin, or the end', {}, { 'a/0': 15, 'a/1': 7, 'b/0': 8 }],
    [
      'named ones where they say, up to both edges',
      { 'a/0': 10, 'a/1': 7, 'b/0': 9 },
      { 'a/0': 10, 'a/1': 7, 'b/0': 9 },
    ],
    [
      'a new partition of a known topic whole, a new topic at the margin',
      { 'a/0': 12 },
      { 'a/0': 12, 'a/1': 0, 'b/0': 8 },
    ],
    ['a topic that is no longer in the feed is ignored', { 'c/0': 99 }, { 'a/0': 15, 'a/1': 7, 'b/0': 8 }],
  ])('%s', (_, named, expected) => {
    expect(start(named)).toEqual({ kind: 'start', offsets: positions(expected) })
  })

  it.each([
    ['deleted records', { 'a/0': 9 }, /a\/0.*9.*10 to 20/],
    ['an offset beyond the end', { 'b/0': 10 }, /b\/0.*10.*5 to 9/],
    ['a partition that is no more', { 'a/0': 12, 'a/7': 0 }, /a\/7/],
  ])('gone: %s', (_, named, detail) => {
    expect(start(named)).toMatchObject({ kind: 'gone', detail: expect.stringMatching(detail) })
  })
})

describe('watching a running feed', () => {
  type Step = { at: number; from?: number; end: number; drained?: boolean }

  const watch = (...steps: Step[]): string | undefined => {
    let before: ProgressLook | undefined
    for (const { at, from = 0, end, drained = true } of steps) {
      const { look, gone } = lookAgain(before, {
        positions: positions({ 'a/0': at }),
        earliest: positions({ 'a/0': from }),
        ends: positions({ 'a/0': end }),
        drained,
      })
      if (gone !== undefined) return gone
      before = look
    }
    return undefined
  }

  it('is content with a feed at its end, one that moves, and one that is held back', () => {
    expect(watch({ at: 5, end: 5 }, { at: 5, end: 5 }, { at: 5, end: 5 })).toBe(undefined)
    expect(watch({ at: 5, end: 90 }, { at: 6, end: 90 }, { at: 7, end: 90 }, { at: 8, end: 90 })).toBe(undefined)
    const held = { at: 5, end: 90, drained: false }
    expect(watch(held, held, held, held)).toBe(undefined)
    // Records that came since the last look may still be on their way.
    expect(watch({ at: 5, end: 5 }, { at: 5, end: 6 }, { at: 6, end: 6 })).toBe(undefined)
  })

  it('finds a partition that stands still in front of records, at the second look', () => {
    const stuck = { at: 5, end: 9 }
    expect(watch(stuck, stuck)).toBe(undefined)
    expect(watch(stuck, stuck, stuck)).toMatch(/a\/0 stands at 5/)
  })

  it('finds offsets that the broker no longer has', () => {
    expect(watch({ at: 5, end: 9 }, { at: 5, from: 7, end: 9 })).toMatch(/a\/0.*5.*7 to 9/)
    expect(watch({ at: 9, end: 9 }, { at: 9, end: 3 })).toMatch(/a\/0/)
    // Held back for so long that retention overtook it: what was fetched before is still handed on.
    expect(watch({ at: 5, end: 9 }, { at: 5, from: 7, end: 9, drained: false })).toBe(undefined)
  })

  it('finds a topic that was created anew, even if it has grown past the position', () => {
    expect(watch({ at: 5, end: 90 }, { at: 6, end: 40 })).toMatch(/created anew/)
  })
})
