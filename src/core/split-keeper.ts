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
import type { BoardStatus } from './board-content.js'
import { type BoardSpec, defaultMaxGroups } from './board-spec.js'
import type { ErrorCode } from './errors.js'
import type { GroupSnapshot, RestoredSplit, SplitSnapshot } from './feed-io.js'
import { HealPauses } from './heal-pauses.js'
import { type Keeper, type KeeperEffect, type KeeperFeed, keeperLimits } from './keeper-feed.js'
import { datedStatus, hindranceOf, provenStatus } from './keeper-status.js'
import type { FoldedChange } from './newest-per-key.js'
import { furthest, hasPassed, type Positions } from './positions.js'
import { rankingOf, rankOf } from './ranking.js'
import type { GroupsRows } from './refill-groups.js'
import type { Generation } from './split-generation.js'
import type { Group, GroupKind } from './split-group.js'
import { SplitGroups } from './split-groups.js'
import { SplitNews, type Standing, snapshotOf } from './split-news.js'
import { groupsAtOnce, type ReadingBoard, SplitReader } from './split-reader.js'
import type { SplitReading } from './split-reading.js'

const starting: BoardStatus = { state: 'stale', reason: 'starting' }

export class SplitKeeper implements Keeper, ReadingBoard {
  readonly spec: BoardSpec
  readonly per: number
  readonly #feed: KeeperFeed
  readonly #kind: GroupKind
  readonly #groups: SplitGroups
  readonly #news: SplitNews
  readonly #reader: SplitReader
  /** Every group that there is, is known and has been read or told of: whoever finds no group may say that it is empty. */
  #filled = false
  #degraded = new Map<ErrorCode, string>()
  readonly #healing = new HealPauses()
  #proof: Proof = 'marker'
  #doubt: string | undefined
  #catchUp: Positions | undefined
  #warm = false
  /** Groups that may have changed since they could last be shown. */
  readonly #waiting = new Set<Group>()
  #heldAt: Positions = new Map()
  #behindSince: number | undefined
  #status = starting

  constructor(spec: BoardSpec, per: number, capacity: number, feed: KeeperFeed, atOnce = groupsAtOnce) {
    this.spec = spec
    this.per = per
    this.#feed = feed
    this.#kind = { spec, ranking: rankingOf(spec), capacity, holders: new Map(), touched: new Set() }
    this.#groups = new SplitGroups(this.#kind, per, spec.maxGroups ?? defaultMaxGroups)
    this.#news = new SplitNews(this.#groups)
    this.#reader = new SplitReader(this, feed, this.#kind, this.#groups, atOnce)
  }

  /** Starts from what Redis kept. False when that says nothing of where the stream has to be read from. */
  restore({ groups, unread, filled, positions, proof }: RestoredSplit): boolean {
    let catchUp = positions
    const useless: Group[] = []
    for (const [value, { entries, complete, positions: its }] of groups) {
      const group = this.#known(value)
      if (group?.restore(entries, complete, { positions: its, since: this.#feed.now }) === true) {
        this.#groups.touched.add(group)
        if (!hasPassed(catchUp, its)) catchUp = furthest(catchUp, its)
      } else if (group !== undefined) useless.push(group)
    }
    for (const value of unread) {
      const group = this.#known(value)
      if (group !== undefined) useless.push(group)
    }
    this.#news.addAll()
    this.#reader.unread = useless
    this.#warm = filled || useless.length < this.#groups.size
    if (!this.#warm) return false
    this.#catchUp = catchUp
    this.#proof = proof
    this.#groups.filled = filled
    this.#filled = filled && !this.#degraded.has('GROUPS_LIMIT')
    if (this.#filled) this.#reader.restart(undefined)
    return true
  }

  /** Unless it was restored: shows nothing of the time before these positions. */
  expect(positions: Positions): void {
    if (!this.#warm) this.#catchUp = positions
  }

  get publishable(): boolean {
    return this.inTime && this.#isFilled
  }

  get #isFilled(): boolean {
    return this.#filled && !this.#reader.hidesGroup
  }

  get inTime(): boolean {
    return hindranceOf(this.#feed, this.#degraded, this.#catchUp !== undefined) === undefined
  }

  get isDegraded(): boolean {
    return this.#degraded.size > 0
  }

  get isUnproven(): boolean {
    return this.#proof === 'assumed' && this.#feed.proof === 'marker' && this.#doubt === undefined
  }

  get snapshot(): SplitSnapshot {
    const group = (value: string): GroupSnapshot | undefined => {
      const known = this.#groups.get(value)
      return known === undefined ? undefined : snapshotOf(known, { ...this.#standing, status: this.#statusOfAll })
    }
    return {
      spec: this.spec,
      status: this.inTime && !this.#isFilled ? starting : this.#statusOfAll,
      current: this.publishable,
      behindSince: this.#behindSince,
      filled: this.#isFilled,
      size: this.#groups.size,
      group,
      reached: () => this.#feed.reached.positions,
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
    if (!this.#groups.apply(change)) this.overflow()
  }

  truncate(): void {
    this.#reader.restart(undefined)
    this.#reader.unread = []
    this.#reader.barrierFirst = false
    this.#degraded.clear()
    this.#groups.clear()
    this.#filled = true
    if (this.#feed.partitions > 1) this.degrade('PARTITION_RACE', 'TRUNCATE or DROP on several partitions', true)
  }

  degrade(code: ErrorCode, detail: string, crossesPartitions: boolean): void {
    if (!this.#degraded.has(code)) this.#feed.note({ kind: 'degraded', board: this.spec.name, code, detail })
    this.#healing.refused(this.#feed.now)
    const again = this.isDegraded && !this.#reader.isRebuilding
    const pause = again ? 0 : this.#healing.next(this.#feed.now)
    this.#degraded.set(code, detail)
    this.#reader.barrierFirst ||= crossesPartitions && this.#feed.partitions > 1
    this.#reader.restart(this.#groups.filled ? 'heal' : 'fill', this.#feed.now + pause)
  }

  overflow(): void {
    const column = this.spec.table.columns[this.per]?.name ?? ''
    const detail = `${this.#groups.most} values of ${column}: raise boards.${this.spec.name}.maxBoards`
    const again = this.#degraded.has('GROUPS_LIMIT') && !this.#reader.isRebuilding
    this.degrade('GROUPS_LIMIT', detail, false)
    this.#filled = false
    // It will be so the next time, too: nothing but another table or another limit helps.
    const wanted = this.#groups.filled ? 'heal' : 'fill'
    if (!again) this.#reader.restart(wanted, this.#feed.now + keeperLimits.healMost)
  }

  audit(all: boolean): void {
    this.#reader.audit(all)
  }

  onGroups(request: number, rows: GroupsRows): void {
    this.#reader.onGroups(request, rows)
  }

  onReadFailed(request: number, code: ErrorCode, detail: string): void {
    this.#reader.onReadFailed(request, code, detail)
  }

  onMarker(nonce: string): void {
    this.#reader.onMarker(nonce)
  }

  onEnds(barrier: number, ends: Positions): void {
    this.#reader.onEnds(barrier, ends)
  }

  onBarrierFailed(): void {
    this.#reader.onBarrierFailed()
  }

  taken({ cause, proof, rows }: SplitReading): void {
    let count = 0
    for (const { rows: read } of rows?.groups.values() ?? []) count += read.length
    this.#feed.note({ kind: 'merged', board: this.spec.name, cause, rows: count, proof })
    if (proof === 'assumed' || rows?.doubt !== undefined) this.#proof = 'assumed'
    this.#doubt ??= rows?.doubt
  }

  rebuilt({ proof, doubt }: Generation): void {
    this.#filled = true
    this.#degraded.clear()
    this.#proof = proof
    this.#doubt = doubt
  }

  advance(): KeeperEffect[] {
    if (this.#catchUp !== undefined && hasPassed(this.#feed.reached.positions, this.#catchUp)) this.#catchUp = undefined
    const effects: KeeperEffect[] = []
    this.#look()
    // What ends makes room for the next, of which there may be hundreds.
    while (this.#reader.advance(effects)) this.#look()
    this.#settle()
    return effects
  }

  get #standing(): Standing {
    return {
      status: this.#status,
      inTime: this.inTime,
      heldAt: this.#heldAt,
      proof: this.#proof,
      behindSince: this.#behindSince,
    }
  }

  /** A feed that is silent or behind is told of the whole board, not group by group: it comes and goes. */
  get #statusOfAll(): BoardStatus {
    return datedStatus(this.#feed, this.#status, this.#proof)
  }

  #statusNow(): BoardStatus {
    // The reason that somebody can do something about.
    const limit = this.#degraded.get('GROUPS_LIMIT')
    const degraded = limit === undefined ? this.#degraded : new Map([['GROUPS_LIMIT', limit] as const])
    const hindrance = hindranceOf(this.#feed, degraded, this.#catchUp !== undefined)
    return hindrance ?? provenStatus(this.#feed, this.#proof, this.#doubt)
  }

  /** Groups that were touched may be low now, and wait to be shown. */
  #look(): void {
    for (const group of this.#groups.touched) {
      if (group.low) this.#reader.low.add(group)
      else this.#reader.low.delete(group)
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
    if (this.inTime) {
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
    this.#reader.low.delete(group)
    this.#news.drop(group)
  }

  /** A group that Redis has. */
  #known(value: string): Group | undefined {
    const group = this.#groups.begin(value, 'everything', 2 * this.#groups.most)
    if (group === undefined) this.overflow()
    else group.told = true
    return group
  }

  /** As in `BoardKeeper`: the row that is held is not the one that the message says was changed. */
  #checkBefore({ key, before, beforeEs }: FoldedChange): void {
    if (before === undefined || beforeEs === undefined || this.#catchUp !== undefined) return
    const holder = this.#groups.holder(key)
    const held = holder?.row(key)
    if (holder === undefined || held === undefined) return
    const { ranking } = this.#kind
    if (![this.per, ...ranking.columns].every((column) => before[column] !== undefined)) return
    const image = before.map((value) => value ?? null)
    if (image[this.per] === holder.value && rankOf(ranking, image) === held.exact) return
    if (beforeEs > held.es) this.degrade('BEFORE_IMAGE', `table ${this.spec.table.table}`, false)
    else this.#feed.suspectRewind()
  }
}
