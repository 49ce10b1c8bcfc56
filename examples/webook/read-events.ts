/**
 * Read events on their way to the topic.
 *
 * Order: events of one item stand in the order of their calls (one key, one partition). Duplicates: none by itself; a
 * client that asks again after a failure may have its read counted twice. Loss: none once `send` has resolved: the broker
 * has acknowledged it. `send` ends within `limit`. Memory: at most `most` events under way.
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
  #producer: Promise<MessageProducer> | undefined
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
    const sent = this.#connected().then((producer) => producer.send(messageOf(this.#options.topic, event)))
    const counted = sent.then(
      () => void this.#underWay--,
      (error: unknown) => {
        this.#underWay--
        throw error
      },
    )
    await within(counted, this.#options.limit)
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => undefined)
    await producer?.close()
  }

  #connected(): Promise<MessageProducer> {
    this.#producer ??= this.#options.connect().catch((error: unknown) => {
      this.#producer = undefined
      throw error
    })
    return this.#producer
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

/** The producer has a limit of its own; connecting comes before that, and a report may get lost. */
const within = async (work: Promise<void>, limit: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new RanktideError('KAFKA_UNREACHABLE', `no acknowledgement within ${limit} ms`)
    timer = setTimeout(() => reject(error), limit)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
