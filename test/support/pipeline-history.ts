/**
 * One history of the whole pipeline, from a script of numbers, in virtual time: a table, its feed, a database and a
 * Redis that lag and fail, processes that die and are overtaken. Whatever is written to Redis is held against the truth
 * as it is written; at the end everything has to come to rest.
 *
 * Left out, because no owner could know: a process that starts on boards that others have written to finds Redis empty.
 */
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import { hasPassed, type Positions, partitionId } from '../../src/core/positions.js'
import type { Image } from '../../src/core/table.js'
import type { DeadLetter } from '../../src/operators/ports.js'
import { oracleTop } from './board-oracle.js'
import { Draws } from './draws.js'
import { PipelineProcess } from './pipeline-process.js'
import { SimulatedBase } from './simulated-base.js'
import { atOnce, drawFate, type Fate, simulatedCall } from './simulated-call.js'
import { rankedBy, type SimulatedRanking } from './simulated-rankings.js'
import { decodeIn, SimulatedSource } from './simulated-source.js'
import { SimulatedStreamBase } from './simulated-stream-base.js'
import { SimulatedWorld, table, topic } from './simulated-world.js'
import { swapReplayed } from './swap-replayed.js'
import { VirtualTime } from './virtual-time.js'
import { difference, WatchedBoards, WatchedStore } from './watched-boards.js'

/**
 * `mixed`: one partition, everything happens. `rewound`: several, with rewinds. `raced`: several, with hazards.
 * `gentle`: rows are only inserted and raised; after the first fill nothing may be read.
 */
export interface PipelinePlan {
  readonly mode: 'mixed' | 'rewound' | 'raced' | 'gentle'
  readonly size: number
  readonly reserve: number
  readonly direction: 'desc' | 'asc'
  readonly ties: 'newest' | 'oldest' | 'redis'
  readonly boards: 1 | 2
  readonly ranking: SimulatedRanking
  readonly marks: boolean
  /** The topics themselves are the base; for modes in which no partition overtakes another. Default: a database. */
  readonly streamBase?: boolean
  readonly audits: boolean
  /** Boards are replayed to any offsets and swapped in, whoever owns the feed. For modes without hazards across partitions. */
  readonly replays?: boolean
  readonly window: { readonly events: number; readonly time: number }
  /** Of ten calls to a server, how many do not simply succeed at once. */
  readonly trouble: number
  readonly script: readonly number[]
}

const keys = 9
const failed = (): RanktideError => new RanktideError('KAFKA_FAILED', 'simulated')

export class PipelineHistory {
  readonly #plan: PipelinePlan
  readonly #draws = new Draws()
  readonly #time = new VirtualTime(1_700_000_000_000)
  readonly #world: SimulatedWorld
  readonly #specs: readonly BoardSpec[]
  readonly #redis: WatchedBoards
  #owner: PipelineProcess
  /** A process that another has taken over from, and does not know it yet. */
  #former: PipelineProcess | undefined
  #failOver: (() => void) | undefined
  #committed: Positions = new Map()
  #outageUntil = 0
  #calm = false
  #starts = 0
  /** Partition and offset of every dead letter. */
  readonly #buried = new Set<string>()

  constructor(plan: PipelinePlan) {
    this.#plan = plan
    const many = plan.mode === 'rewound' || plan.mode === 'raced'
    this.#world = new SimulatedWorld(many ? 2 + (plan.size % 2) : 1, () => this.#time.now())
    const { size, ties } = plan
    const direction = plan.mode === 'gentle' ? 'desc' : plan.direction
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
    // A filter that flips takes rows off a board, which a gentle history must not.
    const ranking = plan.mode === 'gentle' ? 'plain' : plan.ranking
    this.#specs = (plan.boards === 1 ? [first] : [first, second]).map((spec) => rankedBy(spec, ranking))
    const truth = (spec: BoardSpec, positions: Positions) =>
      oracleTop(spec, plan.mode === 'raced' ? this.#world.committedTo(positions) : this.#world.foldedTo(positions))
    // After a TRUNCATE the feed alone tells the whole table.
    const provable = plan.marks || plan.streamBase === true || plan.mode === 'mixed' || plan.mode === 'raced'
    this.#redis = new WatchedBoards(this.#specs, this.#time, truth, provable)
    // Where the stream is its own base nothing is written that could prove times: they rest on the ends of the topics.
    this.#redis.holds = (at, positions) => plan.streamBase === true || this.#world.holds(at, positions)
    // Too few rows for a board in some gentle histories: then it has to be known that nothing is below.
    const rows = plan.mode === 'gentle' ? plan.reserve : 5
    for (let key = 0; key < rows; key++) this.#world.write(String(key), this.#image(String(key), key * 7), this.#es())
    this.#owner = this.#start()
  }

  /** Runs the script, mostly on boards that stand, then lets everything come to rest; throws at the first wrong thing. */
  run(): void {
    if ((this.#plan.script[0] ?? 0) % 4 > 0) this.#settle()
    this.#calm = false
    for (const number of this.#plan.script) {
      this.#draws.seed(number >>> 5)
      this.#act(number % 32)
      this.#check()
    }
    this.#settle()
    this.#owner.kill()
    this.#former?.kill()
  }

  #act(action: number): void {
    if (action < 8) this.#write()
    else if (action < 11) this.#world.send(1 + this.#draws.below(6))
    else if (action < 18) this.#deliver(1 + this.#draws.below(5))
    else if (action < 24) this.#time.advance(this.#draws.below(action === 23 ? 2500 : 600))
    else if (this.#plan.mode === 'gentle' && (action !== 27 || this.#plan.boards > 1)) this.#deliver(3)
    else if (action === 24) this.#drop()
    else if (action === 25) this.#resend()
    else if (action === 26) this.#hazard()
    else if (action === 27) this.#restart()
    else if (action === 28) this.#overtake()
    else if (action === 29 && this.#plan.replays === true && this.#draws.below(4) > 0) this.#replay()
    else if (action === 29) this.#disturb()
    else if (action === 30) this.#changeLease()
    else this.#time.sleep(this.#draws.below(4) === 0 ? 70_000 : 5_000)
  }

  #image(key: string, salt: number): Image {
    const likes = (salt * 5 + 3) % 11
    return [key, likes === 10 ? null : String(likes - 2), `${(salt * 3) % 5}${salt % 2 === 0 ? '' : '.5'}`]
  }

  #write(): void {
    const key = String(this.#draws.below(keys))
    if (this.#plan.mode === 'gentle') {
      const [, likes, reads] = this.#world.rows.get(key) ?? [key, '0', '0']
      const more = (text: string | null | undefined) => String(Number(text ?? 0) + this.#draws.below(4))
      this.#world.write(key, [key, more(likes), more(reads)], this.#es())
      return
    }
    const refused = this.#draws.below(40) === 0
    const image = this.#draws.below(5) === 0 ? null : this.#image(key, this.#draws.below(1000))
    this.#world.write(key, image, this.#es(), refused)
  }

  /** Deletes the best rows: the storm that makes a board run short. */
  #drop(): void {
    const best = [...this.#world.rows].sort(([, a], [, b]) => Number(b[1]) - Number(a[1]))
    for (const [key] of best.slice(0, 1 + this.#draws.below(6))) this.#world.write(key, null, this.#es())
  }

  #es(): number {
    const late = this.#plan.mode !== 'gentle' && this.#draws.below(6) === 0 ? 3000 : 0
    return Math.floor((this.#time.now() - late) / 1000) * 1000
  }

  #resend(): void {
    if (this.#plan.mode === 'raced') return
    if (this.#draws.below(2) === 0) this.#world.rewind(1 + this.#draws.below(12))
    else this.#world.sendPartly(2 + this.#draws.below(5), this.#draws.below(3))
  }

  #hazard(): void {
    if (this.#plan.mode === 'rewound') return
    if (this.#draws.below(3) === 0) this.#world.truncate()
    else this.#world.move(String(this.#draws.below(keys)), String(this.#draws.below(keys)), this.#es())
  }

  #deliver(most: number): void {
    // From time to time Redis' replica is up to date; what is written after that is lost by a failover.
    if (this.#draws.below(4) === 0 && this.#redis.tampered.size === 0) this.#failOver = this.#redis.failOverToNow()
    for (const process of [this.#owner, this.#former]) {
      const counts = Array.from({ length: this.#world.partitions }, () =>
        this.#world.partitions > 1 && this.#draws.below(4) === 0 ? 0 : this.#draws.below(most) + 1,
      )
      process?.source.deliver(counts)
    }
    this.#time.advance(this.#draws.below(3) * this.#draws.below(60))
  }

  #restart(): void {
    this.#owner.kill()
    this.#owner = this.#start()
  }

  /** Another process takes the boards while this one goes on. */
  #overtake(): void {
    this.#former?.kill()
    this.#former = this.#owner
    this.#owner = this.#start()
    if (this.#draws.below(2) === 0) this.#former.leased = false
  }

  #changeLease(): void {
    if (this.#owner.leased && this.#draws.below(2) === 0) this.#restart()
    else this.#owner.leased = !this.#owner.leased
  }

  #disturb(): void {
    const redis = this.#redis
    switch (this.#draws.below(5)) {
      case 0:
        redis.flush()
        return
      case 1:
        redis.tamper(this.#specs[this.#draws.below(this.#specs.length)]?.name ?? '', this.#draws)
        return
      case 2:
      case 3:
        if (redis.tampered.size === 0) this.#failOver?.()
        return
      default:
        this.#outageUntil = this.#time.now() + this.#draws.below(8000)
    }
  }

  /** A board as the topics tell it up to some offsets, old ones or the newest, takes the place of the live one. */
  #replay(): void {
    const spec = this.#specs[this.#draws.below(this.#specs.length)]
    const whole = this.#draws.below(3) === 0
    const positions = new Map(
      [...this.#world.ends()].map(([id, end]) => [id, whole ? end : this.#draws.below(end + 1)] as const),
    )
    const range = this.#world.rangeTo(positions)
    // A replay that could not read a message says so, and is not swapped in.
    if (spec === undefined || range.refused) return
    swapReplayed(this.#redis, spec, this.#world.foldedTo(positions), { positions, newest: range.newest })
  }

  #fate(most: number): Fate {
    if (this.#calm) return atOnce
    return drawFate(this.#draws, this.#plan.trouble, most)
  }

  #redisFate(): Fate {
    if (this.#time.now() < this.#outageUntil && !this.#calm)
      return { effectAfter: undefined, answerAfter: 300, fails: true, survives: false }
    return this.#fate(400)
  }

  #start(): PipelineProcess {
    this.#starts += 1
    const owner = `owner${this.#starts}`
    const { redis, world, time } = { redis: this.#redis, world: this.#world, time: this.#time }
    if (redis.tampered.size > 0) redis.flush()
    redis.owner = owner
    const store = new WatchedStore(redis, owner, time, () => this.#redisFate(), this.#draws)
    const ends = world.ends()
    const taken = new Map(
      this.#specs.map(({ name }) => {
        if (!this.#calm && this.#starts > 1) time.advance(this.#draws.below(2) * this.#draws.below(300))
        return [name, redis.take(redis.boards.store(owner), owner, name)]
      }),
    )
    /** Places of messages that this process has refused. */
    const refused = new Set<string>()
    const source = this.#sourceOf(owner, refused)
    const process = new PipelineProcess({
      specs: this.#specs,
      capacityOf: ({ size }) => size + this.#plan.reserve,
      time,
      source,
      base: this.#plan.streamBase
        ? new SimulatedStreamBase(world, time, () => this.#fate(1500))
        : new SimulatedBase(world, time, this.#plan.marks, () => this.#fate(1500)),
      store,
      taken,
      confirmed: redis.boards.confirmed ?? { positions: new Map(), versions: new Map() },
      ends,
      window: this.#plan.window,
      auditEvery: this.#plan.audits && this.#plan.mode !== 'gentle' ? 20_000 : undefined,
      decode: decodeIn(world, (partition, offset) => refused.add(`${partitionId(topic, partition)} ${offset}`)),
      deadLetters: { write: (letters) => simulatedCall(time, this.#fate(4000), () => this.#bury(letters), failed) },
      healed: (board) => redis.healed.add(board),
    })
    time.schedule(() => source.assign(), this.#calm ? 0 : this.#draws.below(300))
    return process
  }

  #sourceOf(owner: string, refused: Set<string>): SimulatedSource {
    const since = this.#time.now()
    return new SimulatedSource(this.#world, this.#draws.below(12), {
      ends: () => simulatedCall(this.#time, this.#fate(500), () => this.#world.ends(), failed),
      committed: (positions) => {
        if (owner !== this.#redis.owner) return
        this.#checkBuried(refused, positions)
        this.#committed = positions
        this.#redis.commit(positions, this.#time.now() - since >= 60_000)
      },
      complain: (what) => this.#redis.complain(what),
      now: () => this.#time.now(),
    })
  }

  #bury(letters: readonly DeadLetter[]): void {
    for (const { message } of letters)
      this.#buried.add(`${partitionId(message.topic, message.partition)} ${message.offset}`)
  }

  /** What a process has read, refused and passed over for good is a dead letter. */
  #checkBuried(refused: Set<string>, positions: Positions): void {
    for (const place of refused) {
      const [id = '', offset] = place.split(' ')
      if (Number(offset) >= (positions.get(id) ?? 0)) continue
      refused.delete(place)
      if (!this.#buried.has(place)) this.#redis.complain(`${place} was refused, committed and is no dead letter`)
    }
  }

  #check(): void {
    const { complaint } = this.#redis
    if (complaint !== undefined) throw new Error(complaint)
    for (const process of [this.#owner, this.#former]) {
      const error = process?.error
      if (error === undefined) continue
      if (!(error instanceof RanktideError) || error.code !== 'LEASE_LOST') throw error
    }
    if (this.#former?.error !== undefined) this.#former = undefined
    if (this.#owner.error !== undefined) this.#owner = this.#start()
    if (this.#plan.mode === 'gentle') this.#checkGentle()
  }

  /** Rows are only raised, and every barrier is proven: one answer a board, and none where Redis had the board. */
  #checkGentle(): void {
    const { merged, warm, base } = this.#owner
    const due = warm ? 0 : this.#plan.boards
    if (this.#plan.marks && merged > due)
      throw new Error(`read ${merged} times instead of ${due}, by ${base.reads} queries`)
  }

  /** Nothing more is written: within bounded time Redis has to hold the table, say so, confirm and commit it. */
  #settle(): void {
    this.#calm = true
    this.#draws.seed(1)
    this.#owner.leased = true
    let unsettled: string | undefined = 'not started'
    for (let round = 0; round < 200; round++) {
      while (this.#world.send(50)) {}
      for (let i = 0; i < 12; i++) {
        this.#owner.source.deliver([9, 9, 9])
        this.#former?.source.deliver([9, 9, 9])
        this.#time.advance(100)
      }
      if (round % 8 === 7) this.#time.sleep(20_000)
      this.#check()
      unsettled = this.#unsettled()
      if (unsettled === undefined) break
    }
    if (unsettled !== undefined) throw new Error(`not settled: ${unsettled}`)
    if (this.#former?.store.fenced === true) throw new Error('a fenced process went on')
  }

  #unsettled(): string | undefined {
    const ends = this.#world.ends()
    const { boards, tampered } = this.#redis
    for (const spec of this.#specs) {
      const status = boards.get(spec.name)?.meta?.status
      const fine = status?.state === 'exact' || (status?.state === 'assumed' && this.#owner.feed.proof === 'assumed')
      if (!fine) return `${spec.name} ${status?.state} ${status?.reason}`
      const wrong = difference(boards.entries(spec.name, true), oracleTop(spec, this.#world.rows))
      if (wrong !== undefined) return `${spec.name} ${tampered.has(spec.name) ? 'tampered' : ''}\n${wrong}`
    }
    if (!hasPassed(boards.confirmed?.positions ?? new Map(), ends)) return 'not confirmed'
    return hasPassed(this.#committed, ends) ? undefined : 'not committed'
  }
}
