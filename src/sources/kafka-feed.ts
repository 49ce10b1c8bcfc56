/**
 * A feed's topics, read by one owner without a consumer group: it assigns itself all partitions and commits offsets
 * under the group's name.
 *
 * Order: that of each partition; none between partitions. Duplicates: only those of the topic and of a start position
 * before the last one reached. Loss: none; offsets that the broker no longer has are OFFSETS_GONE. Memory: one batch,
 * and librdkafka's queue (`queued.max.messages.kbytes`). A partition that is added is noticed within `refresh` ms or
 * by ends(), and read from its first record.
 *
 * batches() fails with KAFKA_UNREACHABLE, KAFKA_DENIED, KAFKA_TOPIC and OFFSETS_GONE when it starts; once it runs,
 * servers that are down are reported to onTrouble and waited for, and only OFFSETS_GONE ends it.
 */
import { Observable } from 'rxjs'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { FeedSource, MessageBatch } from '../operators/ports.js'
import { OffsetCommits } from './kafka-commits.js'
import { KafkaConnection } from './kafka-connection.js'
import { quietly } from './kafka-errors.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'
import { type BatchWindow, consumerProperties, type KafkaAddress } from './kafka-properties.js'
import { KafkaReading } from './kafka-reading.js'

export interface KafkaFeedOptions extends KafkaAddress {
  readonly topics: readonly string[]
  readonly window: BatchWindow
  /** A partition without a position starts this long before now, ms. */
  readonly margin?: number
  /** Told what the feed waits for while it goes on, each kind of trouble at most every 5 s. */
  readonly onTrouble?: (error: RanktideError) => void
  /** ms since 1970. */
  readonly clock?: () => number
  /** How often new partitions and lost offsets are looked for, ms. */
  readonly refresh?: number
  /** Longest time for the first connection and for any answer of a broker, ms. */
  readonly requestTimeout?: number
}

export interface KafkaFeed extends FeedSource {
  ends(): Promise<Positions>
  /** The first offset of every partition that the broker still has. */
  beginnings(): Promise<Positions>
  /** Commits what is pending now; resolves when that was tried, within 2 s. Failures go to onTrouble. */
  flush(): Promise<void>
  /**
   * Stops reading, flushes and disconnects, within 3 s whatever the broker does. Fails with KAFKA_UNREACHABLE if it does
   * not answer: whether the last offsets were committed is unknown then.
   */
  close(): Promise<void>
}

const troubleEvery = 5_000
const commitEvery = 1_000
const flushLimit = 2_000
/** close(): flushing and disconnecting together stay under 3 s, with what is left for the read in flight. */
const closingFlushLimit = 1_000
const disconnectLimit = 1_500
const answerLimit = 800

/** Connects when first used. CONFIG_INVALID for a client property that users may not set. */
export const createKafkaFeed = (options: KafkaFeedOptions): KafkaFeed => new OwnedFeed(options)

class OwnedFeed implements KafkaFeed {
  readonly #options: Required<KafkaFeedOptions>
  readonly #commits: OffsetCommits
  #connection: Promise<KafkaConnection> | undefined
  #reading: KafkaReading | undefined
  /** Ends when the last reading has released its partitions: two never run side by side. */
  #readingEnded: Promise<void> = Promise.resolve()
  #closed = false

  constructor(options: KafkaFeedOptions) {
    consumerProperties(options, options.window)
    const clock = options.clock ?? Date.now
    this.#options = {
      client: {},
      margin: 300_000,
      refresh: 30_000,
      requestTimeout: 5_000,
      ...options,
      clock,
      onTrouble: quietly(options.onTrouble ?? (() => {}), troubleEvery, clock),
    }
    this.#commits = new OffsetCommits({
      send: async (positions) => (await this.#connected()).commit(positions),
      onTrouble: this.#options.onTrouble,
      interval: commitEvery,
    })
  }

  batches(start: Positions): Observable<MessageBatch> {
    return new Observable((subscriber) => {
      let reading: KafkaReading | undefined
      const read = async (): Promise<void> => {
        if (subscriber.closed || this.#closed) return
        reading = await this.#begin(start)
        this.#reading = reading
        // Unsubscribed while the broker was asked: run() then only releases the partitions.
        if (subscriber.closed || this.#closed) reading.stop()
        await reading.run((batch) => subscriber.next(batch))
      }
      this.#readingEnded = this.#readingEnded.then(read).then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(asRanktideError(error)),
      )
      return () => reading?.stop()
    })
  }

  async ends(): Promise<Positions> {
    if (this.#closed) throw new RanktideError('KAFKA_FAILED', 'the feed is closed')
    const connection = await this.#connected()
    const partitions = await connection.partitions(this.#options.topics)
    // What the ends name has to be read, else a barrier on them would never be passed.
    await this.#reading?.include(partitions)
    return connection.offsetsAt(partitions, LATEST)
  }

  async beginnings(): Promise<Positions> {
    if (this.#closed) throw new RanktideError('KAFKA_FAILED', 'the feed is closed')
    const connection = await this.#connected()
    return connection.offsetsAt(await connection.partitions(this.#options.topics), EARLIEST)
  }

  commit(positions: Positions): void {
    if (!this.#closed) this.#commits.commit(positions)
  }

  flush(): Promise<void> {
    return this.#commits.flush(flushLimit)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#reading?.stop()
    await this.#commits.flush(closingFlushLimit)
    this.#commits.drop()
    const disconnected = this.#connection?.then(
      (connection) => connection.close(answerLimit),
      () => {},
    )
    // Left behind after that: a disconnection from a broker that hangs, a first connection that is still being tried.
    await Promise.race([disconnected, new Promise((resolve) => setTimeout(resolve, disconnectLimit).unref())])
  }

  async #begin(start: Positions): Promise<KafkaReading> {
    const { clock, margin } = this.#options
    const connection = await this.#connected()
    const options = { ...this.#options, partitions: () => connection.partitions(this.#options.topics) }
    return KafkaReading.begin(connection, options, start, clock() - margin)
  }

  #connected(): Promise<KafkaConnection> {
    this.#connection ??= KafkaConnection.connect(this.#options).catch((error: unknown) => {
      this.#connection = undefined
      throw error
    })
    return this.#connection
  }
}
