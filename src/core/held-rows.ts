/**
 * The rows that a board holds: found by key, the worst of them in O(1), changed in O(log C).
 *
 * Few rows are a sorted array, which costs next to nothing when there are a hundred thousand such boards; many are a
 * heap with an index (`HeapRows`). Memory follows the rows held, up and down: O(C).
 */
import { HeapRows } from './heap-rows.js'
import type { Order, Place } from './order.js'

/** A held row: its place and whatever the board keeps of it. */
export interface Held<Row> extends Place {
  readonly row: Row
  /** Latest commit time at the source that the row is known to stand for, ms since 1970; +Infinity: not known. */
  readonly es: number
}

/** Is told of every key that comes to be held, and of every one that no longer is; so it knows which are. */
export interface HeldWatcher {
  holds(key: string): boolean
  held(key: string): void
  letGo(key: string): void
}

/** Up to this many rows are an array; a heap goes back to one when it holds half as many. */
const few = 48

export class HeldRows<Row> {
  readonly #order: Order
  #watcher: HeldWatcher | undefined
  /** Best first; not used while there is a heap. */
  #sorted: Held<Row>[] = []
  #heap: HeapRows<Held<Row>> | undefined

  constructor(order: Order) {
    this.#order = order
  }

  get size(): number {
    return this.#heap?.size ?? this.#sorted.length
  }

  /** Tells of what is held now, too. */
  watchedBy(watcher: HeldWatcher): void {
    this.#watcher = watcher
    for (const key of this.keys()) watcher.held(key)
  }

  /** Tells that everything has been let go, and nothing after that. */
  unwatched(): void {
    const watcher = this.#watcher
    this.#watcher = undefined
    for (const key of this.keys()) watcher?.letGo(key)
  }

  get(key: string): Held<Row> | undefined {
    if (this.#heap !== undefined) return this.#heap.get(key)
    if (this.#watcher?.holds(key) === false) return undefined
    return this.#sorted.find((held) => held.key === key)
  }

  /** The row that ranks last. */
  get worst(): Held<Row> | undefined {
    return this.#heap === undefined ? this.#sorted.at(-1) : this.#heap.worst
  }

  set(held: Held<Row>): void {
    const size = this.size
    if (this.#heap !== undefined) this.#heap.set(held)
    else this.#insert(held)
    if (this.size > size) this.#watcher?.held(held.key)
  }

  delete(key: string): boolean {
    const deleted = this.#heap === undefined ? this.#remove(key) : this.#heap.delete(key)
    if (!deleted) return false
    if (this.#heap !== undefined && this.#heap.size <= few / 2) {
      this.#sorted = this.#heap.best(few)
      this.#heap = undefined
    }
    this.#watcher?.letGo(key)
    return true
  }

  clear(): void {
    const keys = this.#watcher === undefined ? [] : [...this.keys()]
    this.#sorted = []
    this.#heap = undefined
    for (const key of keys) this.#watcher?.letGo(key)
  }

  *keys(): IterableIterator<string> {
    if (this.#heap !== undefined) yield* this.#heap.keys()
    else for (const { key } of this.#sorted) yield key
  }

  /** The best `count` rows, best first. */
  best(count: number): Held<Row>[] {
    return this.#heap === undefined ? this.#sorted.slice(0, count) : this.#heap.best(count)
  }

  #insert(held: Held<Row>): void {
    if (this.#watcher?.holds(held.key) !== false) this.#remove(held.key)
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.#sorted[middle]
      if (there !== undefined && this.#order(there, held) < 0) low = middle + 1
      else high = middle
    }
    this.#sorted.splice(low, 0, held)
    if (this.#sorted.length <= few) return
    this.#heap = new HeapRows(this.#order)
    for (const row of this.#sorted) this.#heap.set(row)
    this.#sorted = []
  }

  #remove(key: string): boolean {
    const at = this.#sorted.findIndex((held) => held.key === key)
    if (at < 0) return false
    this.#sorted.splice(at, 1)
    return true
  }
}
