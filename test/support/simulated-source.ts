/**
 * The topics of a simulated world as one process reads them. Emits a batch only when told to and only after the one
 * before it was released: a second release, or one that is missing, is what histories find out.
 */
import { either } from 'fp-ts'
import { Observable, type ObservableInput, type Subscriber } from 'rxjs'
import type { Decode } from '../../src/core/change.js'
import { type Positions, partitionId } from '../../src/core/positions.js'
import type { FeedSource, Message, MessageBatch } from '../../src/operators/ports.js'
import { type SimulatedWorld, table, topic } from './simulated-world.js'

export interface SourceHooks {
  ends(): ObservableInput<Positions>
  committed(positions: Positions): void
  complain(what: string): void
  now(): number
}

export class SimulatedSource implements FeedSource {
  readonly #world: SimulatedWorld
  readonly #hooks: SourceHooks
  /** Records that a partition without a start position goes back by. */
  readonly #margin: number
  #read = new Map<string, number>()
  #subscriber: Subscriber<MessageBatch> | undefined
  #unreleased = false

  constructor(world: SimulatedWorld, margin: number, hooks: SourceHooks) {
    this.#world = world
    this.#margin = margin
    this.#hooks = hooks
  }

  get positions(): Positions {
    return this.#read
  }

  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      this.#read = new Map([...this.#world.before(this.#margin), ...start])
      this.#subscriber = subscriber
      return () => {
        this.#subscriber = undefined
      }
    })
  }

  ends(): ObservableInput<Positions> {
    return this.#hooks.ends()
  }

  commit(positions: Positions): void {
    this.#hooks.committed(positions)
  }

  /** The partitions are assigned: says where reading starts. */
  assign(): void {
    this.#emit([])
  }

  /** Delivers up to `counts[i]` records of partition i. False: nothing may be delivered now, or there is nothing. */
  deliver(counts: readonly number[]): boolean {
    if (this.#subscriber === undefined || this.#unreleased) return false
    const messages: Message[] = []
    for (const [partition, count] of counts.entries()) {
      const id = partitionId(topic, partition)
      for (let i = 0; i < count; i++) {
        const offset = this.#read.get(id) ?? 0
        if (this.#world.eventsAt(partition, offset) === undefined) break
        this.#read.set(id, offset + 1)
        const value = encode(partition, offset)
        messages.push({ topic, partition, offset, key: null, value, timestamp: this.#hooks.now() })
      }
    }
    if (messages.length === 0) return false
    this.#emit(messages)
    return true
  }

  #emit(messages: readonly Message[]): void {
    let released = false
    this.#unreleased = true
    const release = (): void => {
      if (released) this.#hooks.complain('a batch was released twice')
      released = true
      this.#unreleased = false
    }
    this.#subscriber?.next({ messages, positions: new Map(this.#read), release })
  }
}

const encode = (partition: number, offset: number): Uint8Array => Uint8Array.of(partition, offset & 255, offset >> 8)

/** A record's value says where it stands in the world; a refused one names its table, or none. */
export const decodeIn = (
  world: SimulatedWorld,
  refused: (partition: number, offset: number) => void = () => {},
): Decode => {
  return (value) => {
    const [partition = 0, low = 0, high = 0] = value ?? []
    const { events, es, batchId } = world.eventsAt(partition, low + 256 * high) ?? { events: [], es: 0, batchId: 0 }
    const [first] = events
    if (first?.kind === 'refused') {
      refused(partition, low + 256 * high)
      return either.left({ refusal: first.refusal, tables: low % 2 === 0 ? [table] : undefined })
    }
    return either.right({ events, batchId, es: es === 0 ? undefined : es, discardedBefore: 0 })
  }
}
