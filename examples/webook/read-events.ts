/**
 * Read events on their way to the topic.
 *
 * Order: events of one item stand in the order of their calls (one key, one partition). Duplicates: none by itself; a
 * client that asks again after a failure may have its read counted twice. Loss: none once `send` has resolved: the broker
 * has acknowledged it. `send` ends within `limit`; what was not handed on by then never will be. Memory: at most `most` events under way.
 */
import { RanktideError } from '../../src/core/errors.js'
import type { ReadEvent } from '../../src/core/read-event.js'
import type { MessageProducer } from '../../src/operators/message-ports.js'
import { wholeNumberJson } from './whole-number.js'

export interface ReadEventsOptions {
  /** Opens a producer; called again after a failure, when the next event comes. */
  readonly connect: () => Promise<MessageProducer>
  readonly topic: string
  /** Longest time for an acknowledgement, ms. */
  readonly limit: number
  readonly most?: number
}

export class ReadEvents {
  readonly #options: Required<ReadEventsOptions>
  #connecting: Promise<MessageProducer> | undefined
  #producer: MessageProducer | undefined
  #underWay = 0

  constructor(options: ReadEventsOptions) {
    this.#options = { most: 10_000, ...options }
  }

  /** Resolves once the broker has acknowledged it. Rejects with KAFKA_*. */
  async send(event: ReadEvent): Promise<void> {
    if (this.#underWay >= this.#options.most) {
      throw new RanktideError('KAFKA_FULL', `${this.#underWay} read events wait for the broker`)
    }
    this.#underWay++
    try {
      await this.#sendWithin(this.#options.limit, event)
    } finally {
      this.#underWay--
    }
  }

  /** Waits for what is under way, but not for a connection that is still being tried. */
  async close(): Promise<void> {
    if (this.#producer !== undefined) return this.#producer.close()
    this.#connecting?.then(
      (producer) => producer.close(),
      () => {},
    )
  }

  /** The producer has a limit of its own; connecting comes before that, and a report may get lost. */
  async #sendWithin(limit: number, event: ReadEvent): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    let expired = false
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        expired = true
        reject(new RanktideError('KAFKA_UNREACHABLE', `no acknowledgement within ${limit} ms`))
      }, limit)
    })
    const sent = this.#connected().then((producer) =>
      expired ? undefined : producer.send(messageOf(this.#options.topic, event)),
    )
    try {
      await Promise.race([sent, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #connected(): Promise<MessageProducer> {
    this.#connecting ??= this.#options.connect().then(
      (producer) => {
        this.#producer = producer
        return producer
      },
      (error: unknown) => {
        this.#connecting = undefined
        throw error
      },
    )
    return this.#connecting
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const messageOf = (topic: string, { uid, biz, bizId, ts }: ReadEvent) => ({
  topic,
  key: bytes(`${biz}:${bizId}`),
  value: bytes(
    `{"uid":${wholeNumberJson(uid)},"biz":${JSON.stringify(biz)},"biz_id":${wholeNumberJson(bizId)},"ts":${ts}}`,
  ),
  timestamp: ts,
})
