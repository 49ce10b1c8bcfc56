/**
 * Records of several topics that are written together or not at all, by one process at a time.
 *
 * Order: that of the call, in each partition. Duplicates, loss: none; where the outcome is not known (`commit` failed) it is
 * all or nothing, and the next `open` under the same name waits until it is settled. Whoever opens fences whoever had the
 * name before: nothing that it has not committed is ever seen. Memory: the records of one call.
 */
import { RanktideError } from '../core/errors.js'
import { isFenced, kafkaError } from './kafka-errors.js'
import { KafkaProducer, type ProducedRecord } from './kafka-producer.js'
import type { BrokerAddress } from './kafka-properties.js'

export interface PlacedRecord extends ProducedRecord {
  readonly topic: string
  readonly partition: number
}

export interface KafkaTransactionsOptions extends BrokerAddress {
  /** The `transactional.id`. */
  readonly name: string
  /** Longest time for an answer and a delivery, ms. Default 10,000. */
  readonly requestTimeout?: number
}

/**
 * How long the broker leaves a transaction open whose process has died, ms. Readers of its partitions, which are the
 * counters, wait as long; the broker looks every 10 s.
 */
const openFor = 10_000

export class KafkaTransactions {
  readonly #producer: KafkaProducer
  readonly #name: string
  readonly #counts = new Map<string, Promise<number>>()

  private constructor(producer: KafkaProducer, name: string) {
    this.#producer = producer
    this.#name = name
  }

  /** Ends what was left open under the name. Fails with KAFKA_UNREACHABLE, KAFKA_DENIED, saying what to type. */
  static async open(options: KafkaTransactionsOptions): Promise<KafkaTransactions> {
    const { name, requestTimeout = 10_000 } = options
    const settings = {
      'transactional.id': name,
      'transaction.timeout.ms': openFor,
      // Not longer than the transaction.
      'message.timeout.ms': openFor,
    }
    const producer = await KafkaProducer.connect({ ...options, requestTimeout, settings })
    try {
      await producer.transact('initTransactions', 2 * openFor + requestTimeout)
      return new KafkaTransactions(producer, name)
    } catch (error) {
      void producer.close(0)
      throw refusal(error, name)
    }
  }

  /** How many partitions the topic has, asked once. KAFKA_TOPIC if it does not exist. */
  partitionCount(topic: string): Promise<number> {
    const known = this.#counts.get(topic) ?? this.#producer.partitionCount(topic)
    this.#counts.set(topic, known)
    return known
  }

  /** Writes all or none. */
  async commit(records: readonly PlacedRecord[]): Promise<void> {
    try {
      await this.#producer.transact('beginTransaction', openFor)
      // Reports come while the commit waits for them; its failure says what theirs would.
      const sent = records.map(({ topic, partition, ...record }) => this.#producer.send(topic, partition, record))
      const written = Promise.all(sent)
      written.catch(() => {})
      await this.#producer.transact('commitTransaction', openFor)
      await written
    } catch (error) {
      await this.#producer.transact('abortTransaction', openFor).catch(() => {})
      throw refusal(error, this.#name)
    }
  }

  async close(): Promise<void> {
    await this.#producer.close()
  }
}

const refusal = (error: unknown, name: string): RanktideError => {
  const known = kafkaError(error, 'in a transaction')
  if (isFenced(error)) {
    const detail =
      'the same command was begun elsewhere meanwhile; what it had not committed was not done. Run it again'
    return new RanktideError('KAFKA_FAILED', detail, { cause: error })
  }
  if (known.code !== 'KAFKA_DENIED') return known
  const right = `kafka-acls.sh --add --allow-principal User:NAME --operation Write --operation Describe --transactional-id ${name}`
  return new RanktideError('KAFKA_DENIED', `${known.detail}. Needed: write the topics, and ${right}`, { cause: error })
}
