/**
 * Dead letters in a Kafka topic: value and key as they came, the rest in headers.
 *
 * Order: letters of one call stand in their order. Duplicates: after a failed call, whose letters may have been written.
 * Loss: none once a call has ended, as long as the topic keeps them. The topic is made if it is missing and may be
 * made. Connects when first used. Memory: the letters under way.
 */
import kafka from 'node-rdkafka'
import { RanktideError } from '../core/errors.js'
import { letterHeaders, passedHeaders } from '../core/letter.js'
import type { DeadLetter, DeadLetters } from '../operators/ports.js'
import { kafkaError } from './kafka-errors.js'
import { KafkaProducer, type ProducedRecord } from './kafka-producer.js'
import { type KafkaAddress, producerProperties } from './kafka-properties.js'

export interface KafkaDeadLettersOptions extends KafkaAddress {
  readonly topic: string
  /** Longest time for the first connection, an answer and a delivery, ms. */
  readonly requestTimeout?: number
}

/** Longest time for closing, ms. */
const closingLimit = 1_500

/** Kafka's number for a topic that was made by another a moment ago. */
const topicExists = 36

/** Room for the largest message that any topic is likely to carry, its headers included. */
const largest = 64 * 1024 * 1024

export class KafkaDeadLetters implements DeadLetters {
  readonly topic: string
  readonly #options: Required<Pick<KafkaDeadLettersOptions, 'requestTimeout'>> & KafkaDeadLettersOptions
  #producer: Promise<KafkaProducer> | undefined
  #closed = false

  constructor(options: KafkaDeadLettersOptions) {
    this.topic = options.topic
    this.#options = { ...options, requestTimeout: options.requestTimeout ?? 10_000 }
  }

  /** Makes sure of the topic. Fails with KAFKA_TOPIC, saying what to create, and with other KAFKA_* errors. */
  async prepare(): Promise<void> {
    await this.#connected()
  }

  write(letters: readonly DeadLetter[]): Promise<void> {
    return this.#write(letters.map(recordOf))
  }

  passed(letters: readonly DeadLetter[]): Promise<void> {
    const headersOf = (letter: DeadLetter) => passedHeaders({ ...letter.message, feed: letter.feed })
    return this.#write(letters.map((letter) => ({ key: null, value: null, headers: headersOf(letter) })))
  }

  async #write(records: readonly ProducedRecord[]): Promise<void> {
    const used = this.#connected()
    const producer = await used
    try {
      await producer.write(this.topic, records)
    } catch (error) {
      // See kafka-producer.ts: the next call begins with a new one, which looks for the topic again. Calls of several
      // pipelines share one; the first of them that fails ends it, and a later one must not lose sight of its successor.
      if (this.#producer === used) {
        this.#producer = undefined
        void producer.close()
      }
      throw error
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    const closed = this.#producer?.then(
      (producer) => producer.close(),
      () => {},
    )
    // Left behind after that: a first connection that is still being tried, a broker that hangs.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closingLimit).unref())])
  }

  #connected(): Promise<KafkaProducer> {
    if (this.#closed) return Promise.reject(new RanktideError('KAFKA_FAILED', 'the dead letters are closed'))
    if (this.#producer !== undefined) return this.#producer
    const connecting: Promise<KafkaProducer> = this.#connect().catch((error: unknown) => {
      if (this.#producer === connecting) this.#producer = undefined
      throw error
    })
    this.#producer = connecting
    return connecting
  }

  async #connect(): Promise<KafkaProducer> {
    const producer = await KafkaProducer.connect(this.#options)
    try {
      if (!(await producer.has(this.topic))) await this.#makeTopic()
      return producer
    } catch (error) {
      void producer.close()
      throw error
    }
  }

  async #makeTopic(): Promise<void> {
    const { topic } = this
    const { requestTimeout } = this.#options
    const admin = kafka.AdminClient.create(producerProperties(this.#options, requestTimeout))
    try {
      await new Promise<void>((resolve, reject) => {
        const config = { 'max.message.bytes': String(largest), 'cleanup.policy': 'delete' as const }
        // −1: as many replicas as the broker makes by itself.
        const wanted = { topic, num_partitions: 1, replication_factor: -1, config }
        admin.createTopic(wanted, requestTimeout, (error) =>
          error && error.code !== topicExists ? reject(error) : resolve(),
        )
      })
    } catch (error) {
      const { detail } = kafkaError(error, 'making it')
      throw new RanktideError(
        'KAFKA_TOPIC',
        `${topic}, for dead letters: ${detail}. Create it: kafka-topics.sh --create --topic ${topic} --partitions 1 --config max.message.bytes=${largest}`,
        { cause: error },
      )
    } finally {
      admin.disconnect()
    }
  }
}

const recordOf = ({ message, refusal, feed }: DeadLetter): ProducedRecord => ({
  key: message.key,
  value: message.value,
  headers: letterHeaders({ ...message, feed }, refusal),
})
