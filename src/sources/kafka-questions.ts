/** Questions to the brokers that any client of librdkafka can ask, as promises with a time limit. */
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import { partitionId } from '../core/positions.js'
import { isUnsettled, kafkaError } from './kafka-errors.js'

export type Callback<T> = (error: unknown, value: T) => void

interface Metadata {
  readonly topics: readonly { readonly name: string; readonly partitions: readonly { readonly id: number }[] }[]
}

/** What consumers and producers have in common. */
interface Client {
  getMetadata(options: { topic?: string; allTopics: boolean; timeout: number }, done: Callback<Metadata>): unknown
}

export class KafkaQuestions {
  readonly #client: Client
  readonly #requestTimeout: number
  readonly #answered: () => void
  /** Topics that librdkafka knows of: a question for those makes no new topic handle, which it would never free. */
  readonly #known = new Set<string>()

  /** `requestTimeout`: ms; `answered` is told of every answer. */
  constructor(client: Client, requestTimeout: number, answered: () => void = () => {}) {
    this.#client = client
    this.#requestTimeout = requestTimeout
    this.#answered = answered
  }

  /** All partitions of the topics. KAFKA_TOPIC, naming it, if one does not exist. */
  async partitions(topics: readonly string[]): Promise<string[]> {
    for (const topic of topics) {
      if (this.#known.has(topic)) continue
      await this.metadata({ topic, allTopics: false })
      this.#known.add(topic)
    }
    const { topics: found } = await this.metadata({ allTopics: false })
    const partitionsOf = (topic: string) => found.find(({ name }) => name === topic)?.partitions ?? []
    const missing = topics.find((topic) => partitionsOf(topic).length === 0)
    if (missing !== undefined) throw new RanktideError('KAFKA_TOPIC', await this.#nearest(missing))
    return topics.flatMap((topic) => partitionsOf(topic).map(({ id }) => partitionId(topic, id)))
  }

  /** How many partitions a topic has. KAFKA_TOPIC; a producer's question for one topic would make it, this does not. */
  async partitionCount(topic: string): Promise<number> {
    const found = await this.metadata({ allTopics: true })
    const count = found.topics.find(({ name }) => name === topic)?.partitions.length ?? 0
    if (count === 0) throw new RanktideError('KAFKA_TOPIC', nearestOf(topic, found))
    return count
  }

  metadata(options: { topic?: string; allTopics: boolean }, limit?: number): Promise<Metadata> {
    return this.ask<Metadata>(
      'asking for partitions',
      (timeout, done) => this.#client.getMetadata({ ...options, timeout }, done),
      limit,
    )
  }

  /** Asks again, within the time for one request, while a partition has no leader yet. */
  async settled<T>(ask: () => Promise<T>): Promise<T> {
    const end = performance.now() + this.#requestTimeout
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        if (!isUnsettled(error) || performance.now() > end) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  /** Fails with KAFKA_UNREACHABLE where there is no answer in time. */
  ask<T>(doing: string, call: (limit: number, done: Callback<T>) => void, limit = this.#requestTimeout): Promise<T> {
    return new Promise((resolve, reject) => {
      // The limit of the call itself begins only when a thread is free for it.
      const timer = setTimeout(() => reject(new RanktideError('KAFKA_UNREACHABLE', `${doing}: no answer`)), limit + 500)
      const done: Callback<T> = (error, value) => {
        clearTimeout(timer)
        if (error) return reject(kafkaError(error, doing))
        this.#answered()
        resolve(value)
      }
      try {
        call(limit, done)
      } catch (error) {
        done(error, undefined as T)
      }
    })
  }

  /** The topic that was probably meant, of those that this user may see. */
  async #nearest(topic: string): Promise<string> {
    return nearestOf(topic, await this.metadata({ allTopics: true }))
  }
}

const nearestOf = (topic: string, { topics }: Metadata): string => {
  const existing = topics.filter(({ partitions }) => partitions.length > 0).map(({ name }) => name)
  const near = nearestName(topic, existing)
  return near === undefined ? topic : `${topic}; did you mean ${near}?`
}
