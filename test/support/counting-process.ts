/** A process that counts, in virtual time: one pipeline, on ports that are in trouble, until it is killed. */
import type { Subscription } from 'rxjs'
import { readCounterPipeline } from '../../pipelines/read-counter.js'
import { readHistoryPipeline } from '../../pipelines/read-history.js'
import type { CounterProgress } from '../../src/core/counter-progress.js'
import { asRanktideError, type RanktideError } from '../../src/core/errors.js'
import { MemoryCountStore } from '../../src/databases/memory/count-store.js'
import { MemoryHistoryStore } from '../../src/databases/memory/history-store.js'
import type { MemoryTables } from '../../src/databases/memory/memory-tables.js'
import { readEvent } from '../../src/formats/read-event.js'
import type { BatchStore } from '../../src/operators/batch-store.js'
import type { CounterPorts, CounterWindow } from '../../src/operators/counter-ports.js'
import type { DeadLetter } from '../../src/operators/ports.js'
import type { MemoryLog } from '../../src/sources/memory-log.js'
import { timeZone } from './produced-reads.js'
import {
  type StoreWatch,
  type TroubledCall,
  TroubledConsumer,
  TroubledLetters,
  TroubledStore,
} from './troubled-ports.js'
import type { VirtualTime } from './virtual-time.js'

export type CountingKind = 'counter' | 'history'

export const countedTable = 'interactives'

export interface CountingWorld {
  readonly kind: CountingKind
  readonly topic: string
  readonly instance: string | undefined
  readonly log: MemoryLog
  readonly tables: MemoryTables
  readonly letters: DeadLetter[]
  readonly time: VirtualTime
  readonly window: CounterWindow
  readonly start: 'beginning' | 'end'
  readonly onLoss: 'stop' | 'skip'
  readonly call: TroubledCall
  random(): number
  readonly watch: StoreWatch
  lost(): void
  /** Ended by itself: with an error, or although nobody closed it. */
  ended(error: RanktideError | undefined): void
}

export class CountingProcess {
  readonly #consumer: TroubledConsumer
  readonly #running: Subscription
  progress: CounterProgress | undefined

  constructor(world: CountingWorld) {
    const { log, topic, instance, kind, call } = world
    const inner = log.consumer({ group: kind, topics: [topic], instance })
    this.#consumer = new TroubledConsumer(inner, call, (partitions) => ({
      first: log.firsts(partitions),
      ends: log.ends(partitions),
    }))
    const pipeline$ =
      kind === 'counter'
        ? readCounterPipeline({
            ...this.#ports(world, countStore(world)),
            spec: { buckets: ['hour', 'day'], timeZone },
          })
        : readHistoryPipeline(this.#ports(world, new MemoryHistoryStore(world.tables)))
    this.#running = pipeline$.subscribe({
      next: (progress) => {
        this.progress = progress
      },
      error: (error: unknown) => world.ended(asRanktideError(error)),
      complete: () => world.ended(undefined),
    })
  }

  #ports<B>(world: CountingWorld, store: BatchStore<B>): CounterPorts<B> {
    const { kind, letters, call, window, start, onLoss, time, random, watch, lost } = world
    return {
      name: kind,
      group: kind,
      consumer: this.#consumer,
      store: new TroubledStore(store, call, watch),
      deadLetters: new TroubledLetters(letters, call),
      decode: readEvent,
      window,
      start,
      onLoss,
      scheduler: time,
      random,
      observer: { letters: { written: () => {}, failed: () => {} }, failed: () => {}, fenced: () => {}, lost },
    }
  }

  /** It is taken for dead, knows nothing of that, and goes on. */
  loseTouch(): void {
    this.#consumer.inner.loseTouch()
  }

  recover(): void {
    this.#consumer.inner.recover()
  }

  repeatAssignment(): void {
    this.#consumer.repeat()
  }

  /** What it has sent may still arrive. */
  kill(): void {
    this.#running.unsubscribe()
  }

  /** Leaves the group; what was read may still be written, and the pipeline completes. */
  close(): void {
    void this.#consumer.close()
  }
}

const countStore = ({ tables }: CountingWorld): MemoryCountStore =>
  new MemoryCountStore(tables, {
    name: 'reads',
    table: { schema: undefined, name: countedTable },
    add: new Map([['read_cnt', 1]]),
  })
