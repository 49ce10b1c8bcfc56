import { describe, expect, it } from 'vitest'
import { eventsLost, lossesIn, lossText } from '../../src/core/events-lost.js'

const at = (offset: number) => new Map([['t/0', offset]])
const lost = (stored: number, first: number, end: number) => lossesIn(at(stored), { first: at(first), ends: at(end) })

describe('what is lost', () => {
  it('is nothing between the first offset and the end', () => {
    for (const stored of [3, 50, 100]) expect(lost(stored, 3, 100)).toEqual([])
  })

  it('is what lies before the first offset', () => {
    expect(lost(5, 12, 100)).toEqual([{ partition: 't/0', from: 5, to: 12, offsets: 7 }])
  })

  it('may be all that a topic holds which was made anew, since going on at its end passes that over', () => {
    expect(lost(5_000, 0, 200)).toEqual([{ partition: 't/0', from: 5_000, to: 200, offsets: 200 }])
    expect(lost(5_000, 150, 200)).toMatchObject([{ to: 200, offsets: 50 }])
    expect(lost(5_000, 0, 200).map(lossText)).toEqual([
      't/0 ends at 200, and was counted up to 5000: the topic was made anew, or its end is lost; going on at its end passes over the 200 offsets that it holds, whose events may be lost',
    ])
    expect(lost(5_000, 0, 0)).toMatchObject([{ to: 0, offsets: 0 }])
    expect(eventsLost(lost(5_000, 0, 0)).detail).toMatch(/^t\/0 ends at 0, /)
  })
})
