/**
 * A binary heap of slot numbers that can be addressed by slot: insert, remove and move any of them in O(log n), the
 * first in O(1). It knows nothing of ranking: `before(a, b)` says which slot comes out first.
 *
 * Memory: eight bytes a slot of capacity. Arrays double when full and halve when three quarters are empty, so a slot
 * that comes and goes at a boundary never copies them each time.
 */
const smallest = 16

export class SlotHeap {
  readonly #before: (a: number, b: number) => boolean
  /** Heap order: #slots[0] comes out first. */
  #slots = new Int32Array(smallest)
  /** Where each slot stands in #slots; −1 when it is not in the heap. */
  #places = new Int32Array(smallest).fill(-1)
  #size = 0

  constructor(before: (a: number, b: number) => boolean) {
    this.#before = before
  }

  get size(): number {
    return this.#size
  }

  /** The slot that comes out first; undefined when empty. */
  get first(): number | undefined {
    return this.#size === 0 ? undefined : this.#slots[0]
  }

  insert(slot: number): void {
    if (this.#size === this.#slots.length) this.#slots = resized(this.#slots, this.#size * 2, 0)
    if (slot >= this.#places.length)
      this.#places = resized(this.#places, Math.max(slot + 1, this.#places.length * 2), -1)
    this.#size += 1
    this.#put(slot, this.#size - 1)
    this.#rise(this.#size - 1)
  }

  /** The slot's contents have changed: moves it to where it now belongs. */
  update(slot: number): void {
    const at = this.#placeOf(slot)
    this.#sink(this.#rise(at))
  }

  remove(slot: number): void {
    const at = this.#placeOf(slot)
    const last = this.#at(this.#size - 1)
    this.#size -= 1
    this.#places[slot] = -1
    if (last !== slot) {
      this.#put(last, at)
      this.#sink(this.#rise(at))
    }
    if (this.#slots.length > smallest && this.#size < this.#slots.length / 4)
      this.#slots = resized(this.#slots, this.#slots.length / 2, 0)
  }

  clear(): void {
    this.#slots = new Int32Array(smallest)
    this.#places = new Int32Array(smallest).fill(-1)
    this.#size = 0
  }

  #at(place: number): number {
    return this.#slots[place] ?? -1
  }

  #placeOf(slot: number): number {
    const place = this.#places[slot] ?? -1
    if (place < 0) throw new RangeError(`slot ${slot} is not in the heap`)
    return place
  }

  #put(slot: number, place: number): void {
    this.#slots[place] = slot
    this.#places[slot] = place
  }

  #rise(from: number): number {
    const slot = this.#at(from)
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#at(parent)
      if (!this.#before(slot, above)) break
      this.#put(above, place)
      place = parent
    }
    this.#put(slot, place)
    return place
  }

  #sink(from: number): void {
    const slot = this.#at(from)
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#before(this.#at(child + 1), this.#at(child))) child += 1
      const below = this.#at(child)
      if (!this.#before(below, slot)) break
      this.#put(below, place)
      place = child
    }
    this.#put(slot, place)
  }
}

const resized = (array: Int32Array<ArrayBuffer>, length: number, fill: number): Int32Array<ArrayBuffer> => {
  const result = new Int32Array(length).fill(fill)
  result.set(array.length > length ? array.subarray(0, length) : array)
  return result
}
