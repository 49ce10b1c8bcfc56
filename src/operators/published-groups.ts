/**
 * What Redis holds of the groups of split boards, as far as their owner knows, and which of them have something to be
 * sent, taken, vouched for or forgotten. Pure bookkeeping, in steps: no call costs more than the groups that it is about,
 * but for those that say so. Memory: one record a group, and the entries that it shares with the feed.
 */
import { isWell } from '../core/board-content.js'
import { isEmpty } from '../core/board-diff.js'
import type { Content } from '../core/board-keeper.js'
import type { FeedSnapshot, GroupSnapshot, SplitSnapshot } from '../core/feed-io.js'
import { groupName } from '../core/group-name.js'
import { catchingUp } from '../core/keeper-status.js'
import { duePublish, type Publish, type PublishedBoard, publishedOf, unknownMeta } from './due-publish.js'
import type { PublishOutcome, TakenBoard, Vouching } from './ports.js'

export interface GroupId {
  /** Name of the split board. */
  readonly split: string
  readonly value: string
  /** As `groupName` has it. */
  readonly name: string
}

export interface PublishedGroup extends PublishedBoard {
  readonly id: GroupId
  /** Its keys are gone, or may be: it has to be taken before anything can be sent. */
  readonly lost: boolean
}

/** Versions of a split board's groups that its registry does not name yet. */
export interface Unvouched {
  readonly split: string
  readonly vouching: Vouching
  /** Groups that are deleted, and that the registry does not name any more. */
  readonly forgotten: readonly GroupId[]
}

/** What one round of publishing is about at most: groups, and rows that they may hold together. */
const groupsPerRound = 1_000
const rowsPerRound = 20_000

export class PublishedGroups {
  readonly #there = new Map<string, PublishedGroup>()
  readonly #definitions: ReadonlyMap<string, string>
  /** Groups that may have something to be sent, as they are to be; in the order in which they changed. */
  readonly #pending = new Map<string, GroupSnapshot>()
  readonly #unanswered = new Set<string>()
  /** Groups that the registry may name although they were never taken. */
  readonly #registering = new Set<string>()
  /** Groups that are not of the feed's positions, and since when, ms since 1970. */
  readonly #behind = new Map<string, number>()
  /** By split board. */
  readonly #unvouched = new Map<string, Set<string>>()
  readonly #unregistered = new Map<string, Set<string>>()
  readonly #vouched = new Map<string, number>()
  /** The greatest number that was sent: one that was not answered may arrive late, and is then refused. */
  readonly #tried = new Map<string, number>()
  /** Split boards from whose registries groups were removed since their last vouching. */
  readonly #removed = new Set<string>()
  /** Groups that were deleted since the last vouching: a server that fails over before it may have them again. */
  readonly #forgotten = new Map<string, GroupId>()
  /** Groups that Redis has and that nobody here knows. */
  #strays: GroupId[] = []
  /** Split boards whose registries have to be read again. */
  readonly #doubted = new Set<string>()
  #splits: readonly SplitSnapshot[] = []
  /** Groups that were looked at while the whole split board was not well: they say what it said. */
  readonly #asWhole = new Map<string, Set<string>>()
  /** To be looked at once there is a snapshot. */
  #later: GroupId[] = []
  #turn: Iterator<string>
  /** Counts groups that came or went: whoever keeps a list of them sees by it that there is another. */
  changes = 0

  constructor(definitions: ReadonlyMap<string, string>) {
    this.#definitions = definitions
    this.#turn = this.#there.keys()
  }

  get(name: string): PublishedGroup | undefined {
    return this.#there.get(name)
  }

  get size(): number {
    return this.#there.size
  }

  ids(): readonly GroupId[] {
    return [...this.#there.values()].map(({ id }) => id)
  }

  /** The group was taken (again): this is what was found. */
  take(id: GroupId, taken: TakenBoard): void {
    if (!this.#there.has(id.name)) this.changes += 1
    const found = publishedOf(taken)
    const definition = this.#definitions.get(id.split)
    // One text for all groups.
    const meta = found.meta.definition === definition ? { ...found.meta, definition } : found.meta
    this.#unanswered.delete(id.name)
    this.#registering.delete(id.name)
    this.#forgotten.delete(id.name)
    this.#there.set(id.name, { ...found, meta, id, lost: false })
    addTo(this.#unvouched, id.split, id.name)
  }

  /** As `take` at a start, of a group whose registry names this very version. */
  takeVouched(id: GroupId, taken: TakenBoard): void {
    this.take(id, taken)
    this.#unvouched.get(id.split)?.delete(id.name)
  }

  /** Number of the last vouching that is known to be in a split board's registry. */
  setVouched(split: string, number: number): void {
    this.#vouched.set(split, number)
  }

  vouchedNumbers(): ReadonlyMap<string, number> {
    return this.#vouched
  }

  /** A snapshot is about to be published. */
  accept({ splits, changed }: FeedSnapshot, now: number): void {
    this.#splits = splits
    const later = this.#later
    this.#later = splits.flatMap((split) => this.#wellAgain(split))
    for (const id of [...later, ...this.#later.splice(0)]) this.recheck(id)
    for (const [name, group] of changed) {
      this.#pending.set(name, group)
      if (group.current || group.gone) this.#behind.delete(name)
      else this.#behind.set(name, group.behindSince ?? now)
    }
  }

  /** What was said of these was said of the whole split board, which is well again. */
  #wellAgain({ spec, status }: SplitSnapshot): GroupId[] {
    const names = isWell(status) ? this.#asWhole.get(spec.name) : undefined
    if (names === undefined) return []
    this.#asWhole.delete(spec.name)
    return [...names].flatMap((name) => this.#there.get(name)?.id ?? [])
  }

  /** Whether every group is of the feed's positions, or has not been since before `since`. */
  settledSince(since: number): boolean {
    for (const at of this.#behind.values()) if (at > since) return false
    return true
  }

  /** Looks again at a group although the feed did not change it: at what it is now. */
  recheck(id: GroupId): void {
    const split = this.#splits.find(({ spec }) => spec.name === id.split)
    if (split === undefined) this.#later.push(id)
    else {
      const group = split.group(id.value) ?? unknown(split, id)
      this.#pending.set(id.name, group)
      if (group.current && !isWell(group.status)) addTo(this.#asWhole, id.split, id.name)
    }
  }

  /**
   * The keys of a split board itself are gone, or writes to its registry: so, very likely, are groups of it, and others
   * may be there again. Costs all of them.
   */
  loseAll(split: string): void {
    this.#doubted.add(split)
    for (const { id } of this.#there.values()) if (id.split === split) this.#doubt(id)
    this.#vouched.delete(split)
  }

  get idle(): boolean {
    return (
      this.#pending.size === 0 && this.#unregistered.size === 0 && this.#strays.length === 0 && this.#doubted.size === 0
    )
  }

  /** Split boards whose registries have to be read, to see which groups they name. */
  doubted(): readonly string[] {
    return [...this.#doubted]
  }

  /** What the registry names is to be looked at: it may be more than is known here. */
  doubt(split: string): void {
    this.#doubted.add(split)
  }

  /** A registry names these values. */
  found(split: string, values: Iterable<string>): void {
    this.#doubted.delete(split)
    for (const value of values) this.stray({ split, value, name: groupName(split, value) })
  }

  /** Redis has a group that was thought to be gone, or never known. */
  stray(id: GroupId): void {
    if (!this.#there.has(id.name)) this.#strays.push(id)
  }

  /** Some of the strays, which are to be taken. */
  strays(): readonly GroupId[] {
    this.#strays = this.#strays.filter(({ name }) => !this.#there.has(name))
    return this.#strays.slice(0, groupsPerRound / 2)
  }

  forgotten(): readonly GroupId[] {
    return [...this.#forgotten.values()]
  }

  /** The groups that the next round is about. */
  round(): readonly GroupSnapshot[] {
    const groups: GroupSnapshot[] = []
    let rows = 0
    for (const group of this.#pending.values()) {
      rows += group.spec.size + 1
      if (groups.length === groupsPerRound || (groups.length > 0 && rows > rowsPerRound)) break
      groups.push(group)
    }
    return groups
  }

  /** Those of a round that have to be registered and taken before they can be sent. */
  untaken(round: readonly GroupSnapshot[]): readonly GroupId[] {
    const ids: GroupId[] = []
    for (const group of round) {
      const there = this.#there.get(group.name)
      if (there !== undefined && !there.lost) continue
      const id = there?.id ?? idOf(group)
      // One that may still have keys is taken although it shows nothing any more: else they would stay as they are.
      if (there !== undefined || (!group.gone && group.content !== undefined)) ids.push(id)
      else if (!this.#registering.has(group.name)) this.#pending.delete(group.name)
      else this.#gone(id)
    }
    for (const { name } of ids) this.#registering.add(name)
    return ids
  }

  /** Those of a round that have to be sent; what is there already as it is here is done with. */
  due(round: readonly GroupSnapshot[]): readonly Publish[] {
    return round.flatMap((group) => this.#dueFor(group))
  }

  /** Those of a round that show nothing any more and are to be deleted. */
  empty(round: readonly GroupSnapshot[]): readonly PublishedGroup[] {
    return round.flatMap(({ name, gone }) => {
      const there = gone && this.#pending.get(name)?.gone === true ? this.#there.get(name) : undefined
      return there !== undefined && there.entries.length === 0 && this.#isSure(there) ? [there] : []
    })
  }

  unsettle(names: readonly string[]): void {
    for (const name of names) this.#unanswered.add(name)
  }

  settle({ request, entries }: Publish, outcome: PublishOutcome): void {
    const { board, epoch, meta } = request
    this.#unanswered.delete(board)
    const there = this.#there.get(board)
    if (there === undefined) return
    if (outcome.kind === 'published') {
      this.#there.set(board, { ...there, epoch, version: outcome.version, entries, meta, doubtful: false })
      addTo(this.#unvouched, there.id.split, board)
    } else if (outcome.kind === 'moved') this.correct(board, outcome)
    else if (outcome.kind === 'lost') this.#lose(there.id)
  }

  /** Its keys are gone, because we have deleted them. */
  forget({ id }: PublishedGroup): void {
    this.#unanswered.delete(id.name)
    this.#gone(id)
  }

  /** Redis holds something else than was put there. */
  correct(name: string, { version, entries }: Pick<PublishedBoard, 'version' | 'entries'>): void {
    const there = this.#there.get(name)
    if (there === undefined) return
    this.#there.set(name, { ...there, version, entries, doubtful: true })
    if (!this.#pending.has(name)) this.recheck(there.id)
  }

  /** The keys of a group were found to be gone. */
  lose(name: string): void {
    const there = this.#there.get(name)
    if (there !== undefined) this.#lose(there.id)
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
   * is looked for, since a server that has failed over may lack it.
   */
  unvouched(): readonly Unvouched[] {
    return [...new Set([...this.#vouched.keys(), ...this.#unvouched.keys()])].flatMap((split) => {
      const versions = new Map<string, number>()
      for (const name of this.#unvouched.get(split) ?? []) {
        const there = this.#there.get(name)
        if (there !== undefined && this.#isSure(there)) versions.set(there.id.value, there.version)
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

  /** The registry names these versions. */
  vouch({ split, vouching: { versions, number }, forgotten }: Unvouched): void {
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
      if (this.#there.get(name)?.version === version) names?.delete(name)
    }
  }

  /** The next groups in turn, around and around; none twice. */
  inTurn(most: number): readonly PublishedGroup[] {
    const groups = new Map<string, PublishedGroup>()
    while (groups.size < Math.min(most, this.#there.size)) {
      const { value: name, done } = this.#turn.next()
      if (done === true) {
        this.#turn = this.#there.keys()
        if (groups.size > 0) break
        continue
      }
      const there = this.#there.get(name)
      if (there !== undefined) groups.set(name, there)
    }
    return [...groups.values()].filter(({ lost }) => !lost)
  }

  #dueFor(group: GroupSnapshot): readonly Publish[] {
    const { name, gone, spec } = group
    const there = this.#there.get(name)
    if (there === undefined || there.lost) return []
    const definition = this.#definitions.get(spec.name) ?? ''
    const unanswered = this.#unanswered.has(name)
    const due = this.#stands(group, there) ? undefined : duePublish(name, there, group, definition, unanswered)
    if (gone && (due === undefined || (isEmpty(due.request.diff) && this.#isSure(there)))) return []
    if (due !== undefined) return [due]
    this.#pending.delete(name)
    // The same members, in the board's order now: the next comparison need not look at them.
    const { content } = group
    if (content !== undefined && content.entries !== there.entries)
      this.#there.set(name, { ...there, entries: content.entries })
    return []
  }

  /** A warm start is coming up to where this group was exact, and Redis has it as it was there. */
  #stands({ status, content }: GroupSnapshot, there: PublishedGroup): boolean {
    if (status.reason !== catchingUp || content === undefined || !this.#isSure(there)) return false
    return isWell(there.meta.status) && there.meta.definition === this.#definitions.get(there.id.split)
  }

  #isSure({ doubtful, lost, id }: PublishedGroup): boolean {
    return !doubtful && !lost && !this.#unanswered.has(id.name)
  }

  #lose(id: GroupId): void {
    const there = this.#there.get(id.name)
    if (there === undefined) return
    this.#unanswered.delete(id.name)
    if (this.#pending.get(id.name)?.gone === true) this.#gone(id)
    else this.#doubt(id)
  }

  /** Whether it has keys, and which, is not known any more. */
  #doubt(id: GroupId): void {
    const there = this.#there.get(id.name)
    if (there === undefined) return
    this.#unanswered.delete(id.name)
    this.#there.set(id.name, { ...there, lost: true })
    if (!this.#pending.has(id.name)) this.recheck(id)
  }

  #gone(id: GroupId): void {
    if (this.#there.delete(id.name)) this.changes += 1
    this.#registering.delete(id.name)
    this.#pending.delete(id.name)
    this.#behind.delete(id.name)
    this.#unvouched.get(id.split)?.delete(id.name)
    addTo(this.#unregistered, id.split, id.value)
    this.#forgotten.set(id.name, id)
  }
}

const idOf = ({ spec, value, name }: GroupSnapshot): GroupId => ({ split: spec.name, value, name })

const nothing: Content = { entries: [], positions: new Map(), complete: true, proof: 'assumed' }

/** A group that Redis has and the feed does not: it was not read yet, or there is no row of it. */
const unknown = ({ spec, behindSince, filled }: SplitSnapshot, { value, name }: GroupId): GroupSnapshot => ({
  spec,
  name,
  value,
  gone: filled,
  status: unknownMeta.status,
  content: filled ? nothing : undefined,
  current: false,
  behindSince,
})

const addTo = (sets: Map<string, Set<string>>, key: string, item: string): void => {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([item]))
  else set.add(item)
}
