/**
 * One librdkafka consumer without a group membership, as promises with a time limit.
 *
 * Order: read() returns records in the order of their partitions. Only one read() may be in flight; positions() may
 * be called only when none is, else it runs ahead of what was returned. A waiting read() holds one of the four threads
 * of libuv's pool (UV_THREADPOOL_SIZE): a process with many feeds needs a larger pool.
 */
import kafka from 'node-rdkafka'
import { type ErrorCode, RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import { type Positions, parsePartitionId, partitionId } from '../core/positions.js'
import type { Message } from '../operators/ports.js'
import { brokersFailed, eventCode, failureText, isUnsettled, kafkaError } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import { messageOf } from './kafka-message.js'
import { type BatchWindow, consumerProperties, type KafkaAddress } from './kafka-properties.js'

/** Times that Kafka answers with the ends of the log instead of a record's offset. */
export const LATEST = -1
export const EARLIEST = -2

export interface KafkaConnectionOptions extends KafkaAddress {
  readonly window: BatchWindow
  /** Longest time for an answer, ms; also for the first connection. */
  readonly requestTimeout: number
  readonly onTrouble: (error: RanktideError) => void
}

type Callback<T> = (error: unknown, value: T) => void

interface TopicPartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const withOffsets = (positions: Positions): TopicPartitionOffset[] =>
  [...positions].map(([id, offset]) => ({ ...parsePartitionId(id), offset }))

export class KafkaConnection {
  readonly #options: KafkaConnectionOptions
  readonly #consumer: InstanceType<typeof kafka.KafkaConsumer>
  /** Topics that librdkafka knows of: a question for those makes no new topic handle, which it would never free. */
  readonly #known = new Set<string>()
  #lastFailure = ''
  #open = true

  private constructor(options: KafkaConnectionOptions) {
    const properties = consumerProperties(options, options.window)
    this.#options = options
    try {
      this.#consumer = new kafka.KafkaConsumer(properties.global, properties.topic)
    } catch (error) {
      throw new RanktideError('CONFIG_INVALID', `kafka.client: ${error instanceof Error ? error.message : error}`)
    }
    this.#consumer.on('event.log', (line: { fac?: string; message?: string }) => {
      if (line.fac === 'FAIL' && line.message !== undefined) this.#lastFailure = failureText(line.message)
    })
  }

  /** Fails with KAFKA_UNREACHABLE after `requestTimeout`, with KAFKA_DENIED at once, with CONFIG_INVALID. */
  static async connect(options: KafkaConnectionOptions): Promise<KafkaConnection> {
    const connection = new KafkaConnection(options)
    await connection.#connect()
    connection.#consumer.on('event.error', (error) => {
      const code = eventCode(error)
      if (code !== undefined) options.onTrouble(connection.#brokersFailed(code))
    })
    return connection
  }

  get isOpen(): boolean {
    return this.#open && this.#consumer.isConnected()
  }

  /** All partitions of the topics. KAFKA_TOPIC, naming it, if one does not exist. */
  async partitions(topics: readonly string[]): Promise<string[]> {
    for (const topic of topics) {
      if (this.#known.has(topic)) continue
      await this.#metadata({ topic, allTopics: false })
      this.#known.add(topic)
    }
    const { topics: found } = await this.#metadata({ allTopics: false })
    const partitionsOf = (topic: string) => found.find(({ name }) => name === topic)?.partitions ?? []
    const missing = topics.find((topic) => partitionsOf(topic).length === 0)
    if (missing !== undefined) throw new RanktideError('KAFKA_TOPIC', await this.#nearest(missing))
    return topics.flatMap((topic) => partitionsOf(topic).map(({ id }) => partitionId(topic, id)))
  }

  /** The topic that was probably meant, of those that this user may see. */
  async #nearest(topic: string): Promise<string> {
    const { topics } = await this.#metadata({ allTopics: true })
    const existing = topics.filter(({ partitions }) => partitions.length > 0).map(({ name }) => name)
    const near = nearestName(topic, existing)
    return near === undefined ? topic : `${topic}; did you mean ${near}?`
  }

  /** First offset at or after `time` (ms) in each partition, -1 if there is none; or EARLIEST, or LATEST. */
  async offsetsAt(partitions: readonly string[], time: number): Promise<Map<string, number>> {
    const asked = partitions.map((id) => ({ ...parsePartitionId(id), offset: time }))
    const answer = await this.#settled(() =>
      this.#ask<readonly Partial<TopicPartitionOffset>[]>('asking for offsets', (limit, done) =>
        this.#consumer.offsetsForTimes(asked, limit, done as Callback<unknown>),
      ),
    )
    const offsets = new Map<string, number>()
    for (const { topic = '', partition = 0, offset } of answer) {
      // A partition's own error is not passed on by node-rdkafka; it has no valid offset then.
      if (offset === undefined || offset < -1) {
        throw new RanktideError('KAFKA_FAILED', `no offset was returned for ${partitionId(topic, partition)}`)
      }
      offsets.set(partitionId(topic, partition), offset)
    }
    return offsets
  }

  assign(offsets: Positions): void {
    this.#call('assigning partitions', () => this.#consumer.assign(withOffsets(offsets)))
  }

  assignMore(offsets: Positions): void {
    this.#call('assigning partitions', () => this.#consumer.incrementalAssign(withOffsets(offsets)))
  }

  unassign(): void {
    if (this.isOpen) this.#call('releasing partitions', () => this.#consumer.unassign())
  }

  /**
   * Up to `count` records; waits at most `wait` ms for each. With a count above one the wait has to be 0, else a slow
   * trickle would hold the call until it is full; and an error that comes after a record is lost in it.
   */
  read(count: number, wait: number): Promise<Message[]> {
    return new Promise((resolve, reject) => {
      this.#consumer.setDefaultConsumeTimeout(wait)
      this.#consumer.consume(count, (error: unknown, records) => {
        if (error) reject(kafkaError(error, 'reading'))
        else resolve(records.map(messageOf))
      })
    })
  }

  /** Next offset of each partition, past control records and aborted transactions; without those not read from yet. */
  positions(partitions: Iterable<string>): Map<string, number> {
    const asked = [...partitions].map(parsePartitionId)
    const answer = this.#call('asking for positions', () => this.#consumer.position(asked))
    const positions = new Map<string, number>()
    for (const { topic, partition, offset } of answer as readonly Partial<TopicPartitionOffset>[]) {
      if (topic === undefined || partition === undefined || offset === undefined || offset < 0) continue
      positions.set(partitionId(topic, partition), offset)
    }
    return positions
  }

  /**
   * Commits and reads back. Reading back needs no poll, which the commit's own callback would; and it shows the
   * commits that the coordinator refuses because somebody consumes under the group's name.
   */
  async commit(positions: Positions): Promise<void> {
    const offsets = withOffsets(positions)
    this.#call('committing offsets', () => this.#consumer.commit(offsets))
    const committed = await this.#ask<readonly Partial<TopicPartitionOffset>[]>('committing offsets', (limit, done) =>
      this.#consumer.committed(offsets, limit, done as Callback<unknown>),
    )
    for (const { topic = '', partition = 0, offset } of committed) {
      const id = partitionId(topic, partition)
      if (offset === positions.get(id)) continue
      const detail = `group ${this.#options.group} did not take the offset of ${id}; does another consumer use its name?`
      throw new RanktideError('KAFKA_FAILED', detail)
    }
  }

  /**
   * Resolves when librdkafka has ended. With a broker that has not answered within `limit` ms it is left as it is, and
   * this fails: its end would wait for the broker, in a thread of libuv's pool, which `process.exit` waits for in turn.
   */
  async close(limit: number): Promise<void> {
    await this.#metadata({ allTopics: false }, limit)
    this.#open = false
    await new Promise<void>((resolve) => {
      this.#consumer.disconnect(() => resolve())
    })
  }

  async #connect(): Promise<void> {
    const attempt = firstContact(this.#consumer, this.#options.requestTimeout, (code) => this.#brokersFailed(code))
    // Error events are delivered only by consume(). Nothing is assigned yet, so it can return no record; but the last
    // call has to be over before partitions are assigned, else it would swallow one.
    let settled = false
    const settle = (): void => {
      settled = true
    }
    attempt.then(settle, settle)
    const events = (async (): Promise<void> => {
      while (!settled) {
        await this.read(1, 20).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    await attempt
    await events
  }

  #brokersFailed(code: ErrorCode): RanktideError {
    return brokersFailed(code, this.#options.brokers, this.#lastFailure)
  }

  #metadata(
    options: { topic?: string; allTopics: boolean },
    limit?: number,
  ): Promise<{ topics: { name: string; partitions: { id: number }[] }[] }> {
    return this.#ask(
      'asking for partitions',
      (timeout, done) => this.#consumer.getMetadata({ ...options, timeout }, done as Callback<unknown>),
      limit,
    )
  }

  /** Asks again, within the time for one request, while a partition has no leader yet. */
  async #settled<T>(ask: () => Promise<T>): Promise<T> {
    const end = performance.now() + this.#options.requestTimeout
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!isUnsettled(error) || performance.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  #ask<T>(
    doing: string,
    call: (limit: number, done: Callback<T>) => void,
    limit = this.#options.requestTimeout,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      // The limit of the call itself begins only when a thread is free for it.
      const timer = setTimeout(() => reject(new RanktideError('KAFKA_UNREACHABLE', `${doing}: no answer`)), limit + 500)
      const done: Callback<T> = (error, value) => {
        clearTimeout(timer)
        if (error) return reject(kafkaError(error, doing))
        this.#lastFailure = ''
        resolve(value)
      }
      try {
        call(limit, done)
      } catch (error) {
        done(error, undefined as T)
      }
    })
  }

  #call<T>(doing: string, call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw kafkaError(error, doing)
    }
  }
}
