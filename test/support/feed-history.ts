/**
 * One history of a feed, from a script of numbers: each number is one thing that happens (a write, a rewind, a window,
 * an answer, a crash …), its low digits choosing what and the rest how. Scripts are pure data, so a failing one is
 * replayed and shrunk as such. After every step the boards that claim to be exact are held against the oracle.
 */
import type { Entry } from '../../src/core/board-content.js'
import { diffBoards } from '../../src/core/board-diff.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { FeedEvent } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { FeedEffect, FeedInput, Restored } from '../../src/core/feed-io.js'
import { isBehind } from '../../src/core/feed-pulse.js'
import { rewinding } from '../../src/core/keeper-status.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
import { furthest, hasPassed, type Positions, partitionId } from '../../src/core/positions.js'
import { RewindSigns } from '../../src/core/rewind-signs.js'
import type { Image } from '../../src/core/table.js'
import { applied } from './applied-diff.js'
import { oracleTop } from './board-oracle.js'
import { readBest, readBestOfGroups } from './simulated-base.js'
import { rankedBy, type SimulatedRanking } from './simulated-rankings.js'
import { SimulatedWorld, table, topic } from './simulated-world.js'
import { SplitWatch } from './split-watch.js'

/** `mixed`: one partition, everything happens. `rewound`: several, with rewinds. `raced`: several, with hazards. */
export interface HistoryPlan {
  readonly mode: 'mixed' | 'rewound' | 'raced'
  readonly size: number
  readonly reserve: number
  readonly direction: 'desc' | 'asc'
  readonly ties: 'newest' | 'oldest' | 'redis'
  readonly boards: 1 | 2
  readonly ranking: SimulatedRanking
  /** A board split by `kind` beside the others: so many groups are read at once, so many are allowed. */
  readonly split: { readonly atOnce: number; readonly most: number } | undefined
  readonly marks: boolean
  readonly script: readonly number[]
}

interface Stored extends Restored {
  readonly state: string
  readonly reason: string
}

type Reading = Extract<FeedEffect, { kind: 'read' | 'read-groups' }>

interface PendingRead {
  readonly effect: Reading
  answer: FeedInput | undefined
}

const keys = 9
const kinds = ['a', 'b', 'c', 'd', 'e']

export class FeedHistory {
  readonly #plan: HistoryPlan
  readonly #world: SimulatedWorld
  readonly #boards: readonly BoardSpec[]
  readonly #split: SplitWatch | undefined
  #feed: Feed
  #signs = new RewindSigns()
  /** Record times for the signs, a minute apart: rewinds are as frequent here as nowhere else. */
  #recordTime = 0
  /** A batch was sent in part: a rewind of which there is no sign. */
  #sentPartly = false
  /** As of when the feed was last found to hold everything. */
  #proven = 0
  #read: Map<string, number> = new Map()
  #reads: PendingRead[] = []
  #marks: string[] = []
  #asked: number[] = []
  #stored = new Map<string, Stored>()
  #confirmed: Positions = new Map()
  /** What was told up to positions never changes. */
  readonly #committedTo = new WeakMap<Positions, Map<string, Image>>()
  readonly #foldedTo = new WeakMap<Positions, Map<string, Image>>()
  #now = 1_700_000_000_000
  #starts = 0
  #random = 0

  constructor(plan: HistoryPlan) {
    this.#plan = plan
    this.#world = new SimulatedWorld(plan.mode === 'mixed' ? 1 : 2 + (plan.size % 2), () => this.#now)
    const { size, direction, ties } = plan
    const first: BoardSpec = {
      name: 'likes',
      table,
      direction,
      ties,
      size,
      display: [0, 1],
      score: { kind: 'column', column: 1 },
      where: undefined,
    }
    const second: BoardSpec = {
      ...first,
      name: 'reads',
      size: size + 1,
      display: [0],
      score: { kind: 'column', column: 2 },
      where: undefined,
    }
    const split: BoardSpec = { ...first, name: 'kinds', size: 1 + (size % 2), per: 3, maxGroups: plan.split?.most }
    const single = plan.boards === 1 ? [first] : [first, second]
    const boards = plan.split === undefined ? single : [...single, split]
    this.#boards = boards.map((board) => rankedBy(board, plan.ranking))
    this.#split =
      plan.split === undefined ? undefined : new SplitWatch(rankedBy(split, plan.ranking), kinds, this.#world.rows)
    for (let key = 0; key < 5; key++) this.#world.write(String(key), this.#image(String(key), key * 7), this.#now)
    this.#feed = this.#start()
    this.#begin()
  }

  /** Runs the script, mostly on boards that stand, then lets everything come to rest; throws at the first wrong board. */
  run(): void {
    if ((this.#plan.script[0] ?? 0) % 4 > 0) this.#settle()
    this.#publish()
    for (const number of this.#plan.script) {
      this.#random = number >>> 5
      this.#act(number % 32)
    }
    this.#settle()
  }

  #draw(below: number): number {
    this.#random = (Math.imul(this.#random ^ (this.#random >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return ((this.#random ^ (this.#random >>> 13)) >>> 0) % below
  }

  #act(action: number): void {
    if (action < 8) this.#write()
    else if (action < 9) this.#proceed()
    else if (action < 12) this.#world.send(1 + this.#draw(6))
    else if (action < 17) this.#deliver(1 + this.#draw(5))
    else if (action < 18) this.#proceed()
    else if (action === 18) this.#drop()
    else if (action === 19) this.#resend()
    else if (action === 20) this.#hazard()
    else if (action === 21) this.#readTable()
    else if (action === 22) this.#answer()
    else if (action === 23) this.#failRead()
    else if (action === 24) this.#writeMarks()
    else if (action === 25) this.#answerEnds()
    else if (action === 26) this.#tick(100 + this.#draw(4000))
    else if (action < 30) this.#publish()
    else if (action === 30) this.#crash()
    else this.#audit()
  }

  #image(key: string, salt: number): Image {
    const likes = (salt * 5 + 3) % 11
    const kind = kinds[(salt * 7 + Math.floor(salt / 6)) % (kinds.length + 1)] ?? null
    return [key, likes === 10 ? null : String(likes - 2), `${(salt * 3) % 5}${salt % 2 === 0 ? '' : '.5'}`, kind]
  }

  #write(): void {
    const key = String(this.#draw(keys))
    const refused = this.#draw(40) === 0
    const image = this.#draw(5) === 0 ? null : this.#image(key, this.#draw(1000))
    this.#world.write(key, image, this.#es(), refused)
  }

  /** Deletes the best rows: the storm that makes a board run short. */
  #drop(): void {
    const best = [...this.#world.rows].sort(([, a], [, b]) => Number(b[1]) - Number(a[1])).slice(0, 1 + this.#draw(6))
    for (const [key] of best) this.#world.write(key, null, this.#es())
  }

  #es(): number {
    this.#now += this.#draw(1500)
    return Math.floor((this.#now - (this.#draw(6) === 0 ? 3000 : 0)) / 1000) * 1000
  }

  #resend(): void {
    if (this.#plan.mode === 'raced') return
    if (this.#draw(2) === 0) this.#world.rewind(1 + this.#draw(12))
    else {
      this.#sentPartly = true
      this.#world.sendPartly(2 + this.#draw(5), this.#draw(3))
    }
  }

  #hazard(): void {
    if (this.#plan.mode === 'rewound') return
    if (this.#draw(3) === 0) this.#world.truncate()
    else this.#world.move(String(this.#draw(keys)), String(this.#draw(keys)), this.#es())
  }

  /** A window: up to `count` records of every partition, in partition order. */
  #deliver(count: number): void {
    const events: FeedEvent[] = []
    const positions = new Map(this.#read)
    const maxEs = new Map<string, number>()
    let messages = 0
    for (let partition = 0; partition < this.#world.partitions; partition++) {
      const id = partitionId(topic, partition)
      for (let i = 0; i < count && (this.#world.partitions === 1 || this.#draw(4) > 0); i++) {
        const record = this.#world.eventsAt(partition, positions.get(id) ?? 0)
        if (record === undefined) break
        const es = record.es === 0 ? undefined : record.es
        this.#recordTime += 60_000
        if (this.#signs.see(id, record.batchId, es, this.#recordTime)) events.push({ kind: 'rewound' })
        events.push(...record.events)
        maxEs.set(id, Math.max(record.es, maxEs.get(id) ?? 0))
        positions.set(id, (positions.get(id) ?? 0) + 1)
        messages += 1
      }
    }
    this.#read = positions
    this.#step({ kind: 'window', window: { ...foldNewest(events), positions, maxEs, messages } })
  }

  #readTable(): void {
    const pending = this.#reads.find(({ answer }) => answer === undefined)
    if (pending === undefined) return
    const { effect } = pending
    const { request } = effect
    if (effect.kind === 'read') pending.answer = { kind: 'rows', request, rows: readBest(this.#world, effect) }
    else pending.answer = { kind: 'groups', request, rows: readBestOfGroups(this.#world, effect.query) }
  }

  /** What usually happens: queries and markers are carried out, and Canal and the feed keep up. */
  #proceed(): void {
    this.#readTable()
    this.#writeMarks()
    this.#world.send(1 + this.#draw(20))
    this.#deliver(1 + this.#draw(20))
    this.#answer()
    this.#answerEnds()
  }

  #answer(): void {
    const pending = this.#reads.find(({ answer }) => answer !== undefined)
    if (pending?.answer === undefined) return
    this.#reads = this.#reads.filter((read) => read !== pending)
    this.#step(pending.answer)
  }

  #failRead(): void {
    const pending = this.#reads.shift()
    if (pending !== undefined)
      this.#step({
        kind: 'read-failed',
        request: pending.effect.request,
        code: 'DATABASE_TIMEOUT',
        detail: 'simulated',
      })
  }

  #writeMarks(): void {
    if (this.#marks.length > 0 && this.#draw(4) === 0) {
      this.#marks.shift()
      this.#step({ kind: 'barrier-failed', code: 'DATABASE_TIMEOUT' })
    }
    for (const nonce of this.#marks.splice(0)) this.#world.mark(nonce)
  }

  #answerEnds(): void {
    const ends = this.#world.ends()
    for (const barrier of this.#asked.splice(0)) this.#step({ kind: 'ends', barrier, ends })
  }

  #tick(ms: number): void {
    this.#now += ms
    this.#step({ kind: 'tick' })
  }

  #audit(): void {
    this.#step({ kind: 'audit' })
  }

  #step(input: FeedInput): void {
    const { effects } = this.#feed.step(input, this.#now)
    for (const effect of effects)
      if (effect.kind === 'read' || effect.kind === 'read-groups') this.#reads.push({ effect, answer: undefined })
      else if (effect.kind === 'mark') this.#marks.push(effect.nonce)
      else this.#asked.push(effect.barrier)
    this.#check()
  }

  #publish(): void {
    const snapshot = this.#feed.handOn()
    for (const { spec, content, status } of snapshot.boards) {
      if (content === undefined) continue
      const there = this.#stored.get(spec.name)?.entries ?? []
      const entries = applied(there, diffBoards(there, content.entries))
      const { positions, complete, proof } = content
      // Redis keeps a set: what it gives back comes in its order, not in the board's.
      this.#stored.set(spec.name, { entries: entries.reverse(), positions, complete, proof, ...status })
    }
    this.#split?.publish(snapshot)
    this.#split?.checkStore(snapshot, this.#told())
    if ([...snapshot.boards, ...snapshot.splits].every(({ current }) => current)) this.#confirmed = snapshot.positions
  }

  #crash(): void {
    this.#reads = []
    this.#asked = []
    if (this.#draw(2) === 0) this.#marks = []
    this.#feed = this.#start()
    this.#begin()
  }

  #start(): Feed {
    this.#starts += 1
    this.#signs = new RewindSigns()
    const feed = new Feed({
      boards: this.#boards,
      partitions: this.#world.partitions,
      marks: this.#plan.marks,
      nonce: `start${this.#starts}`,
      capacityOf: (board) => board.size + this.#plan.reserve,
      ...(this.#plan.split === undefined ? {} : { groupsAtOnce: this.#plan.split.atOnce }),
    })
    const warm: Positions[] = []
    for (const { name, per } of this.#boards) {
      if (per !== undefined) continue
      const stored = this.#stored.get(name)
      if (stored === undefined || stored.state === 'degraded') continue
      const positions = stored.state === 'stale' ? stored.positions : furthest(stored.positions, this.#confirmed)
      if (feed.restore(name, { ...stored, positions })) warm.push(positions)
      if (stored.reason === rewinding) feed.suspectRewind()
      if (stored.state === 'exact' || isBehind(stored.reason)) feed.expectMarkers()
    }
    if (this.#split !== undefined) warm.push(...this.#split.restore(feed, this.#confirmed, () => this.#draw(6) === 0))
    this.#read = new Map(this.#world.before(this.#draw(12)))
    if (warm.length > 0)
      for (const id of this.#read.keys()) this.#read.set(id, Math.min(...warm.map((at) => at.get(id) ?? 0)))
    feed.expect(this.#world.ends())
    return feed
  }

  /** The source tells where it starts before it has any message. */
  #begin(): void {
    this.#step({ kind: 'window', window: { ...foldNewest([]), positions: this.#read, maxEs: new Map(), messages: 0 } })
  }

  #check(): void {
    const snapshot = this.#feed.snapshot()
    const { boards, positions, provenAt = 0 } = snapshot
    if (provenAt !== this.#proven && !this.#world.holds(provenAt, this.#read))
      throw new Error(`not everything before ${provenAt} is there`)
    this.#proven = provenAt
    this.#split?.check(snapshot, (at) => this.#told(at))
    for (const { spec, status, content, current } of boards) {
      if (!current || content === undefined || !(status.state === 'exact' || isBehind(status.reason))) continue
      this.#compare(spec, content.entries, this.#told(), JSON.stringify([...positions]))
    }
  }

  /** The rows as the stream has told them. */
  #told(positions: Positions = this.#read): Map<string, Image> {
    // One process on one partition sees every rewind by its sign, and shows nothing of it: the board never runs backwards.
    const forwards = this.#plan.mode === 'mixed' && this.#starts === 1 && !this.#sentPartly && !this.#world.hidRewind
    const committed = forwards || this.#plan.mode === 'raced'
    const known = committed ? this.#committedTo : this.#foldedTo
    const rows =
      known.get(positions) ?? (committed ? this.#world.committedTo(positions) : this.#world.foldedTo(positions))
    known.set(positions, rows)
    return rows
  }

  #compare(spec: BoardSpec, entries: readonly Entry[], rows: Map<string, Image>, at: string): void {
    const ours = entries.map(({ row }) => row).join('\n')
    const expected = oracleTop(spec, rows).join('\n')
    if (ours !== expected) throw new Error(`board ${spec.name} at ${at}\n${ours}\n--- expected ---\n${expected}`)
  }

  /** Nothing more is written: within bounded time every board has to be the table's, and to say so. */
  #settle(): void {
    for (let round = 0; round < 400; round++) {
      this.#random = 1
      this.#writeMarks()
      while (this.#world.send(50)) {}
      while (!hasPassed(this.#read, this.#world.ends())) this.#deliver(7)
      this.#readTable()
      this.#answer()
      this.#answerEnds()
      this.#tick(1000)
      const { boards } = this.#feed.snapshot()
      const claimed = this.#plan.marks ? 'exact' : 'assumed'
      const done = boards.every(
        ({ status, current }) => current && (status.state === claimed || status.state === 'exact'),
      )
      const split = this.#split?.unsettled(this.#feed.snapshot(), this.#world.rows, claimed)
      if (!done || split !== undefined || this.#reads.length > 0) continue
      this.#publish()
      for (const { spec, content } of boards) this.#compare(spec, content?.entries ?? [], this.#world.rows, 'the end')
      return
    }
    const states = this.#feed.snapshot().boards.map(({ status }) => `${status.state} ${status.reason}`)
    const split = this.#split?.unsettled(this.#feed.snapshot(), this.#world.rows, 'exact') ?? ''
    throw new Error(`not settled: ${states.join(', ')} ${split}`)
  }
}
