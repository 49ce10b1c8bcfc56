/**
 * One history of the counters, from a script of numbers, in virtual time: a topic, tables, processes that share the
 * partitions, are taken for dead, die and come back, deadlocks, answers that are lost, messages that are deleted before
 * they are read. At no moment may anything be counted twice; at the end all of it is counted.
 */
import { RanktideError } from '../../src/core/errors.js'
import { parsePartitionId, partitionId } from '../../src/core/positions.js'
import { type CountRange, MemoryTables } from '../../src/databases/memory/memory-tables.js'
import type { Claim, Span } from '../../src/operators/batch-store.js'
import type { DeadLetter } from '../../src/operators/ports.js'
import { MemoryLog } from '../../src/sources/memory-log.js'
import { type CountingKind, CountingProcess, countedTable } from './counting-process.js'
import { Draws } from './draws.js'
import { type Expected, expectedOf, goodRead, itemOf, type ProducedRead, poison } from './produced-reads.js'
import { atOnce, drawFate, simulatedCall } from './simulated-call.js'
import { VirtualTime } from './virtual-time.js'

export interface CounterPlan {
  readonly partitions: number
  readonly counters: number
  /** Processes of the second subscriber. */
  readonly histories: number
  /** Whether processes are static members of their group. */
  readonly named: boolean
  readonly batch: number
  readonly window: { readonly events: number; readonly most: number; readonly time: number }
  /** Of ten calls to a server, how many do not simply succeed at once. */
  readonly trouble: number
  /** Largest count that the column holds; undefined: never reached. */
  readonly most: number | undefined
  readonly start: 'beginning' | 'end'
  /** Whether messages are deleted that nobody has counted. */
  readonly loses: boolean
  readonly script: readonly number[]
}

const topic = 'read_events'
const actions = 24
/** As long as everything may take to come to rest once nothing fails any more, ms. */
const patience = 120_000

interface Place {
  readonly kind: CountingKind
  readonly instance: string
  process: CountingProcess | undefined
  zombie: boolean
}

export class CounterHistory {
  readonly #plan: CounterPlan
  readonly #draws = new Draws()
  readonly #time = new VirtualTime(1_700_000_000_000)
  readonly #log: MemoryLog
  readonly #tables: MemoryTables
  readonly #letters: DeadLetter[] = []
  readonly #produced: ProducedRead[] = []
  readonly #places: readonly Place[]
  /** By group and partition, the offset at which it was first taken. */
  readonly #begun = new Map<string, number>()
  /** By group and partition, the epoch in which it was taken last. */
  readonly #epochs = new Map<string, number | undefined>()
  readonly #complaints: string[] = []
  #deadlocks = 0
  #calm = false
  #lost = false
  #outages = 0

  constructor(plan: CounterPlan) {
    this.#plan = plan
    this.#log = new MemoryLog(
      { [topic]: plan.partitions },
      { clock: () => this.#time.now(), later: (task) => void this.#time.schedule(task) },
    )
    this.#log.batch = plan.batch
    const ranges: Record<string, CountRange> = {}
    if (plan.most !== undefined) ranges.read_cnt = { least: 0n, most: BigInt(plan.most) }
    this.#tables = new MemoryTables({ ranges, interrupt: () => this.#deadlock() })
    const placesOf = (kind: CountingKind, count: number) =>
      Array.from(
        { length: count },
        (_, i): Place => ({ kind, instance: `${kind}-${i}`, process: undefined, zombie: false }),
      )
    this.#places = [...placesOf('counter', plan.counters), ...placesOf('history', plan.histories)]
    for (const place of this.#places) this.#start(place)
  }

  /** Throws at the first wrong thing. */
  run(): void {
    for (const number of this.#plan.script) {
      this.#draws.seed(number >>> 5)
      this.#act(number % actions)
      this.#check(false)
    }
    this.#settle()
    // What the dead have sent may still arrive.
    this.#time.advance(2_000)
    this.#check(true)
    for (const { process } of this.#places) process?.kill()
  }

  #start(place: Place): void {
    const { window, start } = this.#plan
    const { kind } = place
    place.zombie = false
    const process: CountingProcess = new CountingProcess({
      kind,
      topic,
      instance: this.#plan.named ? place.instance : undefined,
      log: this.#log,
      tables: this.#tables,
      letters: this.#letters,
      time: this.#time,
      window,
      start,
      // The operator looks at what is lost, and then lets it be skipped.
      onLoss: this.#lost && this.#draws.below(2) === 0 ? 'skip' : 'stop',
      call: (effect, error) => simulatedCall(this.#time, this.#fate(), effect, error),
      random: () => this.#draws.below(1_000) / 1_000,
      watch: { taken: (claim) => this.#took(claim), written: (claim, span) => this.#wrote(claim, span) },
      lost: () => this.#lostSome(kind),
      ended: (error) => {
        if (place.process === process) place.process = undefined
        if (error?.code === 'EVENTS_LOST') this.#lostSome(kind)
        else if (error !== undefined) this.#complaints.push(`${kind} ended: ${error.message}`)
      },
    })
    place.process = process
  }

  #lostSome(kind: CountingKind): void {
    if (!this.#produced.some(({ lostTo }) => lostTo.has(kind)))
      this.#complaints.push(`${kind} says that events are lost`)
    this.#lost = true
  }

  #fate() {
    return this.#calm ? atOnce : drawFate(this.#draws, this.#plan.trouble, 400)
  }

  #deadlock(): void {
    if (!this.#calm && this.#draws.below(100) < this.#deadlocks) {
      throw new RanktideError('DATABASE_CONFLICT', 'simulated deadlock')
    }
  }

  #took(claim: Claim): void {
    for (const [id, offset] of claim.positions) {
      const key = `${claim.group} ${id}`
      if (!this.#begun.has(key)) this.#begun.set(key, offset)
      this.#epochs.set(key, claim.epochs.get(id))
    }
  }

  #wrote(claim: Claim, { to }: Span): void {
    for (const id of to.keys()) {
      if (this.#epochs.get(`${claim.group} ${id}`) === claim.epochs.get(id)) continue
      this.#complaints.push(`${claim.group} ${id} was written by a process that it had been taken from`)
    }
  }

  #act(action: number): void {
    const place = this.#places[this.#draws.below(this.#places.length)]
    if (action < 8) this.#produce(1 + this.#draws.below(6))
    else if (action < 12) this.#time.advance(this.#draws.below(400))
    else if (place !== undefined) this.#trouble(action, place)
  }

  #trouble(action: number, place: Place): void {
    switch (action) {
      case 12:
        this.#time.advance(1_000 + this.#draws.below(6_000))
        return
      case 13:
        this.#kill(place)
        return
      case 14:
      case 15:
        for (const one of this.#places) if (one.process === undefined) this.#start(one)
        return
      case 16:
        // Who has not joined yet has nothing that could be taken from him.
        if (place.process?.progress === undefined || place.zombie) return
        place.zombie = true
        place.process.loseTouch()
        return
      case 17:
        this.#recover()
        return
      case 18:
        place.process?.repeatAssignment()
        return
      case 19:
        this.#retain()
        return
      case 20:
        this.#outage(this.#draws.below(3_000))
        return
      case 21:
        this.#deadlocks = this.#draws.below(2) * 30
        return
      case 22:
        place.process?.close()
        return
      case 23:
        if (this.#log.partitionCount(topic) < 4) this.#log.create(topic, this.#log.partitionCount(topic) + 1)
        return
    }
  }

  #produce(count: number): void {
    for (let i = 0; i < count; i++) {
      const partition = this.#draws.below(this.#log.partitionCount(topic))
      const now = this.#time.now()
      const bad = this.#draws.below(8) === 0 ? poison(this.#draws, now) : undefined
      const { event, value } = bad === undefined ? goodRead(this.#draws, now) : { event: undefined, value: bad.value }
      const offset = this.#log.append(topic, partition, { key: null, value })
      this.#produced.push({ partition, offset, event, code: bad?.code, lostTo: new Set() })
    }
  }

  #kill(place: Place): void {
    place.process?.kill()
    place.process = undefined
    // The group takes a while to notice; a static member may be back before.
    const { kind } = place
    this.#time.schedule(() => this.#log.group(kind).forgetAbsent(), this.#draws.below(6_000))
  }

  #recover(): void {
    for (const place of this.#places) {
      if (place.zombie) place.process?.recover()
      place.zombie = false
    }
  }

  #outage(length: number): void {
    this.#outages += 1
    this.#log.available = false
    this.#time.schedule(() => {
      this.#log.available = true
    }, length)
  }

  /** Old messages are deleted: those that every group has counted, or in some histories any. */
  #retain(): void {
    const id = partitionId(topic, this.#draws.below(this.#log.partitionCount(topic)))
    const { partition } = parsePartitionId(id)
    const kinds = new Set(this.#places.map(({ kind }) => kind))
    const counted = [...kinds].map((kind) => this.#tables.offsets(kind).get(id)?.next ?? 0)
    const upTo = this.#plan.loses ? this.#draws.below((this.#log.ends([id]).get(id) ?? 0) + 1) : Math.min(...counted)
    for (const read of this.#produced) {
      if (read.partition !== partition || read.offset >= upTo) continue
      for (const kind of kinds)
        if (read.offset >= (this.#tables.offsets(kind).get(id)?.next ?? 0)) read.lostTo.add(kind)
    }
    this.#log.retain(topic, partition, upTo)
  }

  /** Nothing fails any more, and everybody is there. */
  #settle(): void {
    this.#calm = true
    this.#deadlocks = 0
    this.#log.available = true
    for (let waited = 0; ; waited += 1_000) {
      this.#recover()
      for (const place of this.#places) if (place.process === undefined) this.#start(place)
      this.#time.advance(1_000)
      if (waited >= 2_000 && this.#isDone()) return
      if (waited > patience) throw new Error(`not counted to the end within ${patience} ms: ${this.#where()}`)
    }
  }

  #isDone(): boolean {
    const ends = this.#log.ends(this.#log.partitions([topic]))
    return this.#places.every(({ kind }) =>
      [...ends].every(([id, end]) => this.#tables.offsets(kind).get(id)?.next === end),
    )
  }

  #where(): string {
    return this.#places.map(({ kind, process }) => `${kind} ${JSON.stringify(process?.progress)}`).join('; ')
  }

  #expected(kind: CountingKind): Expected {
    const overflown = new Set(
      this.#letters
        .filter(({ feed, refusal }) => feed === kind && refusal.code === 'COUNT_OVERFLOW')
        .map(({ message }) => `${message.partition}/${message.offset}`),
    )
    return expectedOf(
      this.#produced,
      kind,
      // Where nothing was taken yet nothing is counted: a bound that no event passes.
      ({ partition, offset }) => offset >= (this.#begun.get(`${kind} ${partitionId(topic, partition)}`) ?? Number.NaN),
      ({ partition, offset }) => overflown.has(`${partition}/${offset}`),
    )
  }

  /** `done`: everything is counted, not only nothing twice. */
  #check(done: boolean): void {
    const [complaint] = this.#complaints
    if (complaint !== undefined) throw new Error(complaint)
    const expected = this.#expected('counter')
    this.#checkCounts(expected, done)
    this.#checkBuckets(expected, done)
    if (!done) return
    this.#checkLetters('counter')
    this.#checkMirror('counter')
    if (this.#plan.histories === 0) return
    this.#checkReads(this.#expected('history'))
    this.#checkLetters('history')
    this.#checkMirror('history')
  }

  #checkCounts({ items }: Expected, done: boolean): void {
    const rows = [...this.#tables.counts(countedTable).values()]
    const counted = new Map(rows.map((row) => [itemOf(row), Number(row.counts.get('read_cnt') ?? 0n)]))
    for (const [item, count] of counted) {
      const most = Math.min(items.get(item)?.most ?? 0, this.#plan.most ?? Number.POSITIVE_INFINITY)
      if (count > most) throw new Error(`${item} was counted ${count} times, at most ${most} is right`)
    }
    if (!done) return
    for (const [item, { sure }] of items) {
      const count = counted.get(item) ?? 0
      if (count < sure) throw new Error(`${item} was counted ${count} times, at least ${sure} is right`)
    }
  }

  /** At every moment the buckets of an item add up to its count. */
  #checkBuckets({ buckets, lost }: Expected, done: boolean): void {
    const sums = new Map<string, number>()
    for (const row of this.#tables.buckets.values()) {
      const key = `${row.unit} ${itemOf(row)}`
      sums.set(key, (sums.get(key) ?? 0) + Number(row.events))
      const expected = buckets.get(`${row.unit} ${row.start} ${itemOf(row)}`) ?? 0
      if (done && !lost && this.#plan.most === undefined && expected !== Number(row.events)) {
        throw new Error(`${row.unit} ${row.start} of ${itemOf(row)} has ${row.events}, ${expected} is right`)
      }
    }
    for (const row of this.#tables.counts(countedTable).values()) {
      for (const unit of ['hour', 'day'] as const) {
        const sum = sums.get(`${unit} ${itemOf(row)}`) ?? 0
        const count = Number(row.counts.get('read_cnt') ?? 0n)
        if (sum !== count) throw new Error(`${unit}s of ${itemOf(row)} add up to ${sum}, its count is ${count}`)
      }
    }
  }

  #checkReads({ reads }: Expected): void {
    const stored = new Map<string, number>()
    for (const uid of this.#tables.users) {
      for (const read of this.#tables.history(uid).values()) stored.set(`${uid} ${itemOf(read)}`, read.readAt)
    }
    for (const [user, { sure, most }] of reads) {
      const readAt = stored.get(user) ?? Number.NEGATIVE_INFINITY
      if (readAt < sure || readAt > most) throw new Error(`${user} was read at ${readAt}, ${sure} is right`)
    }
    for (const user of stored.keys()) if (!reads.has(user)) throw new Error(`${user} was never read`)
  }

  #checkLetters(kind: CountingKind): void {
    const mine = this.#letters.filter(({ feed }) => feed === kind)
    const codes = new Map(mine.map(({ message, refusal }) => [`${message.partition}/${message.offset}`, refusal.code]))
    for (const { partition, offset, code } of this.#expected(kind).poison) {
      const found = codes.get(`${partition}/${offset}`)
      if (found !== code) throw new Error(`${partition}/${offset} was refused for ${found}, ${code} is right`)
    }
    for (const { partition, offset, event } of this.#produced) {
      const found = codes.get(`${partition}/${offset}`)
      const mayOverflow = kind === 'counter' && this.#plan.most !== undefined && found === 'COUNT_OVERFLOW'
      if (event !== undefined && found !== undefined && !mayOverflow) {
        throw new Error(`${partition}/${offset} was refused for ${found}, and is a good event`)
      }
    }
  }

  /** While the broker is away nothing is mirrored, and nothing is mirrored later for that. */
  #checkMirror(kind: CountingKind): void {
    if (this.#outages > 0) return
    const mirrored = this.#log.mirrored(kind)
    for (const [id, { next }] of this.#tables.offsets(kind)) {
      if (mirrored.get(id) !== next)
        throw new Error(`${kind} ${id} is mirrored at ${mirrored.get(id)}, stored at ${next}`)
    }
  }
}
