/**
 * A range of topics, read once by nobody's member: from its first offsets to the first that are not part of it.
 *
 * Order: that of each partition; between partitions that of the messages' times, the same each time (`mergePartitions`).
 * Duplicates: those of the topic. Loss: none; offsets that the broker no longer has are OFFSETS_GONE. Nothing is
 * committed. Memory: a batch and librdkafka's queue for each partition, each of which has a connection of its own.
 *
 * batches() fails with KAFKA_* when a broker does not answer at its start, or has sent nothing for `patience` ms later.
 */
import { Observable } from 'rxjs'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { MessageBatch } from '../operators/ports.js'
import { KafkaConnection } from './kafka-connection.js'
import { EARLIEST } from './kafka-offsets.js'
import type { BatchWindow, KafkaAddress } from './kafka-properties.js'
import { KafkaReading } from './kafka-reading.js'
import { mergePartitions } from './merge-partitions.js'

export interface KafkaRangeOptions extends KafkaAddress {
  /** The first offsets that are not part of the range, of every partition that is. */
  readonly to: Positions
  readonly window: BatchWindow
  /** Longest time for the first connection and for any answer of a broker, ms. */
  readonly requestTimeout?: number
  /** How long a broker may say nothing while messages are waited for, ms. */
  readonly patience?: number
}

/** How often lost offsets are looked for, ms. */
const refresh = 5_000
const closeLimit = 800

export class KafkaRange {
  readonly #options: Required<KafkaRangeOptions>
  readonly #connections: Promise<KafkaConnection>[] = []

  constructor(options: KafkaRangeOptions) {
    this.#options = { client: {}, requestTimeout: 5_000, patience: 30_000, ...options }
  }

  /** From these positions to the end of the range; the first batch has no messages. */
  batches(start: Positions): Observable<MessageBatch> {
    const lanes = new Map<string, Observable<MessageBatch>>()
    for (const [id, to] of this.#options.to) {
      const from = start.get(id) ?? 0
      if (from < to) lanes.set(id, this.#partition(id, from, to))
    }
    return mergePartitions(start, lanes)
  }

  /** Within a second or so, whatever the brokers do. */
  async close(): Promise<void> {
    await Promise.all(
      this.#connections.map(async (opened) => {
        const connection = await opened.catch(() => undefined)
        await connection?.close(closeLimit).catch(() => {})
      }),
    )
  }

  #partition(id: string, from: number, to: number): Observable<MessageBatch> {
    const { requestTimeout, patience, window } = this.#options
    return new Observable((subscriber) => {
      let trouble: RanktideError | undefined
      /** Since when messages are waited for, by the clock of the process; undefined: they are being worked on. */
      let waiting: number | undefined = performance.now()
      const onTrouble = (error: RanktideError): void => {
        trouble = error
      }
      const timer = setInterval(() => {
        if (waiting === undefined || performance.now() - waiting < patience) return
        subscriber.error(trouble ?? new RanktideError('KAFKA_UNREACHABLE', `${id}: nothing came for ${patience} ms`))
      }, 1_000)
      let reading: KafkaReading | undefined
      const take = (batch: MessageBatch): void => {
        const reached = batch.positions.get(id) ?? from
        const messages = reached > to ? batch.messages.filter(({ offset }) => offset < to) : batch.messages
        waiting = undefined
        trouble = undefined
        const release = (): void => {
          waiting = performance.now()
          batch.release()
        }
        subscriber.next({ messages, positions: new Map([[id, Math.min(reached, to)]]), release })
        if (reached < to) return
        subscriber.complete()
        reading?.stop()
      }
      const run = async (): Promise<void> => {
        const connecting = KafkaConnection.connect({ ...this.#options, window, requestTimeout, onTrouble })
        this.#connections.push(connecting)
        const connection = await connecting
        const options = { partitions: async () => [id], window, refresh, onTrouble }
        reading = await KafkaReading.begin(connection, options, new Map([[id, from]]), EARLIEST)
        if (subscriber.closed) reading.stop()
        await reading.run(take)
      }
      run().catch((error: unknown) => subscriber.error(asRanktideError(error)))
      return () => {
        clearInterval(timer)
        reading?.stop()
      }
    })
  }
}
