/**
 * What of a split board is read, and when: generations of all groups, groups that run short, groups that a start could
 * not use. One reading at a time; what it brought is taken in when its barrier is passed, group by group.
 */
import type { BoardDiff } from './board-content.js'
import { diffBoards } from './board-diff.js'
import type { ErrorCode } from './errors.js'
import { GroupJournals } from './group-journals.js'
import { type KeeperEffect, type KeeperFeed, keeperLimits } from './keeper-feed.js'
import type { Cause } from './note.js'
import type { Positions } from './positions.js'
import type { GroupsQuery, GroupsRows } from './refill-groups.js'
import { Generation } from './split-generation.js'
import type { Group, GroupKind } from './split-group.js'
import type { SplitGroups } from './split-groups.js'
import { SplitReading } from './split-reading.js'

/** How the board as a whole stands, and what becomes of it through what is read. */
export interface ReadingBoard {
  readonly per: number
  /** It can't be vouched for, so no group is refilled: all will be read. */
  readonly isDegraded: boolean
  /** Groups may be shown as they are, so those that differ from the table are wrong. */
  readonly inTime: boolean
  /** No marker has proved it so far, and one could. */
  readonly isUnproven: boolean
  /** More groups than are allowed; ends what is being read. */
  overflow(): void
  /** A reading has been taken in, as proven as it says. */
  taken(reading: SplitReading): void
  /** Every group has been read since the generation began. */
  rebuilt(generation: Generation): void
}

/** Rows and groups that are asked for at once, at most. */
const rowsAtOnce = 20_000
export const groupsAtOnce = 500

export class SplitReader {
  /** A hazard that crosses partitions: a barrier has to be passed before anything is read. */
  barrierFirst = false
  /** Groups that Redis knows and of which it has nothing to go on from. */
  unread: readonly Group[] = []
  readonly low = new Set<Group>()
  readonly #board: ReadingBoard
  readonly #feed: KeeperFeed
  readonly #kind: GroupKind
  readonly #groups: SplitGroups
  readonly #atOnce: number
  #reading: SplitReading | undefined
  #generation: Generation | undefined
  #generations = 0
  #wanted: Cause | undefined = 'fill'
  /** Of the generation that is wanted, how many ranges may be read at once. */
  #ranges = Number.POSITIVE_INFINITY
  /** Groups that are ahead of the stream. */
  #ahead: readonly Group[] = []
  #refilledLast = false
  #notBefore = 0
  #failures = 0

  constructor(board: ReadingBoard, feed: KeeperFeed, kind: GroupKind, groups: SplitGroups, atOnce: number) {
    this.#board = board
    this.#feed = feed
    this.#kind = kind
    this.#groups = groups
    this.#atOnce = atOnce
  }

  /** There is a group that nobody was told of, and that can't be shown before the stream has come up to it. */
  get hidesGroup(): boolean {
    return this.#ahead.some(({ told, entries }) => !told && entries === undefined)
  }

  /** Whether all groups are being read. */
  get isRebuilding(): boolean {
    return this.#generation !== undefined
  }

  /** Ends what is under way. `wanted`: what is to be read instead, and not before when. */
  restart(wanted: Cause | undefined, notBefore = this.#notBefore): void {
    this.#drop()
    this.#generation = undefined
    this.#wanted = wanted
    this.#ranges = Number.POSITIVE_INFINITY
    this.#notBefore = Math.max(this.#notBefore, notBefore)
  }

  /** A range each time it is called, or everything now. */
  audit(all: boolean): void {
    const ranges = all ? Number.POSITIVE_INFINITY : 1
    if (this.#generation?.cause === 'audit') this.#generation.allow(ranges)
    if (!all && (this.#generation !== undefined || this.#wanted !== undefined)) return
    this.#wanted ??= 'audit'
    this.#ranges = ranges
  }

  onGroups(request: number, rows: GroupsRows): void {
    this.#reading?.onGroups(request, rows)
  }

  onReadFailed(request: number, code: ErrorCode, detail: string): void {
    if (this.#reading?.request !== request) return
    const { cause } = this.#reading
    this.#feed.note({ kind: 'read-failed', board: this.#kind.spec.name, cause, code, detail })
    this.#drop()
    this.#notBefore = this.#feed.now + Math.min(keeperLimits.retry * 2 ** this.#failures, keeperLimits.retryMost)
    this.#failures += 1
  }

  onMarker(nonce: string): void {
    this.#reading?.onMarker(nonce)
  }

  onEnds(barrier: number, ends: Positions): void {
    this.#reading?.onEnds(barrier, ends)
  }

  onBarrierFailed(): void {
    this.#reading?.onBarrierFailed()
  }

  /** Whether something was read to its end: then there may be more to do at once. */
  advance(effects: KeeperEffect[]): boolean {
    this.#reading ??= this.#begin()
    const reading = this.#reading
    if (reading === undefined) return false
    const step = reading.advance()
    effects.push(...step.effects)
    if (step.due === 'early') this.#mergeEarly(reading)
    else if (step.due === 'finish') this.#finish(reading)
    return this.#reading === undefined
  }

  #begin(): SplitReading | undefined {
    if (this.#feed.now < this.#notBefore) return undefined
    this.#generation ??= this.#newGeneration()
    const refill = this.low.size > 0 && !this.#board.isDegraded ? this.#lowest() : undefined
    // Taking turns: groups that are short do not wait for the end of a generation, nor it for them.
    if (refill !== undefined && !this.#refilledLast) return this.#read('refill', refill)
    const generation = this.#generation
    const limit = this.#kind.capacity + 1
    const groups = generation?.next(this.#groupsFor(limit), () => this.#groups.all())
    if (generation !== undefined && groups !== undefined)
      return this.#read(generation.cause, { board: this.#kind.spec, limit, groups })
    return refill === undefined ? undefined : this.#read('refill', refill)
  }

  #read(cause: Cause, query: GroupsQuery): SplitReading {
    return new SplitReading(this.#feed, cause, query, this.barrierFirst)
  }

  #newGeneration(): Generation | undefined {
    if (this.#board.isUnproven) this.audit(true)
    const cause = this.#wanted
    const { unread } = this
    if (cause === undefined && unread.length === 0) return undefined
    this.#generations += 1
    this.unread = []
    this.#wanted = undefined
    if (cause === undefined) return Generation.of(this.#generations, unread)
    // What the stream begins while a rebuild reads its ranges may be in the place of something that was lost.
    this.#groups.generation = cause === 'audit' ? this.#generations : 0
    return new Generation(this.#generations, cause, this.#ranges)
  }

  /** The groups that hold the fewest rows, as many as may be read at once. */
  #lowest(): GroupsQuery {
    const { now } = this.#feed
    const values: string[] = []
    let limit = 0
    for (const group of [...this.low].sort((a, b) => a.size - b.size)) {
      limit = Math.max(limit, group.nextCapacity(now) + 1)
      if (values.length > 0 && values.length >= this.#groupsFor(limit)) break
      values.push(group.value)
    }
    return { board: this.#kind.spec, limit, groups: { kind: 'listed', values } }
  }

  /** How many groups may be read at once, with so many rows each. */
  #groupsFor(limit: number): number {
    return Math.max(1, Math.min(this.#atOnce, Math.floor(rowsAtOnce / limit)))
  }

  /**
   * The journal has outgrown its limit: takes the rows in now. Until the barrier their groups are not shown, nor those that
   * a row has left by what was read, though the stream has yet to tell of that.
   */
  #mergeEarly(reading: SplitReading): void {
    this.#feed.note({ kind: 'early-merge', board: this.#kind.spec.name, keys: reading.journal?.size ?? 0 })
    if (!this.#merge(reading, false)) return
    reading.mergedEarly()
    this.#ahead = [...this.#groups.touched]
    for (const group of this.#ahead) group.ahead = true
  }

  /** The stream has come up to them. */
  #notAhead(): void {
    for (const group of this.#ahead) {
      group.ahead = false
      this.#groups.touched.add(group)
    }
    this.#ahead = []
  }

  #finish(reading: SplitReading): void {
    if (reading.early) this.#notAhead()
    else if (!this.#merge(reading, reading.cause === 'audit' && this.#board.inTime)) return
    this.#drop()
    this.#failures = 0
    this.barrierFirst = false
    this.#refilledLast = reading.cause === 'refill'
    this.#board.taken(reading)
    const generation = reading.cause === 'refill' ? undefined : this.#generation
    if (generation === undefined || reading.rows === undefined) return
    generation.taken(reading.query.groups, reading.rows, reading.proof)
    if (!generation.ranged) return
    // A value that is not known has no rows now; some that are known have still to be read.
    this.#groups.filled = true
    this.#groups.generation = generation.number
    if (!generation.done(() => this.#groups.all())) return
    this.#generation = undefined
    if (generation.whole) this.#board.rebuilt(generation)
  }

  /** `compared`: what is shown has to be what was read. False: there were too many groups, and it has been dropped. */
  #merge({ rows, journal, cause }: SplitReading, compared: boolean): boolean {
    if (rows === undefined || journal === undefined) return true
    const { now, newestEs } = this.#feed
    const journals = new GroupJournals(journal, this.#board.per, rows.groups)
    const differing: string[] = []
    for (const [value, answer] of rows.groups) {
      const known = this.#groups.get(value)
      if (cause === 'refill') {
        known?.refill(answer, journals.of(value), newestEs, now)
        if (known !== undefined) this.#groups.touched.add(known)
        continue
      }
      const shown = compared && known?.full === true ? known.top() : undefined
      const group = known ?? this.#groups.begin(value, 'everything', 2 * this.#groups.most)
      group?.rebuild(answer, journals.of(value), newestEs, now)
      if (group === undefined || !this.#found(group)) {
        this.#board.overflow()
        return false
      }
      if (shown !== undefined) differing.push(...membersIn(diffBoards(shown, group.top())))
    }
    this.#noteDifference(differing)
    return true
  }

  /** False: that makes too many. */
  #found(group: Group): boolean {
    const generation = this.#generation
    this.#groups.touched.add(group)
    if (generation === undefined) return true
    group.generation = generation.number
    if (!group.empty) generation.found += 1
    return generation.found <= this.#groups.most
  }

  #noteDifference(members: readonly string[]): void {
    if (members.length === 0) return
    const { name } = this.#kind.spec
    this.#feed.note({ kind: 'audit-difference', board: name, count: members.length, keys: members.slice(0, 10) })
  }

  #drop(): void {
    this.#reading?.end()
    this.#reading = undefined
  }
}

const membersIn = ({ leave, scores, rows }: BoardDiff): Set<string> =>
  new Set([...leave, ...scores.map(({ member }) => member), ...rows.map(({ member }) => member)])
