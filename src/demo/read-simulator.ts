/** Readers of the articles: each read is an event in a topic, some hundreds a second, until told to stop. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ItemKey } from '../core/count-batch.js'
import { itemText } from '../core/folding.js'
import type { MessageProducer } from '../operators/message-ports.js'
import { Attention } from './read-traffic.js'

export interface ReadersOptions {
  readonly producer: MessageProducer
  readonly topic: string
  /** The articles that are there, by id. */
  readonly articles: ReadonlyMap<number, unknown>
  /** What a read event calls an article. */
  readonly itemOf: (id: number) => ItemKey | undefined
}

/** The longest pause, ms, and the most reads after one. */
const longestPause = 100
const mostAtOnce = 20

const users = 5_000

export class ReadSimulator {
  /** Reads that the topic has taken. */
  sent = 0
  /** The same by item (`itemText`). */
  readonly sentOf = new Map<string, number>()
  /** Sends that failed, and why the last one did. What becomes of such an event, nobody knows. */
  failures = 0
  failure = ''
  readonly #options: ReadersOptions
  readonly #attention = new Attention()
  readonly #underWay = new Set<Promise<void>>()
  #running = true
  readonly #ended: Promise<void>

  private constructor(options: ReadersOptions) {
    this.#options = options
    this.#ended = this.#read()
  }

  static start(options: ReadersOptions): ReadSimulator {
    return new ReadSimulator(options)
  }

  /** Resolves when it is known of every read whether the topic has it. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#ended
    await Promise.all(this.#underWay)
  }

  /** A read that the topic has taken, from here or from another reader. */
  took(item: ItemKey): void {
    const text = itemText(item)
    this.sent += 1
    this.sentOf.set(text, (this.sentOf.get(text) ?? 0) + 1)
  }

  async #read(): Promise<void> {
    while (this.#running) {
      await delay(Math.random() * longestPause)
      for (let left = Math.ceil(Math.random() * mostAtOnce); left > 0; left--) this.#readOne()
    }
  }

  #readOne(): void {
    const { articles, itemOf } = this.#options
    const id = this.#attention.next(articles, Math.random)
    const item = id === undefined ? undefined : itemOf(id)
    if (item === undefined) return
    const sending = this.#send(item).finally(() => this.#underWay.delete(sending))
    this.#underWay.add(sending)
  }

  async #send(item: ItemKey): Promise<void> {
    const { producer, topic } = this.#options
    const uid = String(1 + Math.floor(Math.random() * users))
    const event = { uid, biz: item.biz, biz_id: item.bizId, ts: Date.now() }
    // As the key of its messages too: the reads of one item stay in order.
    const key = itemText(item)
    try {
      await producer.send({ topic, key: Buffer.from(key), value: Buffer.from(JSON.stringify(event)) })
      this.took(item)
    } catch (error) {
      this.failures += 1
      this.failure = error instanceof Error ? error.message : String(error)
    }
  }
}
