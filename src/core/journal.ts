/**
 * The newest image of every key of one table that the stream touched while a query was under way: what is true of those
 * keys now, whatever the query read of them. One journal a table, shared by all its boards: at the merge each board
 * judges the images by its own order. It may begin earlier than a query needs (the images are the newest all the same),
 * never later. Memory: the keys touched while any query of the table is under way; `size` against the cap is the
 * caller's to watch.
 */
import type { Image } from './table.js'

export interface Newest {
  readonly image: Image | null
  readonly es: number
}

/** As much of a journal as concerns a board. */
export interface Touched {
  /** Whether the stream touched the row, whatever has become of it. */
  has(key: string): boolean
  /** Those that may be on the board now. */
  entries(): Iterable<readonly [string, Newest]>
}

export class Journal implements Touched {
  #newest = new Map<string, Newest>()

  get size(): number {
    return this.#newest.size
  }

  /** Null: the row is gone, or no longer ranked. */
  record(key: string, image: Image | null, es: number): void {
    this.#newest.set(key, { image, es })
  }

  has(key: string): boolean {
    return this.#newest.has(key)
  }

  entries(): IterableIterator<[string, Newest]> {
    return this.#newest.entries()
  }
}
