/**
 * What the registries of split boards are to say of their groups and do not say yet: versions that were written since, and
 * groups that were deleted. Each vouching has a number greater than the one before, so that a server that has gone back is
 * found out by the number that it lacks. Pure bookkeeping: no call costs more than the groups that it is about. Memory: a
 * name for each group that the registries are behind of.
 */
import { type GroupId, groupName } from '../core/group-name.js'
import type { Vouching } from './ports.js'

/** Versions of a split board's groups that its registry does not name yet. */
export interface Unvouched {
  readonly split: string
  readonly vouching: Vouching
  /** Groups that are deleted, and that the registry does not name any more. */
  readonly forgotten: readonly GroupId[]
}

/** What Redis has of a group. */
interface GroupThere {
  readonly id: GroupId
  readonly version: number
}

export class GroupRegistries {
  /** By split board: names of groups. */
  readonly #unvouched = new Map<string, Set<string>>()
  /** By split board: values of groups. */
  readonly #unregistered = new Map<string, Set<string>>()
  readonly #vouched = new Map<string, number>()
  /** The greatest number that was sent: one that was not answered may arrive late, and is then refused. */
  readonly #tried = new Map<string, number>()
  /** Split boards from whose registries groups were removed since their last vouching. */
  readonly #removed = new Set<string>()
  /** Groups that were deleted since the last vouching: a server that fails over before it may have them again. */
  readonly #forgotten = new Map<string, GroupId>()

  /** Redis has the group in a version that its registry may not name. */
  written({ split, name }: GroupId): void {
    this.#forgotten.delete(name)
    addTo(this.#unvouched, split, name)
  }

  /** The registry names the version that Redis has. */
  named({ split, name }: GroupId): void {
    this.#unvouched.get(split)?.delete(name)
  }

  /** The keys of the group are gone, and the registry may still name it. */
  gone(id: GroupId): void {
    this.named(id)
    addTo(this.#unregistered, id.split, id.value)
    this.#forgotten.set(id.name, id)
  }

  /** Writes to the registry are gone. */
  lost(split: string): void {
    this.#vouched.delete(split)
  }

  /** Number of the last vouching that is known to be in a split board's registry. */
  setVouched(split: string, number: number): void {
    this.#vouched.set(split, number)
  }

  vouchedNumbers(): ReadonlyMap<string, number> {
    return this.#vouched
  }

  forgotten(): readonly GroupId[] {
    return [...this.#forgotten.values()]
  }

  /** They name no group that is gone. */
  get idle(): boolean {
    return this.#unregistered.size === 0
  }

  /** Values whose keys are gone and that the registry still names. */
  unregistered(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#unregistered
  }

  /**
   * A number for the removal of groups from a registry, so that a server that fails over to a time before it is found out
   * by the next vouching; undefined where nothing has been vouched for yet.
   */
  numberOfRemoval(split: string): Pick<Vouching, 'number' | 'after'> | undefined {
    const after = this.#vouched.get(split)
    return after === undefined ? undefined : { number: this.#nextNumber(split), after }
  }

  /** The registry names none of those any more. `number`: that of the removal, if it was carried out. */
  unregister(split: string, number?: number): void {
    this.#unregistered.delete(split)
    this.#removed.add(split)
    if (number !== undefined && number > (this.#vouched.get(split) ?? number)) this.#vouched.set(split, number)
  }

  /**
   * What the registries do not say yet. A split board that has nothing new is among them: the number of its last vouching
   * is looked for, since a server that has failed over may lack it. `sure`: a group of which it is known what Redis has.
   */
  unvouched(sure: (name: string) => GroupThere | undefined): readonly Unvouched[] {
    return [...new Set([...this.#vouched.keys(), ...this.#unvouched.keys()])].flatMap((split) => {
      const versions = new Map<string, number>()
      for (const name of this.#unvouched.get(split) ?? []) {
        const there = sure(name)
        if (there !== undefined) versions.set(there.id.value, there.version)
      }
      const last = this.#vouched.get(split)
      if (versions.size > 0 || this.#removed.has(split))
        return [
          { split, vouching: { versions, number: this.#nextNumber(split), after: last }, forgotten: this.#done(split) },
        ]
      return last === undefined ? [] : [{ split, vouching: { versions, number: last, after: last }, forgotten: [] }]
    })
  }

  #nextNumber(split: string): number {
    const number = Math.max(this.#tried.get(split) ?? 0, this.#vouched.get(split) ?? 0) + 1
    this.#tried.set(split, number)
    return number
  }

  #done(split: string): readonly GroupId[] {
    this.#removed.delete(split)
    const waiting = this.#unregistered.get(split)
    return this.forgotten().filter((id) => id.split === split && waiting?.has(id.value) !== true)
  }

  /** The registry names these versions. `versionOf`: what Redis has by now, as far as is known. */
  vouch(
    { split, vouching: { versions, number }, forgotten }: Unvouched,
    versionOf: (name: string) => number | undefined,
  ): void {
    // Answered after a later one: it may have been carried out after that, and have put back what that had replaced.
    if (number < (this.#vouched.get(split) ?? number)) {
      for (const value of versions.keys()) addTo(this.#unvouched, split, groupName(split, value))
      return
    }
    this.#vouched.set(split, number)
    for (const { name } of forgotten) this.#forgotten.delete(name)
    const names = this.#unvouched.get(split)
    for (const [value, version] of versions) {
      const name = groupName(split, value)
      if (versionOf(name) === version) names?.delete(name)
    }
  }
}

const addTo = (sets: Map<string, Set<string>>, key: string, item: string): void => {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([item]))
  else set.add(item)
}
