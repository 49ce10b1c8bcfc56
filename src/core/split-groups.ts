/**
 * The groups of a split board: by value, and by the keys that they hold. An image goes to the group that it names, as a
 * row, and to the group that holds its key, as gone. What a row was before is never asked: of several moves in one
 * window only the last is told, and what it left was never its group here.
 *
 * Memory: the groups, and one entry a held row. `most` bounds the groups.
 */
import type { Below } from './bounded-board.js'
import type { FoldedChange } from './newest-per-key.js'
import { rankOf } from './ranking.js'
import { Group, type GroupKind } from './split-group.js'

export class SplitGroups {
  /**
   * Every group that there is, is known: of a value that was not seen before nothing can be below what the stream says.
   * Until then such a value is kept in mind, to be read.
   */
  filled = false
  /** The generation by which a group that the stream has begun counts as read. */
  generation = 0
  readonly #kind: GroupKind
  readonly #per: number
  readonly #byValue = new Map<string, Group>()
  readonly most: number

  constructor(kind: GroupKind, per: number, most: number) {
    this.#kind = kind
    this.#per = per
    this.most = most
  }

  get touched(): Set<Group> {
    return this.#kind.touched
  }

  get size(): number {
    return this.#byValue.size
  }

  get(value: string): Group | undefined {
    return this.#byValue.get(value)
  }

  all(): IterableIterator<Group> {
    return this.#byValue.values()
  }

  holder(key: string): Group | undefined {
    return this.#kind.holders.get(key)
  }

  /** False: the row would begin a group too many, and was not taken. */
  apply({ key, after, es = Number.POSITIVE_INFINITY }: FoldedChange): boolean {
    const value = after?.[this.#per] ?? null
    const holder = this.#kind.holders.get(key)
    if (holder !== undefined && holder.value !== value) {
      holder.apply(key, null, es)
      this.touched.add(holder)
    }
    if (after === null || value === null) return true
    const known = this.#byValue.get(value)
    if (known === undefined && rankOf(this.#kind.ranking, after) === null) return true
    const group = known ?? this.begin(value, this.filled ? 'nothing' : 'everything', this.most)
    if (group === undefined) return false
    if (group.apply(key, after, es) !== 'passed') this.touched.add(group)
    return true
  }

  /** A group that was not known; undefined when there are `most` already. */
  begin(value: string, below: Below, most: number): Group | undefined {
    if (this.#byValue.size >= most) return undefined
    const group = new Group(this.#kind, value, below, below === 'everything' ? 0 : this.generation)
    this.#byValue.set(value, group)
    return group
  }

  /** TRUNCATE: no group has a row, and there is none that is not known. */
  clear(): void {
    for (const group of this.#byValue.values()) {
      group.clear()
      this.touched.add(group)
    }
    this.filled = true
  }

  remove(group: Group): void {
    if (this.#byValue.get(group.value) === group) this.#byValue.delete(group.value)
    this.touched.delete(group)
  }
}
