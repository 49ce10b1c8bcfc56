/** One split board over a simulated world and a store in memory, where nothing fails: processes that come and go. */
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import { groupName } from '../../src/core/group-name.js'
import { hasPassed } from '../../src/core/positions.js'
import type { BoardMeta } from '../../src/operators/ports.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { oracleTop } from './board-oracle.js'
import { Draws } from './draws.js'
import { PipelineProcess } from './pipeline-process.js'
import { SimulatedBase } from './simulated-base.js'
import { atOnce, type Fate } from './simulated-call.js'
import { decodeIn, SimulatedSource } from './simulated-source.js'
import { type Rows, SimulatedWorld, table } from './simulated-world.js'
import { VirtualTime } from './virtual-time.js'
import { difference, now, WatchedBoards, WatchedStore } from './watched-boards.js'

export const per = 3

export const rowsOfGroup = (rows: Rows, value: string | undefined): Rows =>
  new Map([...rows].filter(([, image]) => image[per] === value))

export class SimulatedSplit {
  readonly time = new VirtualTime(1_700_000_000_000)
  readonly world: SimulatedWorld
  readonly redis: WatchedBoards
  readonly spec: BoardSpec
  /** Names of the boards of each publish. */
  readonly publishes: string[][] = []
  fate: () => Fate = () => atOnce
  #process: PipelineProcess | undefined
  #source: SimulatedSource | undefined
  #starts = 0
  #committed = new Map<string, number>()
  #folded: { readonly positions: string; readonly groups: ReadonlyMap<string, Rows> } = {
    positions: '',
    groups: new Map(),
  }

  /** `values`: those that are checked when offsets are committed. */
  constructor(size: number, values: readonly string[] = [], partitions = 1) {
    this.world = new SimulatedWorld(partitions)
    this.spec = {
      ...{ name: 'likes', table, direction: 'desc', ties: 'newest', size, display: [0, 1] },
      ...{ score: { kind: 'column', column: 1 }, where: undefined, per },
    }
    const truth = (spec: BoardSpec, at: ReadonlyMap<string, number>, value: string | undefined) =>
      oracleTop(spec, this.#rowsAt(at).get(value ?? '') ?? new Map())
    this.redis = new WatchedBoards([this.spec], this.time, truth, true, values)
  }

  /** The rows of each group when the feed has been read up to these positions. */
  #rowsAt(at: ReadonlyMap<string, number>): ReadonlyMap<string, Rows> {
    const positions = JSON.stringify([...at])
    if (this.#folded.positions === positions) return this.#folded.groups
    const groups = new Map<string, Rows>()
    for (const [key, image] of this.world.foldedTo(at)) {
      const value = image[per]
      if (value === null || value === undefined) continue
      const rows = groups.get(value) ?? new Map()
      groups.set(value, rows.set(key, image))
    }
    this.#folded = { positions, groups }
    return groups
  }

  /** `likes`: null deletes the row. */
  write(id: number, likes: number | null, value: string | null): void {
    const image = likes === null ? null : [String(id), String(likes), '0', value]
    this.world.write(String(id), image, this.time.now())
  }

  /** The next start finds the group as it is and has no reason to believe it. */
  distrust(value: string): void {
    const { boards } = this.redis
    boards.registries.get('likes')?.groups.set(value, undefined)
    const found = boards.get(groupName('likes', value))
    if (found?.meta !== undefined) found.meta = { ...found.meta, positions: new Map([['shop.items/0', 1]]) }
  }

  start(): void {
    this.#starts += 1
    const owner = `owner${this.#starts}`
    const { redis, world, time, spec } = this
    redis.owner = owner
    const inMemory = redis.boards.store(owner)
    const whole = redis.take(inMemory, owner, 'likes')
    const registry = now(inMemory.registered('likes'))
    const groups = new Map(
      [...registry.groups.keys()].map((value) => [value, redis.take(inMemory, owner, groupName('likes', value))]),
    )
    const source = new SimulatedSource(world, 1_000_000, {
      ends: () => [world.ends()],
      committed: (positions) => {
        if (owner !== redis.owner) return
        this.#committed = new Map(positions)
        redis.commit(positions, false)
      },
      complain: (what) => redis.complain(what),
      now: () => time.now(),
    })
    const store = new WatchedStore(redis, owner, time, () => this.fate(), new Draws())
    const publish = store.publish.bind(store)
    store.publish = (requests) => {
      this.publishes.push(requests.map(({ board }) => board))
      return publish(requests)
    }
    this.#source = source
    this.#process = new PipelineProcess({
      specs: [spec],
      capacityOf: ({ size }) => size + 2,
      time,
      source,
      base: new SimulatedBase(world, time, true, () => this.fate()),
      store,
      taken: new Map([['likes', whole]]),
      splits: [{ spec, whole, registry, groups }],
      confirmed: redis.boards.confirmed ?? { positions: new Map(), versions: new Map() },
      ends: world.ends(),
      window: { events: 50, time: 10 },
      auditEvery: undefined,
      decode: decodeIn(world),
      deadLetters: new MemoryDeadLetters(),
      healed: (board) => redis.healed.add(board),
    })
    source.assign()
  }

  restart(): void {
    this.stop()
    this.start()
  }

  stop(): void {
    this.#process?.kill()
  }

  /** Some of what there is to send, and some time. */
  go(records: number, ms: number): void {
    this.world.send(records)
    this.#source?.deliver(Array.from({ length: this.world.partitions }, () => records))
    this.time.advance(ms)
    this.check()
  }

  check(): void {
    if (this.redis.complaint !== undefined) throw new Error(this.redis.complaint)
    const error = this.#process?.error
    if (error === undefined) return
    // Redis has gone back to another owner: its own would start again.
    if (error instanceof RanktideError && error.code === 'LEASE_LOST') this.start()
    else throw error
  }

  /**
   * Until Redis has the table, says so, and it is confirmed and committed; at least for `longer` ms. `late`: a registration
   * may have arrived after its group had gone; the next start removes it.
   */
  rest(longer = 0, late = false): void {
    let unsettled: string | undefined
    for (let round = 0; round < 100; round++) {
      while (this.world.send(50)) {}
      for (let i = 0; i < 60; i++) this.#source?.deliver(Array.from({ length: this.world.partitions }, () => 60))
      this.time.advance(1_100 + (round === 0 ? longer : 0))
      this.check()
      unsettled = this.#unsettled(late)
      if (unsettled === undefined) return
    }
    throw new Error(`not at rest: ${unsettled}`)
  }

  #unsettled(late: boolean): string | undefined {
    const { boards } = this.redis
    const status = boards.get('likes')?.meta?.status
    if (status?.state !== 'exact') return `likes ${status?.state} ${status?.reason}`
    const values = new Set([...this.world.rows.values()].flatMap((image) => image[per] ?? []))
    for (const value of values) {
      const name = groupName('likes', value)
      const state = boards.get(name)?.meta?.status.state
      if (state !== 'exact') return `${name} ${state}`
      const wrong = difference(boards.entries(name, true), oracleTop(this.spec, rowsOfGroup(this.world.rows, value)))
      if (wrong !== undefined) return `${name}\n${wrong}`
    }
    // A take that arrived after its caller had given up, and its group had gone, leaves a meta that says nothing.
    const keys = boards.names().filter((name) => name.includes('/') && boards.get(name)?.meta !== undefined)
    if (keys.length !== values.size) return `groups ${keys.join(', ')}`
    const registered = this.groups.filter((value) => !late || values.has(value))
    if (registered.length !== values.size) return `registered ${this.groups.join(', ')}`
    const ends = this.world.ends()
    if (!hasPassed(boards.confirmed?.positions ?? new Map(), ends)) return 'not confirmed'
    if (!hasPassed(this.#committed, ends)) return 'not committed'
    const unvouched = [...(boards.registries.get('likes')?.groups ?? [])].filter(
      ([value, version]) => values.has(value) && boards.get(groupName('likes', value))?.version !== version,
    )
    return unvouched.length > 0 ? `not vouched for: ${unvouched.join('; ')}` : undefined
  }

  /** Best first. */
  members(value: string): readonly string[] {
    const entries = this.redis.boards.entries(groupName('likes', value))
    return entries.map(({ member }) => member).reverse()
  }

  /** Values that the registry names. */
  get groups(): readonly string[] {
    return [...(this.redis.boards.registries.get('likes')?.groups.keys() ?? [])].sort()
  }

  /** Boards that have keys. */
  get keys(): readonly string[] {
    return [...this.redis.boards.names()].sort()
  }

  get whole(): BoardMeta | undefined {
    return this.redis.boards.get('likes')?.meta
  }

  /** Queries of the process of now. */
  get reads(): number {
    return this.#process?.base.reads ?? 0
  }
}
