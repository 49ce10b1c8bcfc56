/**
 * One librdkafka consumer, as promises with a time limit: in no group, or a member of one.
 *
 * Order: read() returns records in the order of their partitions. Only one read() may be in flight; positions() may
 * be called only when none is, else it runs ahead of what was returned. A waiting read() holds one of the four threads
 * of libuv's pool (UV_THREADPOOL_SIZE): a process with many feeds needs a larger pool.
 */
import kafka from 'node-rdkafka'
import { type ErrorCode, RanktideError } from '../core/errors.js'
import { type Positions, parsePartitionId, partitionId } from '../core/positions.js'
import type { Message } from '../operators/ports.js'
import { brokersFailed, eventCode, failureText, kafkaError } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import { messageOf } from './kafka-message.js'
import { type BatchWindow, consumerProperties, type KafkaAddress, type MemberIdentity } from './kafka-properties.js'
import { type Callback, KafkaQuestions } from './kafka-questions.js'

export interface KafkaConnectionOptions extends KafkaAddress {
  readonly window: BatchWindow
  /** Longest time for an answer, ms; also for the first connection. */
  readonly requestTimeout: number
  readonly onTrouble: (error: RanktideError) => void
  /** Without it the connection is in no group, and assigns itself what it wants. */
  readonly member?: GroupMember
}

/** Told of every change of what the group has given to this member; for the answer see `GroupMember`. */
export type Rebalanced = (change: 'assigned' | 'revoked', partitions: readonly string[]) => void

/**
 * Makes the connection a member of its group once it subscribes. librdkafka waits for an answer to each change, and with
 * it the whole group: assign() to `assigned` (of nothing will do), unassign() to `revoked`. They come while read() runs.
 */
export interface GroupMember extends MemberIdentity {
  readonly rebalanced: Rebalanced
}

interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number
}

/** librdkafka's number for "these partitions are yours". */
const assigned = -175

const idOf = ({ topic, partition }: TopicPartition): string => partitionId(topic, partition)

const withOffsets = (positions: Positions): TopicPartitionOffset[] =>
  [...positions].map(([id, offset]) => ({ ...parsePartitionId(id), offset }))

export class KafkaConnection {
  readonly #options: KafkaConnectionOptions
  readonly #consumer: InstanceType<typeof kafka.KafkaConsumer>
  readonly #questions: KafkaQuestions
  #lastFailure = ''
  #open = true

  private constructor(options: KafkaConnectionOptions) {
    const { member } = options
    const properties = consumerProperties(options, options.window, member)
    const rebalance_cb = (change: { code: number }, partitions: readonly TopicPartition[]): void =>
      member?.rebalanced(change.code === assigned ? 'assigned' : 'revoked', partitions.map(idOf))
    this.#options = options
    try {
      this.#consumer = new kafka.KafkaConsumer(
        { ...properties.global, ...(member === undefined ? {} : { rebalance_cb }) } as object,
        properties.topic,
      )
    } catch (error) {
      throw new RanktideError('CONFIG_INVALID', `kafka.client: ${error instanceof Error ? error.message : error}`)
    }
    this.#consumer.on('event.log', (line: { fac?: string; message?: string }) => {
      if (line.fac === 'FAIL' && line.message !== undefined) this.#lastFailure = failureText(line.message)
    })
    this.#questions = new KafkaQuestions(this.#consumer, options.requestTimeout, () => {
      this.#lastFailure = ''
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

  /** As `KafkaQuestions.partitions`. */
  partitions(topics: readonly string[]): Promise<string[]> {
    return this.#questions.partitions(topics)
  }

  /** First offset at or after `time` (ms) in each partition, -1 if there is none; or EARLIEST, or LATEST. */
  async offsetsAt(partitions: readonly string[], time: number): Promise<Map<string, number>> {
    if (partitions.length === 0) return new Map()
    const asked = partitions.map((id) => ({ ...parsePartitionId(id), offset: time }))
    const answer = await this.#questions.settled(() =>
      this.#questions.ask<readonly Partial<TopicPartitionOffset>[]>('asking for offsets', (limit, done) =>
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

  /** What the group has committed; without partitions of which it has nothing. */
  async committed(partitions: readonly string[]): Promise<Map<string, number>> {
    const asked = partitions.map(parsePartitionId)
    const answer = await this.#questions.ask<readonly Partial<TopicPartitionOffset>[]>(
      'asking for committed offsets',
      (limit, done) => this.#consumer.committed(asked, limit, done as Callback<unknown>),
    )
    const positions = new Map<string, number>()
    for (const { topic, partition, offset } of answer)
      if (topic !== undefined && partition !== undefined && offset !== undefined && offset >= 0)
        positions.set(partitionId(topic, partition), offset)
    return positions
  }

  /** Joins the group, as `options.member` says. Nothing is read before assign(). */
  subscribe(topics: readonly string[]): void {
    this.#call('subscribing', () => this.#consumer.subscribe([...topics]))
  }

  assign(offsets: Positions): void {
    this.#call('assigning partitions', () => this.#consumer.assign(withOffsets(offsets)))
  }

  assignMore(offsets: Positions): void {
    this.#call('assigning partitions', () => this.#consumer.incrementalAssign(withOffsets(offsets)))
  }

  /** Stops reading; as a member of a group it stays one, with what it was given. */
  assignNothing(): void {
    if (this.isOpen) this.assign(new Map())
  }

  /** Gives all partitions back: the answer of a member to `revoked`. Also while the connection is being closed. */
  unassign(): void {
    this.#call('releasing partitions', () => this.#consumer.unassign())
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
    const committed = await this.#questions.ask<readonly Partial<TopicPartitionOffset>[]>(
      'committing offsets',
      (limit, done) => this.#consumer.committed(offsets, limit, done as Callback<unknown>),
    )
    for (const { topic = '', partition = 0, offset } of committed) {
      const id = partitionId(topic, partition)
      if (offset === positions.get(id)) continue
      const why = this.#options.member === undefined ? '; does another consumer use its name?' : ''
      throw new RanktideError('KAFKA_FAILED', `group ${this.#options.group} did not take the offset of ${id}${why}`)
    }
  }

  /**
   * Resolves when librdkafka has ended. With a broker that has not answered within `limit` ms it is left as it is, and
   * this fails: its end would wait for the broker, in a thread of libuv's pool, which `process.exit` waits for in turn.
   */
  async close(limit: number): Promise<void> {
    await this.#questions.metadata({ allTopics: false }, limit)
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

  #call<T>(doing: string, call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw kafkaError(error, doing)
    }
  }
}
