/**
 * One reading of a feed, or of what a group has given to a member: from its start offsets until it is stopped or the offsets are gone.
 *
 * Order: that of each partition. Loss: none; positions move only with batches that are handed on. Memory: one batch
 * (nothing is read until it is released) and librdkafka's queue. A broker that is down is reported and waited for.
 */
import { asRanktideError, RanktideError } from '../core/errors.js'
import { type Positions, partitionId } from '../core/positions.js'
import type { Message, MessageBatch } from '../operators/ports.js'
import { BatchCollector } from './batch-collector.js'
import type { KafkaConnection } from './kafka-connection.js'
import { EARLIEST, LATEST, lookAgain, type ProgressLook, startOffsets } from './kafka-offsets.js'
import type { BatchWindow } from './kafka-properties.js'

/** What a reading needs of a connection. */
export type ReadConnection = Pick<
  KafkaConnection,
  'assign' | 'assignMore' | 'assignNothing' | 'isOpen' | 'offsetsAt' | 'positions' | 'read'
>

export interface ReadingOptions {
  /** What there is to read, asked now and then: a partition that is added is read from its first record. */
  readonly partitions: () => Promise<readonly string[]>
  readonly window: BatchWindow
  /** How often new partitions and lost offsets are looked for, ms. */
  readonly refresh: number
  readonly onTrouble: (error: RanktideError) => void
  /** A member of a group has to poll: while a batch is held for longer than this, ms, nothing is assigned meanwhile. */
  readonly pollAfter?: number
}

/** Pause after an error that may pass, ms: librdkafka has back-offs of its own. */
const troublePause = 200
/** How often a member polls while a batch is held, ms. */
const heldPoll = 50

/** Whether the promise is fulfilled within `limit` ms. */
const within = async (limit: number, promise: Promise<void>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limit, false)
  })
  const first = await Promise.race([promise.then(() => true), expired])
  clearTimeout(timer)
  return first
}

export class KafkaReading {
  readonly #connection: ReadConnection
  readonly #options: ReadingOptions
  readonly #collector: BatchCollector
  /** Next offset of every partition, as far as batches have been handed on. */
  readonly #positions: Map<string, number>
  /**
   * Partitions of which librdkafka's position is this assignment's: for a moment it may still be that of the one before,
   * which may have read further.
   */
  readonly #settled = new Set<string>()
  #look: ProgressLook | undefined
  #timer: NodeJS.Timeout | undefined
  #failure: RanktideError | undefined
  #stopped = false
  #wake: () => void = () => {}

  private constructor(connection: ReadConnection, options: ReadingOptions, offsets: Positions) {
    this.#connection = connection
    this.#options = options
    this.#positions = new Map(offsets)
    this.#collector = new BatchCollector((count, wait) => this.#read(count, wait), options.window)
  }

  /** Fails with OFFSETS_GONE, KAFKA_TOPIC and what the connection fails with. `margin`: ms since 1970. */
  static async begin(
    connection: ReadConnection,
    options: ReadingOptions,
    start: Positions,
    margin: number,
  ): Promise<KafkaReading> {
    const partitions = await options.partitions()
    const ends = await connection.offsetsAt(partitions, LATEST)
    const earliest = await connection.offsetsAt(partitions, EARLIEST)
    const decision = startOffsets({ ends, earliest, margin: await connection.offsetsAt(partitions, margin) }, start)
    if (decision.kind === 'gone') throw new RanktideError('OFFSETS_GONE', decision.detail)
    return new KafkaReading(connection, options, decision.offsets)
  }

  /** Hands batches on, one at a time, until stop(). Throws OFFSETS_GONE. */
  async run(next: (batch: MessageBatch) => void): Promise<void> {
    try {
      if (!this.#stopped) this.#begin()
      // Where reading begins: at the end of a quiet topic nothing else would ever tell it.
      if (!this.#stopped) await this.#hand([], next)
      while (!this.#stopped) {
        const messages = await this.#gather()
        if (this.#failure !== undefined) throw this.#failure
        if (!this.#stopped && this.#advance(messages)) await this.#hand(messages, next)
      }
    } finally {
      this.stop()
      this.#connection.assignNothing()
    }
  }

  #begin(): void {
    this.#assign()
    this.#lookLater()
  }

  #assign(): void {
    this.#connection.assign(this.#positions)
    this.#settled.clear()
    this.#settle(this.#connection.positions(this.#positions.keys()), [])
  }

  /** What has no position yet was assigned anew, and so was what a message of this assignment came from. */
  #settle(found: Positions, messages: readonly Message[]): void {
    if (this.#settled.size === this.#positions.size) return
    for (const id of this.#positions.keys()) if (!found.has(id)) this.#settled.add(id)
    for (const { topic, partition } of messages) this.#settled.add(partitionId(topic, partition))
  }

  /** Resolves when the batch is released, or the reading stopped. */
  async #hand(messages: readonly Message[], next: (batch: MessageBatch) => void): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    next({ messages, positions: new Map(this.#positions), release: this.#wake })
    const { pollAfter } = this.#options
    if (pollAfter === undefined || (await within(pollAfter, released))) await released
    else await this.#pollUntil(released)
  }

  /** What was fetched ahead is given up for it, and fetched again: this is for batches that are held for long. */
  async #pollUntil(released: Promise<void>): Promise<void> {
    this.#connection.assignNothing()
    while (!(await within(heldPoll, released))) {
      await this.#connection.read(1, 0).catch((error: unknown) => this.#options.onTrouble(asRanktideError(error)))
    }
    if (!this.#stopped) this.#assign()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    this.#wake()
  }

  /** Adds partitions that are not read yet, from their first record. */
  async include(partitions: readonly string[]): Promise<void> {
    const added = partitions.filter((id) => !this.#positions.has(id))
    if (added.length === 0) return
    const offsets = await this.#connection.offsetsAt(added, EARLIEST)
    // Another call may have been faster while the broker was asked.
    const missing = new Map([...offsets].filter(([id]) => !this.#positions.has(id)))
    if (missing.size === 0 || this.#stopped) return
    this.#connection.assignMore(missing)
    for (const [id, offset] of missing) this.#positions.set(id, offset)
  }

  #read(count: number, wait: number): Promise<readonly Message[]> {
    // An error, so that a batch that is being gathered ends at once.
    if (this.#stopped) return Promise.reject(new RanktideError('KAFKA_FAILED', 'the reading was stopped'))
    return this.#connection.read(count, wait)
  }

  /** The next messages; none after an error, which is reported unless it ends the reading. */
  async #gather(): Promise<readonly Message[]> {
    try {
      return await this.#collector.next()
    } catch (error) {
      if (this.#stopped) return []
      if (!(error instanceof RanktideError) || error.code === 'OFFSETS_GONE') throw error
      if (!this.#connection.isOpen) throw error
      this.#options.onTrouble(error)
      await new Promise((resolve) => setTimeout(resolve, troublePause))
      return []
    }
  }

  /** Moves the positions over `messages` and what the broker left out after them; whether anything moved. */
  #advance(messages: readonly Message[]): boolean {
    let moved = false
    const forward = (id: string, offset: number): void => {
      if (offset <= (this.#positions.get(id) ?? 0)) return
      this.#positions.set(id, offset)
      moved = true
    }
    const found = this.#connection.positions(this.#positions.keys())
    this.#settle(found, messages)
    for (const [id, offset] of found) if (this.#settled.has(id)) forward(id, offset)
    return moved || messages.length > 0
  }

  #lookLater(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#lookAround(), this.#options.refresh)
  }

  async #lookAround(): Promise<void> {
    try {
      await this.include(await this.#options.partitions())
      await this.#checkProgress()
    } catch (error) {
      this.#look = undefined
      if (!this.#stopped && error instanceof RanktideError) this.#options.onTrouble(error)
    }
    this.#lookLater()
  }

  async #checkProgress(): Promise<void> {
    const positions = new Map(this.#positions)
    const drained = this.#collector.drained
    this.#collector.drained = false
    const partitions = [...positions.keys()]
    const earliest = await this.#connection.offsetsAt(partitions, EARLIEST)
    const ends = await this.#connection.offsetsAt(partitions, LATEST)
    const { look, gone } = lookAgain(this.#look, { positions, earliest, ends, drained })
    this.#look = look
    if (gone === undefined || this.#stopped) return
    this.#failure = new RanktideError('OFFSETS_GONE', gone)
    this.#wake()
  }
}
