/**
 * A producer of any number of messages at once, over one connection at a time: while none is there, because the broker is
 * absent or because one has died, messages wait for the next.
 *
 * Order: that of send(), in each partition. Duplicates, loss: those of the connection; a message is handed to one
 * connection only. Memory: `queue` messages.
 */
import { asRanktideError, RanktideError, verdictOf } from '../core/errors.js'
import type { Delivery, MessageProducer, OutgoingMessage, ProducerSettings } from '../operators/message-ports.js'
import { isTooLarge } from './kafka-errors.js'
import type { Place } from './kafka-producer.js'
import { type Partitioner, roundRobin } from './partitioning.js'

/** The part of `KafkaProducer` that is used here. */
export interface Opened {
  readonly isDead: boolean
  partitionCount(topic: string): Promise<number>
  send(topic: string, partition: number | null, message: OutgoingMessage & { headers: object }): Promise<Place>
  close(limit?: number): Promise<void>
}

export type Open = () => Promise<Opened>

const retryPause = 200
/** How long a number of partitions is taken for granted, ms. */
const countFor = 30_000
/** Closing a connection does not take longer than this, ms; a broker that hangs is left to itself. */
const disconnectLimit = 1_500

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })

const noAnswer = 'no answer'

/** One message from send() to what became of it. */
interface Entry {
  readonly message: OutgoingMessage
  settled: boolean
  readonly settle: (result: Delivery | RanktideError) => void
}

export class ReopeningProducer implements MessageProducer {
  readonly #open: Open
  readonly #settings: ProducerSettings
  readonly #timeout: number
  readonly #queue: number
  /** Undefined where librdkafka partitions. */
  readonly #partitioner: Partitioner | undefined
  readonly #counts = new Map<string, { readonly count: number; readonly until: number }>()
  /** Not handed to librdkafka yet, in the order of send(). */
  readonly #waiting = new Set<Entry>()
  /** How many were sent and not settled. */
  #underWay = 0
  #opened: Opened | undefined
  #opening: Promise<void> | undefined
  #counting = false
  #drained: () => void = () => {}
  /** Why nothing was written, in the words of whoever said so last. */
  #trouble = noAnswer
  #closed = false

  /** `open` makes a connection. */
  constructor(settings: ProducerSettings, open: Open) {
    this.#settings = settings
    this.#open = open
    this.#timeout = settings.timeout ?? 5_000
    this.#queue = settings.queue ?? 100_000
    this.#partitioner = settings.partitioner === 'round-robin' ? roundRobin() : undefined
  }

  /** Tries to connect once, and goes on trying where no broker answers. Fails with KAFKA_DENIED and CONFIG_INVALID. */
  async start(): Promise<void> {
    try {
      this.#opened = await this.#open()
    } catch (error) {
      const { code, detail } = asRanktideError(error)
      if (code === 'KAFKA_DENIED' || verdictOf(error) === 'fatal') throw error
      this.#trouble = detail
      this.#reopen()
    }
  }

  send(message: OutgoingMessage): Promise<Delivery> {
    if (this.#closed) return Promise.reject(new RanktideError('KAFKA_FAILED', 'the producer is closed'))
    if (this.#underWay >= this.#queue)
      return Promise.reject(new RanktideError('KAFKA_FULL', `${this.#queue} are allowed`))
    const report = new Promise<Delivery>((resolve, reject) => {
      const late = (): void =>
        entry.settle(new RanktideError('KAFKA_UNREACHABLE', `writing to ${message.topic}: ${this.#trouble}`))
      const timer = setTimeout(late, this.#timeout)
      const entry: Entry = {
        message,
        settled: false,
        settle: (result) => {
          if (entry.settled) return
          entry.settled = true
          this.#waiting.delete(entry)
          clearTimeout(timer)
          this.#underWay--
          if (result instanceof RanktideError) reject(result)
          else resolve(result)
          if (this.#underWay === 0) this.#drained()
        },
      }
      this.#underWay++
      this.#waiting.add(entry)
    })
    this.#pump()
    if (this.#settings.reports ?? true) return report
    report.catch(() => {})
    return Promise.resolve({ topic: message.topic, partition: -1, offset: undefined })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    const closed = this.#opened?.close() ?? this.#opening?.then(() => this.#opened?.close())
    await Promise.race([closed, pause(disconnectLimit)])
  }

  /** Hands on what waits, in its order, as far as that is possible now; goes on by itself when more is. */
  #pump(): void {
    if (this.#opened?.isDead) {
      void this.#opened.close(0)
      this.#opened = undefined
    }
    if (this.#opened === undefined) {
      this.#reopen()
      return
    }
    for (const entry of this.#waiting) {
      const partition = this.#partitionOf(this.#opened, entry.message)
      if (partition === undefined) return
      this.#waiting.delete(entry)
      void this.#write(this.#opened, entry, partition)
    }
  }

  async #write(opened: Opened, { message, settle }: Entry, partition: number | null): Promise<void> {
    const { topic, headers = {} } = message
    try {
      const place = await opened.send(topic, partition, { ...message, headers })
      const offset = this.#settings.acks === 'none' || place.offset < 0 ? undefined : place.offset
      settle({ topic, partition: place.partition, offset })
    } catch (error) {
      const known = asRanktideError(error)
      settle(isTooLarge(known) ? new RanktideError('TOO_LARGE', known.detail, { cause: error }) : known)
      if (opened.isDead) this.#pump()
    }
  }

  /**
   * Null: librdkafka says. Undefined: it is being asked whether there is such a topic; librdkafka itself would make one,
   * where the brokers allow it.
   */
  #partitionOf(opened: Opened, message: OutgoingMessage): number | null | undefined {
    const known = this.#counts.get(message.topic)
    if (known === undefined) {
      void this.#countPartitions(opened, message.topic)
      return undefined
    }
    if (this.#partitioner === undefined) return null
    if (known.until < performance.now()) void this.#countPartitions(opened, message.topic)
    return this.#partitioner(message, known.count)
  }

  async #countPartitions(opened: Opened, topic: string): Promise<void> {
    if (this.#counting) return
    this.#counting = true
    try {
      const count = await opened.partitionCount(topic)
      this.#counts.set(topic, { count, until: performance.now() + countFor })
    } catch (error) {
      for (const entry of this.#waiting) if (entry.message.topic === topic) entry.settle(asRanktideError(error))
    }
    this.#counting = false
    if (this.#waiting.size > 0) this.#pump()
  }

  #reopen(): void {
    this.#opening ??= this.#openAgain().finally(() => {
      this.#opening = undefined
    })
  }

  async #openAgain(): Promise<void> {
    while (this.#opened === undefined && (!this.#closed || this.#underWay > 0)) {
      try {
        this.#opened = await this.#open()
        this.#trouble = noAnswer
        this.#pump()
      } catch (error) {
        const known = asRanktideError(error)
        this.#trouble = known.detail
        if (known.code !== 'KAFKA_UNREACHABLE') for (const entry of this.#waiting) entry.settle(known)
        await pause(retryPause)
      }
    }
  }
}
