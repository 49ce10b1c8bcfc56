/**
 * Keeps the groups of a split board true, as `BoardKeeper` does one board: one reading at a time, of many groups, with
 * one journal and one barrier.
 *
 * A *fill* or a *rebuild* is a generation: all groups are read anew and each is swapped at its barrier; what was wrong
 * before counts as repaired once every group has been. A *refill* adds to the groups that run short. What becomes of
 * the feed (a rewind, a refused message) concerns all groups alike; a group by itself can only be short. Nothing here
 * looks at all groups but the end of a generation and a change of what the whole board says of itself.
 */
import type { Proof } from './barrier.js'
import type { BoardDiff, BoardStatus } from './board-content.js'
import { diffBoards } from './board-diff.js'
import { rewinding } from './board-keeper.js'
import { type BoardSpec, defaultMaxGroups } from './board-spec.js'
import { type ErrorCode, errorTable } from './errors.js'
import type { GroupSnapshot, RestoredSplit, SplitSnapshot } from './feed-io.js'
import { GroupJournals } from './group-journals.js'
import { HealPauses } from './heal-pauses.js'
import { type Keeper, type KeeperEffect, type KeeperFeed, keeperLimits } from './keeper-feed.js'
import type { FoldedChange } from './newest-per-key.js'
import type { Cause } from './note.js'
import { furthest, hasPassed, type Positions } from './positions.js'
import { rankingOf, rankOf } from './ranking.js'
import type { GroupsQuery, GroupsRows, GroupsWanted } from './refill-groups.js'
import { Generation } from './split-generation.js'
import type { Group, GroupKind } from './split-group.js'
import { SplitGroups } from './split-groups.js'
import { SplitNews, type Standing, snapshotOf } from './split-news.js'
import { SplitReading } from './split-reading.js'

/** What there is of a group beyond which no more is read: some hundred groups are asked for at once. */
const rowsAtOnce = 20_000
const groupsAtOnce = 500

export class SplitKeeper implements Keeper {
  readonly spec: BoardSpec
  readonly #feed: KeeperFeed
  readonly #kind: GroupKind
  readonly #per: number
  readonly #atOnce: number
  readonly #most: number
  readonly #groups: SplitGroups
  /** Every group that there is, is known and has been read or told of: whoever finds no group may say that it is empty. */
  #filled = false
  readonly #news: SplitNews
  #reading: SplitReading | undefined
  #generation: Generation | undefined
  #generations = 0
  #wanted: Cause | undefined = 'fill'
  /** Of the audit that is wanted, how many ranges may be read at once. */
  #ranges = Number.POSITIVE_INFINITY
  #degraded = new Map<ErrorCode, string>()
  #barrierFirst = false
  #notBefore = 0
  #failures = 0
  readonly #healing = new HealPauses()
  #proof: Proof = 'marker'
  #doubt: string | undefined
  #catchUp: Positions | undefined
  #warm = false
  /** Groups that Redis knows and that are of no use: to be read by themselves. */
  #unread: readonly Group[] = []
  readonly #low = new Set<Group>()
  #refilledLast = false
  /** Groups that may have changed since they could last be shown. */
  readonly #waiting = new Set<Group>()
  #heldAt: Positions = new Map()
  #behindSince: number | undefined
  #status: BoardStatus = { state: 'stale', reason: 'starting' }

  constructor(spec: BoardSpec, per: number, capacity: number, feed: KeeperFeed, atOnce = groupsAtOnce) {
    this.spec = spec
    this.#feed = feed
    this.#per = per
    this.#atOnce = atOnce
    this.#most = spec.maxGroups ?? defaultMaxGroups
    this.#kind = { spec, ranking: rankingOf(spec), capacity, holders: new Map(), touched: new Set() }
    this.#groups = new SplitGroups(this.#kind, per, this.#most)
    this.#news = new SplitNews(this.#groups)
  }

  /** Starts from what Redis kept. False when that says nothing of where the stream has to be read from. */
  restore({ groups, unread, filled, positions, proof }: RestoredSplit): boolean {
    let catchUp = positions
    const useless: Group[] = []
    const at = (value: string): Group | undefined => {
      const group = this.#groups.begin(value, 'everything', 2 * this.#most)
      if (group === undefined) this.#overflow()
      else group.told = true
      return group
    }
    for (const [value, { entries, complete, positions: its }] of groups) {
      const group = at(value)
      if (group?.restore(entries, complete, { positions: its, since: this.#feed.now }) === true) {
        this.#groups.touched.add(group)
        if (!hasPassed(catchUp, its)) catchUp = furthest(catchUp, its)
      } else if (group !== undefined) useless.push(group)
    }
    for (const value of unread) {
      const group = at(value)
      if (group !== undefined) useless.push(group)
    }
    this.#news.addAll()
    this.#unread = useless
    this.#warm = filled || useless.length < this.#groups.size
    if (!this.#warm) return false
    this.#catchUp = catchUp
    this.#proof = proof
    this.#groups.filled = filled
    this.#filled = filled
    if (filled) this.#wanted = undefined
    return true
  }

  /** Unless it was restored: shows nothing of the time before these positions. */
  expect(positions: Positions): void {
    if (!this.#warm) this.#catchUp = positions
  }

  get publishable(): boolean {
    return this.#inTime && this.#filled
  }

  /** Groups may be shown as they are. */
  get #inTime(): boolean {
    const inTime = this.#catchUp === undefined && !this.#feed.rewinding && this.#feed.heldUp === ''
    return inTime && this.#degraded.size === 0
  }

  get snapshot(): SplitSnapshot {
    const status = this.#inTime && !this.#filled ? starting : this.#status
    const group = (value: string): GroupSnapshot | undefined => {
      const known = this.#groups.get(value)
      return known === undefined ? undefined : snapshotOf(known, this.#standing)
    }
    return {
      spec: this.spec,
      status,
      current: this.publishable,
      behindSince: this.#behindSince,
      filled: this.#filled,
      size: this.#groups.size,
      group,
    }
  }

  collectNews(into: Map<string, GroupSnapshot>): void {
    this.#news.collect(this.#standing, into)
  }

  newsHandedOn(): void {
    this.#news.handedOn()
  }

  apply(change: FoldedChange): void {
    this.#checkBefore(change)
    if (!this.#groups.apply(change)) this.#overflow()
  }

  truncate(): void {
    this.#drop()
    this.#generation = undefined
    this.#wanted = undefined
    this.#unread = []
    this.#degraded.clear()
    this.#barrierFirst = false
    this.#groups.clear()
    this.#filled = true
    if (this.#feed.partitions > 1) this.degrade('PARTITION_RACE', 'TRUNCATE or DROP on several partitions', true)
  }

  degrade(code: ErrorCode, detail: string, crossesPartitions: boolean): void {
    if (!this.#degraded.has(code)) this.#feed.note({ kind: 'degraded', board: this.spec.name, code, detail })
    this.#healing.refused(this.#feed.now)
    if (this.#degraded.size === 0 || this.#generation !== undefined)
      this.#notBefore = Math.max(this.#notBefore, this.#feed.now + this.#healing.next(this.#feed.now))
    this.#degraded.set(code, detail)
    this.#barrierFirst ||= crossesPartitions && this.#feed.partitions > 1
    this.#drop()
    this.#generation = undefined
    this.#wanted = this.#groups.filled ? 'heal' : 'fill'
    this.#ranges = Number.POSITIVE_INFINITY
  }

  /** Compares with the table: a range of groups each time, or all of them now. */
  audit(all: boolean): void {
    const ranges = all ? Number.POSITIVE_INFINITY : 1
    if (this.#generation?.cause === 'audit') this.#generation.allow(ranges)
    if (all || (this.#generation === undefined && this.#wanted === undefined)) {
      this.#wanted ??= 'audit'
      this.#ranges = ranges
    }
  }

  onGroups(request: number, rows: GroupsRows): void {
    this.#reading?.onGroups(request, rows)
  }

  onReadFailed(request: number, code: ErrorCode, detail: string): void {
    if (this.#reading?.request !== request) return
    const { cause } = this.#reading
    this.#feed.note({ kind: 'read-failed', board: this.spec.name, cause, code, detail })
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

  advance(): KeeperEffect[] {
    if (this.#catchUp !== undefined && hasPassed(this.#feed.reached.positions, this.#catchUp)) this.#catchUp = undefined
    const effects: KeeperEffect[] = []
    // What ends makes room for the next, of which there may be hundreds.
    for (let ended = true; ended; ) {
      this.#look()
      this.#reading ??= this.#begin()
      const reading = this.#reading
      if (reading === undefined) break
      const step = reading.advance()
      effects.push(...step.effects)
      if (step.due === 'early') this.#mergeEarly(reading)
      else if (step.due === 'finish') this.#finish(reading)
      ended = this.#reading === undefined
    }
    this.#settle()
    return effects
  }

  get #standing(): Standing {
    return {
      status: this.#status,
      inTime: this.#inTime,
      heldAt: this.#heldAt,
      proof: this.#proof,
      behindSince: this.#behindSince,
    }
  }

  #statusNow(): BoardStatus {
    const silent = this.#reading?.silent === true && this.#feed.carriesMarkers
    if (silent) return { state: 'degraded', reason: `FEED_SILENT: ${errorTable.FEED_SILENT.message}` }
    // The reason that somebody can do something about.
    const limit = this.#degraded.get('GROUPS_LIMIT')
    if (limit !== undefined) return { state: 'degraded', reason: `GROUPS_LIMIT: ${limit}` }
    for (const [code, detail] of this.#degraded)
      return { state: 'degraded', reason: detail === '' ? code : `${code}: ${detail}` }
    if (this.#feed.heldUp !== '') return { state: 'stale', reason: this.#feed.heldUp }
    if (this.#feed.rewinding) return { state: 'stale', reason: rewinding }
    if (this.#catchUp !== undefined) return { state: 'stale', reason: 'catching up' }
    if (this.#proof !== 'assumed') return { state: 'exact', reason: '' }
    return { state: 'assumed', reason: this.#doubt ?? 'the last barrier rests on time, no marker proved it' }
  }

  /** Groups that were touched may be low now, and wait to be shown. */
  #look(): void {
    for (const group of this.#groups.touched) {
      if (group.low) this.#low.add(group)
      else this.#low.delete(group)
      this.#waiting.add(group)
    }
    this.#groups.touched.clear()
  }

  #settle(): void {
    this.#look()
    const status = this.#statusNow()
    if (status.state !== this.#status.state || status.reason !== this.#status.reason) {
      this.#status = status
      this.#news.addAll()
    }
    if (this.#inTime) {
      for (const group of this.#waiting) this.#show(group)
      this.#waiting.clear()
      this.#heldAt = this.#feed.reached.positions
    }
    if (this.publishable) this.#behindSince = undefined
    else this.#behindSince ??= this.#feed.now
  }

  #show(group: Group): void {
    if (group.unread) return
    if (group.full && !group.ahead) {
      const isNews = group.hold()
      // Nobody was told of it, so nobody has to be told that it is gone.
      if (group.empty && !group.told) this.#forget(group)
      else if (isNews) this.#news.add(group)
    } else if (group.entries !== undefined && group.behind === undefined) {
      group.behind = { positions: this.#heldAt, since: this.#feed.now }
      this.#news.add(group)
    }
  }

  #forget(group: Group): void {
    this.#groups.remove(group)
    this.#low.delete(group)
    this.#news.drop(group)
  }

  #begin(): SplitReading | undefined {
    if (this.#feed.now < this.#notBefore) return undefined
    this.#generation ??= this.#newGeneration()
    const refill = this.#low.size > 0 && this.#degraded.size === 0 ? this.#lowest() : undefined
    // Taking turns: groups that are short do not wait for the end of a generation, nor it for them.
    if (refill !== undefined && !this.#refilledLast) return this.#read('refill', refill)
    const generation = this.#generation
    const limit = this.#kind.capacity + 1
    const groups = generation?.next(this.#groupsFor(limit), () => this.#groups.all())
    if (generation !== undefined && groups !== undefined)
      return this.#read(generation.cause, { board: this.spec, limit, groups })
    return refill === undefined ? undefined : this.#read('refill', refill)
  }

  #read(cause: Cause, query: GroupsQuery): SplitReading {
    return new SplitReading(this.#feed, cause, query, this.#barrierFirst)
  }

  #newGeneration(): Generation | undefined {
    const unproven = this.#proof === 'assumed' && this.#feed.proof === 'marker' && this.#doubt === undefined
    if (unproven) this.audit(true)
    const cause = this.#wanted
    if (cause === undefined && this.#unread.length === 0) return undefined
    this.#generations += 1
    const unread = this.#unread
    this.#unread = []
    if (cause === undefined) return Generation.of(this.#generations, unread)
    this.#wanted = undefined
    // What the stream begins while a rebuild reads its ranges may be in the place of something that was lost.
    this.#groups.generation = cause === 'audit' ? this.#generations : 0
    return new Generation(this.#generations, cause, this.#ranges)
  }

  /** The groups that hold the fewest rows, as many as may be read at once. */
  #lowest(): GroupsQuery {
    const { now } = this.#feed
    const values: string[] = []
    let limit = 0
    for (const group of [...this.#low].sort((a, b) => a.size - b.size)) {
      limit = Math.max(limit, group.nextCapacity(now) + 1)
      if (values.length > 0 && values.length >= this.#groupsFor(limit)) break
      values.push(group.value)
    }
    return { board: this.spec, limit, groups: { kind: 'listed', values } }
  }

  /** The journal has outgrown its limit: takes the rows in now; their groups are not shown until the barrier. */
  #mergeEarly(reading: SplitReading): void {
    this.#feed.note({ kind: 'early-merge', board: this.spec.name, keys: reading.journal?.size ?? 0 })
    if (!this.#merge(reading)) return
    reading.mergedEarly()
    this.#setAhead(reading, true)
  }

  #setAhead({ rows }: SplitReading, ahead: boolean): void {
    for (const value of rows?.groups.keys() ?? []) {
      const group = this.#groups.get(value)
      if (group === undefined) continue
      group.ahead = ahead
      this.#groups.touched.add(group)
    }
  }

  #finish(reading: SplitReading): void {
    if (reading.early) this.#setAhead(reading, false)
    else if (!this.#merge(reading)) return
    const { cause, query, proof, rows } = reading
    this.#drop()
    this.#failures = 0
    this.#barrierFirst = false
    this.#refilledLast = cause === 'refill'
    let count = 0
    for (const { rows: read } of rows?.groups.values() ?? []) count += read.length
    this.#feed.note({ kind: 'merged', board: this.spec.name, cause, rows: count, proof })
    if (proof === 'assumed' || rows?.doubt !== undefined) this.#proof = 'assumed'
    this.#doubt ??= rows?.doubt
    if (cause !== 'refill' && rows !== undefined) this.#goOn(query.groups, rows, proof)
  }

  /** A part of a generation has been read. */
  #goOn(wanted: GroupsWanted, rows: GroupsRows, proof: Proof): void {
    const generation = this.#generation
    if (generation === undefined) return
    generation.taken(wanted, rows, proof)
    if (!generation.ranged) return
    // A value that is not known has no rows now; some that are known have still to be read.
    this.#groups.filled = true
    this.#groups.generation = generation.number
    if (!generation.done(() => this.#groups.all())) return
    this.#generation = undefined
    if (!generation.whole) return
    this.#filled = true
    this.#degraded.clear()
    this.#proof = generation.proof
    this.#doubt = generation.doubt
  }

  /** False: there were too many groups, and the reading has been dropped. */
  #merge({ rows, journal, cause, early }: SplitReading): boolean {
    if (rows === undefined || journal === undefined) return true
    const { now, newestEs } = this.#feed
    const journals = new GroupJournals(journal, this.#per, rows.groups)
    const differing: string[] = []
    for (const [value, answer] of rows.groups) {
      const known = this.#groups.get(value)
      if (cause === 'refill') {
        known?.refill(answer, journals.of(value), newestEs, now)
        if (known !== undefined) this.#groups.touched.add(known)
        continue
      }
      const shown = cause === 'audit' && !early && this.#inTime && known?.full === true ? known.top() : undefined
      const group = known ?? this.#groups.begin(value, 'everything', 2 * this.#most)
      group?.rebuild(answer, journals.of(value), newestEs, now)
      if (group === undefined || !this.#found(group)) {
        this.#overflow()
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
    return generation.found <= this.#most
  }

  #noteDifference(members: readonly string[]): void {
    if (members.length === 0) return
    const [board, count, keys] = [this.spec.name, members.length, members.slice(0, 10)]
    this.#feed.note({ kind: 'audit-difference', board, count, keys })
  }

  #overflow(): void {
    const column = this.spec.table.columns[this.#per]?.name ?? ''
    const detail = `${this.#most} values of ${column}: raise boards.${this.spec.name}.maxBoards`
    const again = this.#degraded.has('GROUPS_LIMIT') && this.#generation === undefined
    this.degrade('GROUPS_LIMIT', detail, false)
    this.#filled = false
    // It will be so the next time, too: nothing but another table or another limit helps.
    if (!again) this.#notBefore = this.#feed.now + keeperLimits.healMost
  }

  /** How many groups may be read at once, with so many rows each. */
  #groupsFor(limit: number): number {
    return Math.max(1, Math.min(this.#atOnce, Math.floor(rowsAtOnce / limit)))
  }

  #drop(): void {
    this.#reading?.end()
    this.#reading = undefined
  }

  /** As in `BoardKeeper`: the row that is held is not the one that the message says was changed. */
  #checkBefore({ key, before, beforeEs }: FoldedChange): void {
    if (before === undefined || beforeEs === undefined || this.#catchUp !== undefined) return
    const holder = this.#groups.holder(key)
    const held = holder?.row(key)
    if (holder === undefined || held === undefined) return
    const { ranking } = this.#kind
    if (![this.#per, ...ranking.columns].every((column) => before[column] !== undefined)) return
    const image = before.map((value) => value ?? null)
    if (image[this.#per] === holder.value && rankOf(ranking, image) === held.exact) return
    if (beforeEs > held.es) this.degrade('BEFORE_IMAGE', `table ${this.spec.table.table}`, false)
    else this.#feed.suspectRewind()
  }
}

const starting: BoardStatus = { state: 'stale', reason: 'starting' }

const membersIn = ({ leave, scores, rows }: BoardDiff): Set<string> =>
  new Set([...leave, ...scores.map(({ member }) => member), ...rows.map(({ member }) => member)])
