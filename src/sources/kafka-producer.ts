/**
 * One idempotent librdkafka producer, as promises with a time limit. A record is written once the broker says so for
 * all of its replicas. After the first failure it has to be closed and another one opened: an idempotent producer may
 * refuse everything that follows. Memory: the records under way.
 */
import kafka from 'node-rdkafka'
import { RanktideError } from '../core/errors.js'
import { brokersFailed, deliveryError, failureText, kafkaError } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import { type KafkaAddress, producerProperties } from './kafka-properties.js'

export interface ProducerOptions extends KafkaAddress {
  /** Longest time for an answer and for a delivery, ms. */
  readonly requestTimeout: number
}

export interface ProducedRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** How often delivery reports are asked for, ms. */
const pollEvery = 20
/** What is still under way gets this long when the producer is closed, ms. */
const closingLimit = 500

const bytes = (value: Uint8Array | null): Buffer | null =>
  value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength)

export class KafkaProducer {
  readonly #options: ProducerOptions
  readonly #producer: InstanceType<typeof kafka.Producer>
  readonly #waiting = new Map<number, (error: unknown) => void>()
  #lastId = 0
  #lastFailure = ''

  private constructor(options: ProducerOptions) {
    this.#options = options
    try {
      this.#producer = new kafka.Producer({ ...producerProperties(options, options.requestTimeout), dr_cb: true }, {})
    } catch (error) {
      throw new RanktideError('CONFIG_INVALID', `kafka.client: ${error instanceof Error ? error.message : error}`)
    }
    this.#producer.on('event.log', (line: { fac?: string; message?: string }) => {
      if (line.fac === 'FAIL' && line.message !== undefined) this.#lastFailure = failureText(line.message)
    })
    this.#producer.on('delivery-report', (error: unknown, report: { opaque?: unknown }) => {
      const id = Number(report.opaque)
      this.#waiting.get(id)?.(error)
      this.#waiting.delete(id)
    })
  }

  /** Fails with KAFKA_UNREACHABLE after `requestTimeout`, with KAFKA_DENIED at once, with CONFIG_INVALID. */
  static async connect(options: ProducerOptions): Promise<KafkaProducer> {
    const opened = new KafkaProducer(options)
    opened.#producer.setPollInterval(pollEvery)
    await firstContact(opened.#producer, options.requestTimeout, (code) =>
      brokersFailed(code, options.brokers, opened.#lastFailure),
    )
    // Trouble comes back with the records that it concerns.
    opened.#producer.on('event.error', () => {})
    return opened
  }

  /** Whether the broker shows the topic; asking makes none. */
  has(topic: string): Promise<boolean> {
    const { requestTimeout: timeout } = this.#options
    return new Promise((resolve, reject) => {
      this.#producer.getMetadata({ allTopics: true, timeout }, (error, metadata) => {
        if (error) reject(kafkaError(error, 'asking for topics'))
        else resolve(metadata.topics.some(({ name, partitions }) => name === topic && partitions.length > 0))
      })
    })
  }

  /** Ends when all are written. The first failure is reported at once; what becomes of the others is not told then. */
  async write(topic: string, records: readonly ProducedRecord[]): Promise<void> {
    await Promise.all(records.map((record) => this.#write(topic, record)))
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#producer.disconnect(closingLimit, () => resolve())
    })
  }

  #write(topic: string, { key, value, headers }: ProducedRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1
      const id = this.#lastId
      // librdkafka reports by itself within `requestTimeout`; this is for a report that gets lost.
      const late = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new RanktideError('KAFKA_UNREACHABLE', `writing to ${topic}: no report`))
      }, 2 * this.#options.requestTimeout)
      this.#waiting.set(id, (error) => {
        clearTimeout(late)
        if (error) reject(deliveryError(error, topic))
        else resolve()
      })
      try {
        const listed = Object.entries(headers).map(([name, text]) => ({ [name]: text }))
        // One partition, so that they stand in order, whoever made the topic.
        this.#producer.produce(topic, 0, bytes(value), bytes(key), null, id, listed)
      } catch (error) {
        this.#waiting.get(id)?.(error)
        this.#waiting.delete(id)
      }
    })
  }
}
