/** The pipeline over a simulated world where nothing fails: what its boards come to, and what it sent for it. */
import type { BoardSpec } from '../../src/core/board-spec.js'
import { hasPassed } from '../../src/core/positions.js'
import type { WindowLimits } from '../../src/operators/window-events.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { oracleTop } from './board-oracle.js'
import { Draws } from './draws.js'
import { PipelineProcess } from './pipeline-process.js'
import { SimulatedBase } from './simulated-base.js'
import { atOnce } from './simulated-call.js'
import { decodeIn, SimulatedSource } from './simulated-source.js'
import { type SimulatedWorld, table } from './simulated-world.js'
import { VirtualTime } from './virtual-time.js'
import { WatchedBoards, WatchedStore } from './watched-boards.js'

export const likesBoard = (size: number): BoardSpec => ({
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
})

export class QuietPipeline {
  readonly world: SimulatedWorld
  readonly base: SimulatedBase
  readonly #time = new VirtualTime(1_700_000_000_000)
  readonly #watched: WatchedBoards
  readonly #source: SimulatedSource
  readonly #process: PipelineProcess

  constructor(world: SimulatedWorld, size: number, window: WindowLimits, capacity = size + 2) {
    this.world = world
    const spec = likesBoard(size)
    const time = this.#time
    this.#watched = new WatchedBoards([spec], time, (board, at) => oracleTop(board, world.foldedTo(at)), true)
    this.#watched.owner = 'owner'
    this.base = new SimulatedBase(world, time, true, () => atOnce)
    this.#source = new SimulatedSource(world, 0, {
      ends: () => [world.ends()],
      committed: (positions) => this.#watched.commit(positions, false),
      complain: (what) => this.#watched.complain(what),
      now: () => time.now(),
    })
    const store = new WatchedStore(this.#watched, 'owner', time, () => atOnce, new Draws())
    this.#process = new PipelineProcess({
      specs: [spec],
      capacityOf: () => capacity,
      time,
      source: this.#source,
      base: this.base,
      store,
      taken: new Map([['likes', this.#watched.take(this.#watched.boards.store('owner'), 'owner', 'likes')]]),
      confirmed: { positions: new Map(), versions: new Map() },
      ends: world.ends(),
      window,
      auditEvery: undefined,
      decode: decodeIn(world),
      deadLetters: new MemoryDeadLetters(),
      healed: () => {},
    })
    this.#source.assign()
  }

  /** Feeds everything that Canal has to send, `batch` records of a partition at a time, until the boards rest. */
  rest(batch: number): void {
    const counts = Array.from({ length: this.world.partitions }, () => batch)
    for (let round = 0; round < 100; round++) {
      while (this.world.send(50)) {}
      while (this.#source.deliver(counts)) this.#time.advance(10)
      this.#time.advance(300)
      if (this.#watched.complaint !== undefined) throw new Error(this.#watched.complaint)
      const [board] = this.#process.feed.snapshot().boards
      if (board?.status.state === 'exact' && hasPassed(this.#source.positions, this.world.ends())) return
    }
    throw new Error('not at rest')
  }

  /** The board in its own order. */
  get rows(): readonly string[] {
    const [board] = this.#process.feed.snapshot().boards
    return board?.content?.entries.map(({ row }) => row) ?? []
  }

  /** Member and score as the zset holds them. */
  get zset(): readonly (readonly [string, string])[] {
    return this.#watched.boards.entries('likes', true).map(({ member, score }) => [member, score])
  }

  /** Every member, score and row that was ever sent; a state that changes is none of them. */
  get sent(): number {
    const { leave, scores, rows } = this.#watched.boards.sent
    return leave + scores + rows
  }

  stop(): void {
    this.#process.kill()
  }
}
