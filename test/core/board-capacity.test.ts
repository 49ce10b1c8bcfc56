import { describe, expect, it } from 'vitest'
import { BoardCapacity } from '../../src/core/board-capacity.js'

const hour = 3_600_000

describe('the rows that a board holds', () => {
  const refill = (capacity: BoardCapacity, now: number): number => {
    capacity.refilled(capacity.forRefill(now), now)
    return capacity.rows
  }

  it('stay as they are while refills are far apart', () => {
    const capacity = new BoardCapacity(100, 200)
    expect([0, 10_000, 20_000, 90_000].map((now) => refill(capacity, now))).toEqual([200, 200, 200, 200])
  })

  it('double with refills that come close together, up to 64 N', () => {
    const capacity = new BoardCapacity(100, 200)
    expect([0, 9_000, 18_000, 27_000, 36_000, 45_000, 54_000].map((now) => refill(capacity, now))).toEqual([
      200, 400, 800, 1_600, 3_200, 6_400, 6_400,
    ])
  })

  it('do not grow with readings that failed', () => {
    const capacity = new BoardCapacity(10, 74)
    refill(capacity, 0)
    for (let now = 1_000; now < 5_000; now += 1_000) expect(capacity.forRefill(now)).toBe(148)
    expect(capacity.rows).toBe(74)
  })

  it('halve after each quiet hour, down to what they began with', () => {
    const capacity = new BoardCapacity(100, 150)
    for (const now of [0, 1, 2]) refill(capacity, now)
    expect(capacity.rows).toBe(600)
    expect(capacity.rest(hour - 1)).toBe(false)
    expect([capacity.rest(hour + 2), capacity.rows]).toEqual([true, 300])
    expect(capacity.rest(hour + 3)).toBe(false)
    expect([capacity.rest(2 * hour + 2), capacity.rows]).toEqual([true, 150])
    expect(capacity.rest(9 * hour)).toBe(false)
  })

  it('are never fewer than they began with, however small the board', () => {
    const capacity = new BoardCapacity(1, 65)
    for (const now of [0, 1, 2, 3]) expect(refill(capacity, now)).toBe(65)
  })
})
