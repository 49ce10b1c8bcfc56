/**
 * One librdkafka producer, as promises. Unless `settings` say otherwise it is idempotent, and a record is written once
 * the broker says so for all of its replicas. Memory: the records under way.
 *
 * After a failure an idempotent producer may refuse everything that follows, and says so by `isDead`.
 */
import kafka from 'node-rdkafka'
import { RanktideError } from '../core/errors.js'
import { brokersFailed, deliveryError, failureText, isFatal, kafkaError } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import {
  type BrokerAddress,
  type KafkaProperties,
  producerConfiguration,
  producerProperties,
} from './kafka-properties.js'
import { KafkaQuestions } from './kafka-questions.js'

export interface ProducerOptions extends BrokerAddress {
  /** Longest time for an answer and for a delivery, ms. */
  readonly requestTimeout: number
  /** Longest time for the first connection, ms; default: `requestTimeout`. */
  readonly connectTimeout?: number
  /** Win over everything else. */
  readonly settings?: KafkaProperties
}

export interface ProducedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
  /** ms since 1970; default: now. */
  readonly timestamp?: number
}

/** Where a record was written; `offset` is below 0 where the broker does not say. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

export type TransactionStep = 'initTransactions' | 'beginTransaction' | 'commitTransaction' | 'abortTransaction'

/** How often delivery reports are asked for, ms. */
const pollEvery = 20
/** What is still under way gets this long when the producer is closed, ms. */
const closingLimit = 500

const bytes = (value: Uint8Array | null): Buffer | null =>
  value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength)

export class KafkaProducer {
  readonly #options: ProducerOptions
  readonly #producer: InstanceType<typeof kafka.Producer>
  readonly #waiting = new Map<number, (error: unknown, place: Place) => void>()
  readonly #questions: KafkaQuestions
  #lastId = 0
  #lastFailure = ''
  #dead = false

  private constructor(options: ProducerOptions) {
    this.#options = options
    try {
      const properties = producerProperties(options, options.requestTimeout, options.settings)
      const { global, topic } = producerConfiguration(properties)
      this.#producer = new kafka.Producer({ ...global, dr_cb: true }, topic)
    } catch (error) {
      throw new RanktideError('CONFIG_INVALID', `kafka.client: ${error instanceof Error ? error.message : error}`)
    }
    this.#producer.on('event.log', (line: { fac?: string; message?: string }) => {
      if (line.fac === 'FAIL' && line.message !== undefined) this.#lastFailure = failureText(line.message)
    })
    this.#producer.on('delivery-report', (error: unknown, report: Place & { opaque?: unknown }) =>
      this.#reported(Number(report.opaque), error, report),
    )
    this.#questions = new KafkaQuestions(this.#producer, options.requestTimeout)
  }

  /** Fails with KAFKA_UNREACHABLE after `requestTimeout`, with KAFKA_DENIED at once, with CONFIG_INVALID. */
  static async connect(options: ProducerOptions): Promise<KafkaProducer> {
    const opened = new KafkaProducer(options)
    opened.#producer.setPollInterval(pollEvery)
    await firstContact(opened.#producer, options.connectTimeout ?? options.requestTimeout, (code) =>
      brokersFailed(code, options.brokers, opened.#lastFailure),
    )
    // Trouble comes back with the records that it concerns.
    opened.#producer.on('event.error', (error) => opened.#noteDeath(error))
    return opened
  }

  /** Whether it refuses everything from now on: it has to be closed, and another one opened. */
  get isDead(): boolean {
    return this.#dead
  }

  /** How many partitions the topic has. KAFKA_TOPIC if it does not exist. */
  partitionCount(topic: string): Promise<number> {
    return this.#questions.partitionCount(topic)
  }

  /** Whether the broker shows the topic; asking makes none. */
  async has(topic: string): Promise<boolean> {
    const { topics } = await this.#questions.metadata({ allTopics: true })
    return topics.some(({ name, partitions }) => name === topic && partitions.length > 0)
  }

  /** Into one partition. Ends when all are written. The first failure is reported at once; the others are not told then. */
  async write(topic: string, records: readonly ProducedRecord[]): Promise<void> {
    // One partition, so that they stand in order, whoever made the topic.
    await Promise.all(records.map((record) => this.#writeInTime(topic, record)))
  }

  /**
   * Writes one record. Without a partition librdkafka's partitioner says which. librdkafka reports within
   * `requestTimeout` and a second or so. Fails as `deliveryError` says.
   */
  send(topic: string, partition: number | null, record: ProducedRecord): Promise<Place> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1
      const id = this.#lastId
      this.#waiting.set(id, (error, place) => {
        if (error) reject(deliveryError(error, topic))
        else resolve(place)
      })
      const { key, value, headers, timestamp } = record
      try {
        const listed = Object.entries(headers).map(([name, text]) => ({ [name]: text }))
        this.#producer.produce(topic, partition, bytes(value), bytes(key), timestamp ?? null, id, listed)
      } catch (error) {
        this.#reported(id, error, { partition: -1, offset: -1 })
      }
    })
  }

  /** A step of a transaction; the producer has a `transactional.id`. `limit`: ms. Fails as `kafkaError` says. */
  transact(step: TransactionStep, limit: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error: unknown): void => {
        this.#noteDeath(error)
        if (error) reject(kafkaError(error, step))
        else resolve()
      }
      if (step === 'beginTransaction') this.#producer.beginTransaction(done)
      else this.#producer[step](limit, done)
    })
  }

  /** What is still under way gets `limit` ms. */
  close(limit = closingLimit): Promise<void> {
    return new Promise((resolve) => {
      this.#producer.disconnect(limit, () => resolve())
    })
  }

  /** For a report that gets lost. */
  #writeInTime(topic: string, record: ProducedRecord): Promise<Place> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new RanktideError('KAFKA_UNREACHABLE', `writing to ${topic}: no report`))
      }, 2 * this.#options.requestTimeout)
      this.send(topic, 0, record)
        .then(resolve, reject)
        .finally(() => clearTimeout(late))
    })
  }

  #reported(id: number, error: unknown, place: Place): void {
    const settle = this.#waiting.get(id)
    this.#waiting.delete(id)
    this.#noteDeath(error)
    settle?.(error, place)
  }

  #noteDeath(error: unknown): void {
    if (error) this.#dead ||= isFatal(error)
  }
}
