/**
 * What Redis holds of the groups of split boards, as far as their owner knows, and which of them have something to be
 * sent, taken, vouched for or forgotten. Pure bookkeeping, in steps: no call costs more than the groups that it is about,
 * but for those that say so. Memory: one record a group, and the entries that it shares with the feed.
 */
import { isWell } from '../core/board-content.js'
import { isEmpty } from '../core/board-diff.js'
import type { FeedSnapshot, GroupSnapshot } from '../core/feed-io.js'
import { type GroupId, groupName } from '../core/group-name.js'
import { catchingUp } from '../core/keeper-status.js'
import { duePublish, type Publish, type PublishedBoard, publishedOf } from './due-publish.js'
import { GroupRegistries, type Unvouched } from './group-registries.js'
import { groupsPerRound, PendingGroups } from './pending-groups.js'
import type { PublishOutcome, TakenBoard } from './ports.js'

/** Groups that are taken in one round because Redis has them. */
const straysPerRound = groupsPerRound / 2

export interface PublishedGroup extends PublishedBoard {
  readonly id: GroupId
  /** Its keys are gone, or may be: it has to be taken before anything can be sent. */
  readonly lost: boolean
}

export class PublishedGroups {
  readonly #there = new Map<string, PublishedGroup>()
  /** What the registries say of them, and have still to be told. */
  readonly registries = new GroupRegistries()
  readonly #pending = new PendingGroups((name) => this.#there.get(name)?.id)
  readonly #definitions: ReadonlyMap<string, string>
  readonly #unanswered = new Set<string>()
  /** Groups that the registry may name although they were never taken. */
  readonly #registering = new Set<string>()
  /** Groups that Redis has and that nobody here knows. */
  #strays: GroupId[] = []
  /** Split boards whose registries have to be read again. */
  readonly #doubted = new Set<string>()
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
    this.#there.set(id.name, { ...found, meta, id, lost: false })
    this.registries.written(id)
  }

  /** As `take` at a start, of a group whose registry names this very version. */
  takeVouched(id: GroupId, taken: TakenBoard): void {
    this.take(id, taken)
    this.registries.named(id)
  }

  /** A snapshot is about to be published. */
  accept(snapshot: FeedSnapshot, now: number): void {
    this.#pending.accept(snapshot, now)
  }

  /** Whether every group is of the feed's positions, or has not been since before `since`. */
  settledSince(since: number): boolean {
    return this.#pending.settledSince(since)
  }

  /** Looks again at a group although the feed did not change it: at what it is now. */
  recheck(id: GroupId): void {
    this.#pending.recheck(id)
  }

  /**
   * The keys of a split board itself are gone, or writes to its registry: so, very likely, are groups of it, and others
   * may be there again. Costs all of them.
   */
  loseAll(split: string): void {
    this.#doubted.add(split)
    for (const { id } of this.#there.values()) if (id.split === split) this.#doubt(id)
    this.registries.lost(split)
  }

  get idle(): boolean {
    return this.#pending.idle && this.registries.idle && this.#strays.length === 0 && this.#doubted.size === 0
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
    return this.#strays.slice(0, straysPerRound)
  }

  /** The groups that the next round is about. */
  round(): readonly GroupSnapshot[] {
    return this.#pending.round()
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
      else if (!this.#registering.has(group.name)) this.#pending.done(group.name)
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
      const there = gone && this.#pending.isGone(name) ? this.#there.get(name) : undefined
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
      this.registries.written(there.id)
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

  /** What the registries do not say yet: nothing is vouched for of which it is not known what Redis has. */
  unvouched(): readonly Unvouched[] {
    return this.registries.unvouched((name) => {
      const there = this.#there.get(name)
      return there !== undefined && this.#isSure(there) ? there : undefined
    })
  }

  /** The registry names these versions. */
  vouch(some: Unvouched): void {
    this.registries.vouch(some, (name) => this.#there.get(name)?.version)
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
    this.#pending.done(name)
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
    if (this.#pending.isGone(id.name)) this.#gone(id)
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
    this.#pending.forget(id.name)
    this.registries.gone(id)
  }
}

const idOf = ({ spec, value, name }: GroupSnapshot): GroupId => ({ split: spec.name, value, name })
