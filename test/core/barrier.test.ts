import { describe, expect, it } from 'vitest'
import { Barrier, type BarrierEffect, barrierTimes, type Reached } from '../../src/core/barrier.js'

const at = (offsets: Record<string, number>, es: Record<string, number> = {}): Reached => ({
  positions: new Map(Object.entries(offsets)),
  maxEs: new Map(Object.entries(es)),
})
const nonceIn = ([effect]: readonly BarrierEffect[]): string => (effect?.kind === 'mark' ? effect.nonce : 'none')

describe('a barrier proven by markers', () => {
  it('is passed when the ends that were asked for after two markers are read', () => {
    const barrier = new Barrier(7, 'marker', 'me:7', 0)
    const first = nonceIn(barrier.advance(at({}), 0))
    expect(barrier.advance(at({}), 1)).toEqual([])
    barrier.onMarker(first)
    const second = nonceIn(barrier.advance(at({}), 2))
    expect(second).not.toBe(first)
    barrier.onMarker(second)
    expect(barrier.advance(at({}), 3)).toEqual([{ kind: 'ends', barrier: 7 }])
    barrier.onEnds(
      new Map([
        ['t/0', 5],
        ['t/1', 2],
      ]),
      at({}),
      4,
    )
    for (const [positions, passed] of [
      [{ 't/0': 5 }, false],
      [{ 't/0': 4, 't/1': 2 }, false],
      [{ 't/0': 5, 't/1': 2 }, true],
    ] as const) {
      barrier.advance(at(positions), 5)
      expect(barrier.passed).toBe(passed)
    }
  })

  it('takes no marker but its own, and a first one not for the second', () => {
    const barrier = new Barrier(7, 'marker', 'me:7', 0)
    const first = nonceIn(barrier.advance(at({}), 0))
    barrier.onMarker('me:70:first:1')
    barrier.onMarker('you:7:first:1')
    expect(barrier.advance(at({}), 1)).toEqual([])
    barrier.onMarker(first)
    barrier.onMarker(first)
    expect(nonceIn(barrier.advance(at({}), 2))).toContain('second')
    // Ends that were asked for by someone else come too early.
    barrier.onEnds(new Map([['t/0', 0]]), at({ 't/0': 9 }), 3)
    barrier.advance(at({ 't/0': 9 }), 3)
    expect(barrier.passed).toBe(false)
  })

  it('marks again when a marker stays away, and a second after it could not be written', () => {
    const barrier = new Barrier(7, 'marker', 'me:7', 0)
    barrier.advance(at({}), 0)
    expect(barrier.advance(at({}), barrierTimes.remark - 1)).toEqual([])
    expect(barrier.advance(at({}), barrierTimes.remark)).toHaveLength(1)
    barrier.onFailure(20_000)
    expect(barrier.advance(at({}), 20_000 + barrierTimes.retry - 1)).toEqual([])
    expect(barrier.advance(at({}), 20_000 + barrierTimes.retry)).toHaveLength(1)
  })
})

describe('an assumed barrier', () => {
  const begun = 100_000
  const poll = (barrier: Barrier, ends: Record<string, number>, reached: Reached, now: number): boolean => {
    if (barrier.advance(reached, now).length > 0) barrier.onEnds(new Map(Object.entries(ends)), reached, now)
    return barrier.passed
  }

  it('is passed by later commits', () => {
    const barrier = new Barrier(1, 'assumed', 'me:1', begun)
    const times = (es: number) => at({ 't/0': 5 }, { 't/0': es })
    expect(poll(barrier, { 't/0': 9 }, times(begun + 1_999), begun)).toBe(false)
    expect(poll(barrier, { 't/0': 9 }, times(begun + 2_000), begun + 500)).toBe(true)
  })

  it('is passed by partitions that are read to ends that rest, each for itself', () => {
    const barrier = new Barrier(1, 'assumed', 'me:1', begun)
    const reached = at({ 't/0': 5, 't/1': 3 }, { 't/1': begun + 5_000 })
    expect(poll(barrier, { 't/0': 5, 't/1': 9 }, reached, begun)).toBe(false)
    expect(poll(barrier, { 't/0': 5, 't/1': 9 }, reached, begun + 1_500)).toBe(false)
    expect(poll(barrier, { 't/0': 5, 't/1': 9 }, reached, begun + 2_000)).toBe(true)
  })

  it('starts to wait anew when an end moves or was not read', () => {
    const barrier = new Barrier(1, 'assumed', 'me:1', begun)
    expect(poll(barrier, { 't/0': 5 }, at({ 't/0': 5 }), begun)).toBe(false)
    expect(poll(barrier, { 't/0': 6 }, at({ 't/0': 5 }), begun + 1_900)).toBe(false)
    expect(poll(barrier, { 't/0': 6 }, at({ 't/0': 5 }), begun + 9_000)).toBe(false)
    expect(poll(barrier, { 't/0': 6 }, at({ 't/0': 6 }), begun + 9_500)).toBe(true)
  })
})

describe('a barrier at the positions that were read', () => {
  it('is passed when they are reached, and asks for nothing', () => {
    const barrier = new Barrier(
      3,
      'assumed',
      'me:3',
      0,
      new Map([
        ['t/0', 5],
        ['t/1', 2],
      ]),
    )
    expect(barrier.proof).toBe('position')
    expect(barrier.advance(at({ 't/0': 5 }), 60_000)).toEqual([])
    expect(barrier.passed).toBe(false)
    // Ends that somebody else asked for are nothing to it, however long they rest.
    for (const now of [0, 9_000]) barrier.onEnds(new Map([['t/0', 5]]), at({ 't/0': 5, 't/1': 1 }), now)
    expect(barrier.passed).toBe(false)
    barrier.advance(at({ 't/0': 5, 't/1': 2 }), 60_001)
    expect(barrier.passed).toBe(true)
  })
})
