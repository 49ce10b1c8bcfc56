import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotHeap } from '../../src/core/slot-heap.js'

describe('the slot heap', () => {
  it('gives the same first slot as sorting, under inserts, moves and removals', () => {
    const step = fc.record({ slot: fc.nat(40), value: fc.nat(12), act: fc.constantFrom('set', 'set', 'remove') })
    const check = (steps: readonly { slot: number; value: number; act: string }[]): void => {
      const values = new Map<number, number>()
      const heap = new SlotHeap((a, b) => (values.get(a) ?? 0) < (values.get(b) ?? 0))
      for (const { slot, value, act } of steps) {
        if (act === 'set' && values.has(slot)) {
          values.set(slot, value)
          heap.update(slot)
        } else if (act === 'set') {
          values.set(slot, value)
          heap.insert(slot)
        } else if (values.has(slot)) {
          heap.remove(slot)
          values.delete(slot)
        }
        expect(heap.size).toBe(values.size)
        const first = heap.first === undefined ? undefined : values.get(heap.first)
        expect(first).toBe(values.size === 0 ? undefined : Math.min(...values.values()))
      }
    }
    fc.assert(fc.property(fc.array(step, { maxLength: 200, size: 'max' }), check), { numRuns: 300 })
  })

  it('empties in order after growing to many slots and shrinking again', () => {
    const values = Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 5_000)
    const heap = new SlotHeap((a, b) => (values[a] ?? 0) < (values[b] ?? 0))
    for (const slot of values.keys()) heap.insert(slot)
    const out: number[] = []
    for (let slot = heap.first; slot !== undefined; slot = heap.first) {
      out.push(values[slot] ?? -1)
      heap.remove(slot)
    }
    expect(out).toEqual([...values].sort((a, b) => a - b))
    heap.insert(3)
    expect(heap.first).toBe(3)
    heap.clear()
    expect([heap.size, heap.first]).toEqual([0, undefined])
  })

  it('refuses a slot that it does not hold', () => {
    const heap = new SlotHeap((a, b) => a < b)
    heap.insert(1)
    expect(() => heap.remove(2)).toThrow(RangeError)
    heap.remove(1)
    expect(() => heap.update(1)).toThrow(RangeError)
  })
})
