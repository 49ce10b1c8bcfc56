/** One process of a pipeline history: it takes the boards, starts from what it finds, and runs until it dies. */
import type { Subscription } from 'rxjs'
import { boardPipeline } from '../../pipelines/board.js'
import { definitionOf } from '../../src/core/board-definition.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { Decode } from '../../src/core/change.js'
import { Feed } from '../../src/core/feed.js'
import type { Positions } from '../../src/core/positions.js'
import type { Base, Confirmation, DeadLetters, TakenBoard } from '../../src/operators/ports.js'
import { PublishedBoards } from '../../src/operators/published-boards.js'
import { restoreBoards } from '../../src/operators/restore-boards.js'
import type { TakenSplit } from '../../src/operators/restore-split.js'
import type { WindowLimits } from '../../src/operators/window-events.js'
import type { SimulatedSource } from './simulated-source.js'
import type { VirtualTime } from './virtual-time.js'
import type { WatchedStore } from './watched-boards.js'

/** A base that tells how often it was asked. */
export interface CountingBase extends Base {
  readonly reads: number
}

export interface ProcessPorts {
  readonly specs: readonly BoardSpec[]
  readonly capacityOf: (board: BoardSpec) => number
  readonly time: VirtualTime
  readonly source: SimulatedSource
  readonly base: CountingBase
  readonly store: WatchedStore
  /** Of split boards what they have as a whole. */
  readonly taken: ReadonlyMap<string, TakenBoard>
  /** Every split board with the groups that its registry knows. */
  readonly splits?: readonly TakenSplit[]
  /** What the last owner confirmed. */
  readonly confirmed: Confirmation
  readonly ends: Positions
  readonly window: WindowLimits
  readonly auditEvery: number | undefined
  readonly decode: Decode
  readonly deadLetters: DeadLetters
  /** A board in Redis was not what its owner had put there. */
  readonly healed: (board: string) => void
}

export class PipelineProcess {
  readonly source: SimulatedSource
  readonly base: CountingBase
  readonly store: WatchedStore
  readonly feed: Feed
  /** Whether Redis had every board, exact: then nothing needs to be read. */
  readonly warm: boolean
  /** Whether it believes that it holds the lease. */
  leased = true
  /** Why it ended by itself. */
  error: unknown
  /** Rows were taken in this often. */
  merged = 0
  readonly #subscription: Subscription

  constructor(ports: ProcessPorts) {
    const { specs, time, source, base, store, taken } = ports
    this.source = source
    this.base = base
    this.store = store
    const definitions = new Map(specs.map((spec) => [spec.name, definitionOf(spec, ['shop.items'])]))
    this.feed = new Feed({
      boards: specs,
      partitions: ports.ends.size,
      marks: base.marks,
      nonce: store.owner,
      capacityOf: ports.capacityOf,
    })
    const published = new PublishedBoards(taken, definitions)
    const splits = { taken: ports.splits ?? [], published }
    const start = restoreBoards(this.feed, taken, definitions, ports.confirmed, splits)
    this.feed.expect(ports.ends)
    this.warm = [...taken.values()].every(({ meta }) => meta?.status.state === 'exact')
    this.#subscription = boardPipeline({
      source,
      start,
      decode: ports.decode,
      window: ports.window,
      decoding: {},
      refusing: {
        deadLetters: ports.deadLetters,
        feed: 'shop.items',
        scheduler: time,
        observer: { written: () => {}, failed: () => {} },
      },
      keeping: {
        feed: this.feed,
        base,
        source,
        scheduler: time,
        auditEvery: ports.auditEvery,
        note: (note) => {
          if (note.kind === 'merged') this.merged += 1
        },
      },
      publishing: {
        store,
        published,
        mayPublish: () => this.leased,
        scheduler: time,
        observer: { published: () => {}, failed: () => {}, healed: ports.healed },
      },
      confirming: { source, store, scheduler: time, confirmed: () => {}, failed: () => {} },
    }).subscribe({
      error: (error: unknown) => {
        this.error = error
      },
    })
  }

  get ended(): boolean {
    return this.error !== undefined || this.#subscription.closed
  }

  kill(): void {
    this.#subscription.unsubscribe()
  }
}
