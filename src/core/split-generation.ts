/**
 * One reading of all groups of a split board: range after range of values, in whatever order the database has them, and
 * at last, by name, the groups that no range has answered. What is known to it is a cursor and a count.
 *
 * Once the ranges are done, a value that is not known has no row: at the snapshot of the range that it lies in it had
 * none, and whatever became of it since was told by the stream, which was then behind that snapshot.
 */
import type { Proof } from './barrier.js'
import type { Cause } from './note.js'
import type { GroupsRows, GroupsWanted } from './refill-groups.js'
import type { Group } from './split-group.js'

export class Generation {
  readonly number: number
  readonly cause: Cause
  /** Whether it reads all groups. */
  whole = true
  /** Of all that was read so far, the weakest. */
  proof: Proof = 'marker'
  doubt: string | undefined
  /** How many groups were found to have rows. */
  found = 0
  #after: string | undefined
  #ranged = false
  /** Ranges that may be read before the next audit is due. */
  #allowed: number
  #listed: readonly Group[] | undefined

  /** `allowed`: ranges to begin with; Infinity: as many as there are. */
  constructor(number: number, cause: Cause, allowed: number) {
    this.number = number
    this.cause = cause
    this.#allowed = allowed
  }

  /** Of these groups alone; it proves nothing of the others. */
  static of(number: number, groups: readonly Group[]): Generation {
    const generation = new Generation(number, 'fill', 0)
    generation.#ranged = true
    generation.#listed = groups
    generation.whole = false
    return generation
  }

  get ranged(): boolean {
    return this.#ranged
  }

  allow(ranges: number): void {
    this.#allowed += ranges
  }

  /**
   * What to read next; undefined: nothing now. `most`: groups that may be asked for at once. `all`: asked for once, when
   * the ranges are done: the groups that there are then.
   */
  next(most: number, all: () => Iterable<Group>): GroupsWanted | undefined {
    if (!this.#ranged) return this.#allowed > 0 ? { kind: 'range', after: this.#after, most } : undefined
    this.#listed ??= [...all()].filter(({ generation }) => generation < this.number)
    const values = this.#listed.slice(0, most).map(({ value }) => value)
    return values.length > 0 ? { kind: 'listed', values } : undefined
  }

  /** An answer has been taken in. */
  taken(wanted: GroupsWanted, rows: GroupsRows, proof: Proof): void {
    if (rows.doubt !== undefined) this.doubt ??= rows.doubt
    if (proof === 'assumed' || rows.doubt !== undefined) this.proof = 'assumed'
    if (wanted.kind === 'listed') {
      this.#listed = this.#listed?.slice(wanted.values.length)
      return
    }
    this.#allowed -= 1
    this.#after = rows.next
    this.#ranged = rows.next === undefined
  }

  /** Whether everything has been read. */
  done(all: () => Iterable<Group>): boolean {
    return this.#ranged && this.next(1, all) === undefined
  }
}
