import { describe, expect, it } from 'vitest'
import { HealPauses } from '../../src/core/heal-pauses.js'

const minute = 60_000

/** The pauses of heals that become due at these times. */
const pausesAt = (...times: readonly number[]): number[] => {
  const pauses = new HealPauses()
  return times.map((time) => pauses.next(time))
}

describe('pauses between heals', () => {
  it('begins at once and doubles up to five minutes', () => {
    const pauses = pausesAt(...Array.from({ length: 14 }, (_, i) => 1_000 + i))
    expect(pauses.slice(0, 5)).toEqual([0, 1_000, 2_000, 4_000, 8_000])
    expect(pauses.slice(-2)).toEqual([300_000, 300_000])
  })

  it('takes refusals that are minutes apart for what they are', () => {
    expect(pausesAt(0, 2 * minute, 4 * minute, 6 * minute)).toEqual([0, 0, 0, 0])
  })

  it('takes one step back for each minute of peace, and all of them after five', () => {
    expect(pausesAt(0, 1, 2, 3, 3 + 2 * minute)).toEqual([0, 1_000, 2_000, 4_000, 2_000])
    expect(pausesAt(...Array.from({ length: 12 }, (_, i) => i), 6 * minute)).toContain(0)
    expect(pausesAt(...Array.from({ length: 12 }, (_, i) => i), 6 * minute).at(-1)).toBe(0)
  })

  it('finds no peace while refusals go on, whether or not a heal is due', () => {
    const pauses = new HealPauses()
    for (let i = 0; i < 4; i++) pauses.next(i)
    for (let at = 0; at < 5 * minute; at += 30_000) pauses.refused(at)
    expect(pauses.next(5 * minute)).toBe(8_000)
  })

  it('costs a source of refusals that never ends at most a rebuild in five minutes', () => {
    const pauses = new HealPauses()
    let heals = 0
    let due = 0
    for (let now = 0; now < 120 * minute; now += 10_000) {
      pauses.refused(now)
      if (now < due) continue
      due = now + pauses.next(now)
      heals += 1
    }
    expect(heals).toBeLessThan(40)
  })
})
