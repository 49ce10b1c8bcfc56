/**
 * Many rows, found by key in O(1), the worst of them in O(1), changed in O(log n).
 *
 * Rows live in numbered slots; freed slots are used again, and the slots are numbered anew when three quarters of them
 * are free, so that memory follows the rows, up and down: O(n).
 */
import type { Order, Place } from './order.js'
import { SlotHeap } from './slot-heap.js'

export class HeapRows<Row extends Place> {
  readonly #order: Order
  #slotOf = new Map<string, number>()
  #rows: (Row | undefined)[] = []
  #free: number[] = []
  readonly #heap: SlotHeap

  constructor(order: Order) {
    this.#order = order
    this.#heap = new SlotHeap((a, b) => this.#ranksBelow(a, b))
  }

  get size(): number {
    return this.#heap.size
  }

  get(key: string): Row | undefined {
    const slot = this.#slotOf.get(key)
    return slot === undefined ? undefined : this.#rows[slot]
  }

  /** The row that ranks last. */
  get worst(): Row | undefined {
    const slot = this.#heap.first
    return slot === undefined ? undefined : this.#rows[slot]
  }

  set(row: Row): void {
    const known = this.#slotOf.get(row.key)
    const slot = known ?? this.#free.pop() ?? this.#rows.length
    this.#rows[slot] = row
    if (known !== undefined) {
      this.#heap.update(slot)
    } else {
      this.#slotOf.set(row.key, slot)
      this.#heap.insert(slot)
    }
  }

  delete(key: string): boolean {
    const slot = this.#slotOf.get(key)
    if (slot === undefined) return false
    this.#heap.remove(slot)
    this.#slotOf.delete(key)
    this.#rows[slot] = undefined
    this.#free.push(slot)
    if (this.#rows.length > 64 && this.size < this.#rows.length / 4) this.#compact()
    return true
  }

  clear(): void {
    this.#slotOf = new Map()
    this.#rows = []
    this.#free = []
    this.#heap.clear()
  }

  keys(): IterableIterator<string> {
    return this.#slotOf.keys()
  }

  /** The best `count` rows, best first. O(C log C). */
  best(count: number): Row[] {
    const all: Row[] = []
    for (const slot of this.#slotOf.values()) {
      const held = this.#rows[slot]
      if (held !== undefined) all.push(held)
    }
    return all.sort(this.#order).slice(0, count)
  }

  #compact(): void {
    const rows = this.#rows.filter((row) => row !== undefined)
    this.clear()
    for (const row of rows) this.set(row)
  }

  /** Whether slot a ranks below slot b: the heap gives the worst row first. */
  #ranksBelow(a: number, b: number): boolean {
    const rowA = this.#rows[a]
    const rowB = this.#rows[b]
    return rowA !== undefined && rowB !== undefined && this.#order(rowA, rowB) > 0
  }
}
