/** One reading of a whole stream into tables: from its first message on until it fails or is stopped. */
import { isLeft } from 'fp-ts/lib/Either.js'
import { from, lastValueFrom, type ObservableInput, type Subscription } from 'rxjs'
import type { Decode } from '../../core/change.js'
import { asRanktideError, RanktideError } from '../../core/errors.js'
import { hasPassed, type Positions, partitionId } from '../../core/positions.js'
import type { TableShape } from '../../core/table.js'
import type { FeedSource, Message, MessageBatch } from '../../operators/ports.js'
import { StreamTable } from './stream-table.js'

/** A feed's topics, whole, for one reader. */
export interface WholeStream extends Pick<FeedSource, 'batches' | 'ends'> {
  /** The first offset of every partition that is still there. */
  beginnings(): ObservableInput<Positions>
}

export interface StreamReadingOptions {
  readonly stream: WholeStream
  readonly decode: Decode
  /** The tables that `decode` tells of. */
  readonly tables: readonly TableShape[]
}

interface Waiting {
  readonly target: Positions
  readonly resolve: () => void
  readonly reject: (error: RanktideError) => void
}

export class StreamReading {
  readonly #options: StreamReadingOptions
  readonly #tables: ReadonlyMap<string, StreamTable>
  /** Partitions whose first messages are gone, and of which none was read yet. */
  readonly #cut: Set<string>
  readonly #waiting = new Set<Waiting>()
  readonly #over: () => void
  #positions: Positions
  /** Since when all cut partitions are whole, ms since 1970. */
  #since = 0
  #failure: RanktideError | undefined
  #subscription: Subscription | undefined

  private constructor(options: StreamReadingOptions, beginnings: Positions, over: () => void) {
    this.#options = options
    this.#over = over
    this.#tables = new Map(options.tables.map(({ id }) => [id, new StreamTable()]))
    this.#positions = beginnings
    this.#cut = new Set([...beginnings].flatMap(([id, offset]) => (offset > 0 ? [id] : [])))
    for (const id of this.#cut) this.#noteCut(`offset ${beginnings.get(id)} of ${id}`)
  }

  /** `over` is told when it goes no further: what was read is of no use any more. */
  static async begin(options: StreamReadingOptions, over: () => void): Promise<StreamReading> {
    const { stream } = options
    const beginnings = await lastValueFrom(from(stream.beginnings()))
    const reading = new StreamReading(options, beginnings, over)
    const subscription = stream.batches(beginnings).subscribe({
      next: (batch) => reading.#take(batch),
      error: (error: unknown) => reading.stop(asRanktideError(error)),
      complete: () => reading.stop(new RanktideError('KAFKA_FAILED', 'the stream has ended')),
    })
    reading.#subscription = subscription
    return reading
  }

  get positions(): Positions {
    return this.#positions
  }

  /** Resolves once everything has been read that the topics held at the call; rejects with what ended the reading. */
  async catchUp(): Promise<void> {
    const target = await lastValueFrom(from(this.#options.stream.ends()))
    if (this.#failure !== undefined) throw this.#failure
    if (hasPassed(this.#positions, target)) return
    await new Promise<void>((resolve, reject) => this.#waiting.add({ target, resolve, reject }))
  }

  /** TABLE_MISSING for one that is not read, STREAM_INCOMPLETE for one that the stream no longer tells. */
  table({ id }: TableShape): StreamTable {
    const table = this.#tables.get(id)
    if (table === undefined) throw new RanktideError('TABLE_MISSING', `${id} is not read from the stream`)
    if (table.broken !== undefined) throw new RanktideError('STREAM_INCOMPLETE', table.broken)
    return table
  }

  /** `error` is what whoever waits is told. */
  stop(error: RanktideError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#over()
    this.#subscription?.unsubscribe()
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting.clear()
  }

  #take(batch: MessageBatch): void {
    const partitions = Math.max(this.#positions.size, batch.positions.size)
    for (const message of batch.messages) this.#takeMessage(message, partitions)
    this.#positions = batch.positions
    for (const waiting of this.#waiting) {
      if (!hasPassed(this.#positions, waiting.target)) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
    batch.release()
  }

  #takeMessage(message: Message, partitions: number): void {
    this.#dateCut(message)
    const decoded = this.#options.decode(message.value)
    if (isLeft(decoded)) {
      const { refusal, tables } = decoded.left
      for (const { id } of tables ?? this.#options.tables)
        this.#tables.get(id)?.apply({ kind: 'refused', table: undefined, refusal }, partitions)
      return
    }
    for (const event of decoded.right.events)
      if (event.kind !== 'marker' && event.table !== undefined)
        this.#tables.get(event.table.id)?.apply(event, partitions)
  }

  /** The first message of a partition whose beginning is gone: it dates what may be missing. */
  #dateCut({ topic, partition, timestamp }: Message): void {
    const cut = this.#cut.delete(partitionId(topic, partition))
    if (!cut || timestamp === undefined || timestamp <= this.#since) return
    this.#since = timestamp
    this.#noteCut(new Date(timestamp).toISOString())
  }

  #noteCut(since: string): void {
    for (const table of this.#tables.values()) table.cut(`stream only since ${since}`)
  }
}
