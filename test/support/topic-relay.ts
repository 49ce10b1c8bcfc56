/**
 * A topic of the test's own that gets what Canal sends about certain tables, and whatever else the test puts there:
 * damaged messages, duplicates, rewinds. The worker's markers pass, so its barriers are proven as on Canal's own topic.
 */
import type { Producer } from 'node-rdkafka'
import { openProducer, sendWith } from './kafka-server.js'
import { stack } from './stack.js'
import { type TopicTail, tailTopic } from './topic-tail.js'

const pause = 5

/** `hold`: nothing passes until later, markers neither. `lose`: what Canal sends is dropped. */
export type RelayMode = 'pass' | 'hold' | 'lose'

export class TopicRelay {
  /** Everything that Canal sent and this passed on, oldest first. */
  readonly sent: string[] = []
  /** How many messages were dropped. */
  lost = 0
  /** How many messages the topic has got, from whomever. */
  total = 0
  readonly #tail: TopicTail
  readonly #producer: Producer
  readonly #topic: string
  readonly #tables: ReadonlySet<string>
  #seen = 0
  #open = true
  #mode: RelayMode = 'pass'
  #ended: Promise<void> = Promise.resolve()

  private constructor(tail: TopicTail, producer: Producer, topic: string, tables: readonly string[]) {
    this.#tail = tail
    this.#producer = producer
    this.#topic = topic
    this.#tables = new Set(tables)
  }

  /** From the present end of Canal's topic on. */
  static async start(from: string, to: string, tables: readonly string[]): Promise<TopicRelay> {
    const relay = new TopicRelay(await tailTopic(stack.kafka, from), await openProducer(), to, tables)
    relay.#ended = relay.#pass()
    return relay
  }

  set mode(mode: RelayMode) {
    this.#mode = mode
  }

  async put(values: readonly (string | Buffer | null)[]): Promise<void> {
    this.total += values.length
    await sendWith(
      this.#producer,
      this.#topic,
      values.map((value) => ({ partition: 0, value })),
    )
  }

  async stop(): Promise<void> {
    this.#open = false
    await this.#ended
    await this.#tail.close()
    await new Promise((resolve) => this.#producer.disconnect(resolve))
  }

  async #pass(): Promise<void> {
    while (this.#open) {
      const fresh = this.#mode === 'hold' ? [] : this.#tail.records.slice(this.#seen)
      this.#seen += fresh.length
      const values = fresh.map(({ value }) => value).filter((value) => this.#tables.has(tableOf(value)))
      if (this.#mode === 'lose') this.lost += values.length
      else if (values.length > 0) {
        this.sent.push(...values)
        await this.put(values)
      }
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
}

const tableOf = (value: string): string => (JSON.parse(value) as { table?: string }).table ?? ''
