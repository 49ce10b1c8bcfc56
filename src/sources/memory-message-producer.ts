/**
 * A producer of a log in memory. Order: that of send(), while the broker is absent too. Duplicates, loss: none; what was
 * rejected is not written. Memory: `queue` messages.
 */
import { RanktideError } from '../core/errors.js'
import type { Delivery, MessageProducer, OutgoingMessage, ProducerSettings } from '../operators/message-ports.js'
import type { MemoryLog } from './memory-log.js'
import { type Partitioner, partitionerOf } from './partitioning.js'

interface Waiting {
  readonly message: OutgoingMessage
  readonly settle: (result: Delivery | RanktideError) => void
}

export class MemoryMessageProducer implements MessageProducer {
  readonly #log: MemoryLog
  readonly #settings: Required<ProducerSettings>
  readonly #partitioner: Partitioner
  readonly #waiting = new Set<Waiting>()
  readonly #unwatch: () => void
  #drained: () => void = () => {}
  #writing = false
  #closed = false

  constructor(log: MemoryLog, settings: ProducerSettings) {
    this.#log = log
    this.#settings = {
      acks: 'all',
      partitioner: 'key-hash',
      reports: true,
      timeout: 5_000,
      queue: 100_000,
      ...settings,
    }
    this.#partitioner = partitionerOf(settings.partitioner)
    this.#unwatch = log.watch(() => this.#writeWaiting())
  }

  send(message: OutgoingMessage): Promise<Delivery> {
    if (this.#closed) return Promise.reject(new RanktideError('KAFKA_FAILED', 'the producer is closed'))
    const { queue, reports } = this.#settings
    if (this.#log.full || this.#waiting.size >= queue)
      return Promise.reject(new RanktideError('KAFKA_FULL', `${queue} are allowed`))
    const report = new Promise<Delivery>((resolve, reject) => {
      const entry: Waiting = {
        message,
        settle: (result) => {
          clearTimeout(timer)
          this.#waiting.delete(entry)
          if (result instanceof RanktideError) reject(result)
          else resolve(result)
          if (this.#waiting.size === 0) this.#drained()
        },
      }
      const late = (): void =>
        entry.settle(new RanktideError('KAFKA_UNREACHABLE', `writing to ${message.topic}: no answer`))
      const timer = setTimeout(late, this.#settings.timeout)
      this.#waiting.add(entry)
      this.#writeWaiting()
    })
    if (reports) return report
    report.catch(() => {})
    return Promise.resolve({ topic: message.topic, partition: -1, offset: undefined })
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#waiting.size > 0)
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    this.#unwatch()
  }

  #writeWaiting(): void {
    // Writing wakes everybody who watches the log, this producer among them.
    if (this.#writing || !this.#log.available) return
    this.#writing = true
    for (const entry of this.#waiting) entry.settle(this.#write(entry.message))
    this.#writing = false
  }

  #write(message: OutgoingMessage): Delivery | RanktideError {
    const { topic, key, value } = message
    const count = this.#log.partitionCount(topic)
    if (count === 0) return this.#log.topicMissing(topic)
    if ((key?.byteLength ?? 0) + (value?.byteLength ?? 0) > this.#log.largest)
      return new RanktideError('TOO_LARGE', `writing to ${topic}: more than ${this.#log.largest} bytes`)
    const partition = this.#partitioner(message, count)
    const offset = this.#log.append(topic, partition, message)
    return { topic, partition, offset: this.#settings.acks === 'none' ? undefined : offset }
  }
}
