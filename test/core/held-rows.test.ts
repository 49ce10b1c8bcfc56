import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Held, HeldRows } from '../../src/core/held-rows.js'
import { orderOf } from '../../src/core/order.js'
import { likesBoard } from '../support/quiet-pipeline.js'

const order = orderOf(likesBoard(3))
const held = (key: number, score: number): Held<string> => ({
  key: String(key),
  score,
  exact: String(score),
  row: `${key}:${score}`,
  es: 0,
})

describe('held rows', () => {
  it('are what a sorted array holds, under sets and deletes', () => {
    const step = fc.record({ key: fc.nat(200), score: fc.option(fc.nat(9)) })
    const check = (steps: readonly { key: number; score: number | null }[]): void => {
      const rows = new HeldRows<string>(order)
      const model = new Map<string, Held<string>>()
      for (const { key, score } of steps) {
        if (score === null) expect(rows.delete(String(key))).toBe(model.delete(String(key)))
        else {
          rows.set(held(key, score))
          model.set(String(key), held(key, score))
        }
      }
      const sorted = [...model.values()].sort(order)
      expect(rows.best(sorted.length + 1)).toEqual(sorted)
      expect(rows.best(3)).toEqual(sorted.slice(0, 3))
      expect([rows.size, rows.worst]).toEqual([sorted.length, sorted.at(-1)])
      for (const key of ['0', '7', '200']) expect(rows.get(key)).toEqual(model.get(key))
    }
    fc.assert(fc.property(fc.array(step, { maxLength: 400, size: 'max' }), check), { numRuns: 200 })
  })

  it('stay right while they grow to thousands, shrink to a few and grow again', () => {
    const rows = new HeldRows<string>(order)
    for (const round of [0, 1]) {
      for (let key = 0; key < 3_000; key++) rows.set(held(key, (key * 31) % 997))
      for (let key = 0; key < 2_990; key++) expect(rows.delete(String(key))).toBe(true)
      expect(rows.size, `round ${round}`).toBe(10)
      expect([...rows.keys()].sort()).toEqual(Array.from({ length: 10 }, (_, i) => String(2_990 + i)))
      expect(rows.worst?.score).toBe(Math.min(...rows.best(10).map(({ score }) => score)))
    }
    rows.clear()
    expect([rows.size, rows.worst, rows.best(5)]).toEqual([0, undefined, []])
  })
})
