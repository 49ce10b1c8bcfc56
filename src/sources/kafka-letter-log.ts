/**
 * The dead-letter topic as something to read: its partition 0, to which all letters go.
 *
 * Order: the topic's. Loss: none but what the broker has deleted. Only what is committed is read: settlements are written
 * in transactions. Memory: one step of at most 500 records, and the client's queue of 16 MiB.
 */
import { RanktideError } from '../core/errors.js'
import { partitionId } from '../core/positions.js'
import type { Message } from '../operators/ports.js'
import { KafkaConnection } from './kafka-connection.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'
import type { KafkaAddress } from './kafka-properties.js'

export interface KafkaLetterLogOptions extends KafkaAddress {
  readonly topic: string
  /** Longest time for an answer, and between two records, ms. Default 10,000. */
  readonly requestTimeout?: number
}

/** Offsets: of the first record that is there, and after the last one. */
export interface LogBounds {
  readonly first: number
  readonly end: number
}

const step = 500
const closingLimit = 1_500

/** What the client last complained of while it went on. */
interface Trouble {
  last: RanktideError | undefined
}

export class KafkaLetterLog {
  readonly topic: string
  readonly #connection: KafkaConnection
  readonly #partition: string
  readonly #timeout: number
  readonly #trouble: Trouble

  private constructor(topic: string, connection: KafkaConnection, timeout: number, trouble: Trouble) {
    this.topic = topic
    this.#connection = connection
    this.#partition = partitionId(topic, 0)
    this.#timeout = timeout
    this.#trouble = trouble
  }

  /** Fails with KAFKA_UNREACHABLE, KAFKA_DENIED, and KAFKA_TOPIC where there is no such topic. */
  static async open(options: KafkaLetterLogOptions): Promise<KafkaLetterLog> {
    const { topic, requestTimeout = 10_000 } = options
    const trouble: Trouble = { last: undefined }
    const connection = await KafkaConnection.connect({
      ...options,
      requestTimeout,
      window: { events: step, bytes: 1024 * 1024, time: 0 },
      onTrouble: (error) => {
        trouble.last = error
      },
    })
    try {
      await connection.partitions([topic])
    } catch (error) {
      await connection.close(closingLimit).catch(() => {})
      throw error
    }
    return new KafkaLetterLog(topic, connection, requestTimeout, trouble)
  }

  async bounds(): Promise<LogBounds> {
    const partitions = [this.#partition]
    const end = await this.#connection.offsetsAt(partitions, LATEST)
    const first = await this.#connection.offsetsAt(partitions, EARLIEST)
    return { first: first.get(this.#partition) ?? 0, end: end.get(this.#partition) ?? 0 }
  }

  /**
   * All records from `from` up to `end`, in steps; one reading at a time. What was deleted meanwhile is passed over.
   * KAFKA_UNREACHABLE where nothing comes for too long.
   */
  async *records(from: number, end: number): AsyncGenerator<readonly Message[]> {
    if (from >= end) return
    let next = from
    let since = performance.now()
    this.#connection.assign(new Map([[this.#partition, from]]))
    // For a moment the client may still tell the position of the assignment before, which may be further.
    let settled = this.#position() === undefined
    try {
      while (next < end) {
        const read = await this.#read()
        settled ||= read.length > 0
        const found = read.filter(({ offset }) => offset >= next && offset < end)
        // Past what is no record: the ends of transactions.
        const reached = Math.max(
          next,
          settled ? (this.#position() ?? 0) : 0,
          ...found.slice(-1).map(({ offset }) => offset + 1),
        )
        if (reached > next) since = performance.now()
        next = reached
        if (found.length > 0) yield found
        if (next < end && performance.now() - since > this.#timeout) throw this.#silent(next)
      }
    } finally {
      this.#connection.assignNothing()
    }
  }

  close(): Promise<void> {
    return this.#connection.close(closingLimit)
  }

  #position(): number | undefined {
    return this.#connection.positions([this.#partition]).get(this.#partition)
  }

  #silent(next: number): RanktideError {
    const detail = `reading ${this.topic}: nothing came from offset ${next} on`
    return this.#trouble.last ?? new RanktideError('KAFKA_UNREACHABLE', detail)
  }

  async #read(): Promise<readonly Message[]> {
    try {
      const found = await this.#connection.read(step, 0)
      return found.length > 0 ? found : await this.#connection.read(1, 50)
    } catch (error) {
      if (!(error instanceof RanktideError) || error.code !== 'OFFSETS_GONE') throw error
      // Deleted between the look at the bounds and now.
      const { first } = await this.bounds()
      this.#connection.assign(new Map([[this.#partition, first]]))
      return []
    }
  }
}
