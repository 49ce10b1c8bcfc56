/**
 * One look at topics from outside: offsets, times and records, for commands that tell how things stand. In no group, and
 * nothing is committed: whoever consumes does not notice.
 *
 * Order: that of each partition. Every question ends within the time for a request. Memory: the client's queue.
 */
import { RanktideError } from '../core/errors.js'
import { type Positions, partitionId } from '../core/positions.js'
import type { Message } from '../operators/ports.js'
import { KafkaConnection } from './kafka-connection.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'
import type { KafkaAddress } from './kafka-properties.js'

const window = { events: 2_000, bytes: 16 * 1024 * 1024, time: 5 }
const requestTimeout = 5_000
const answerLimit = 800

/** How long a partition may bring nothing although records are there, ms. */
const patience = 10_000

export class KafkaLook {
  readonly #connection: KafkaConnection

  private constructor(connection: KafkaConnection) {
    this.#connection = connection
  }

  /** Fails with KAFKA_UNREACHABLE within some seconds, with KAFKA_DENIED at once. */
  static async open(address: KafkaAddress): Promise<KafkaLook> {
    // What goes wrong later fails the question that is asked then.
    return new KafkaLook(await KafkaConnection.connect({ ...address, window, requestTimeout, onTrouble: () => {} }))
  }

  /** All partitions of the topics. KAFKA_TOPIC, naming it, if one does not exist. */
  partitions(topics: readonly string[]): Promise<readonly string[]> {
    return this.#connection.partitions(topics)
  }

  /** The offset after the last record of each partition. */
  ends(partitions: readonly string[]): Promise<Positions> {
    return this.#connection.offsetsAt(partitions, LATEST)
  }

  /** The first offset that is still there. */
  beginnings(partitions: readonly string[]): Promise<Positions> {
    return this.#connection.offsetsAt(partitions, EARLIEST)
  }

  /** The first offset whose record is of `time` (ms since 1970) or later; −1 if there is none. */
  offsetsAt(partitions: readonly string[], time: number): Promise<Positions> {
    return this.#connection.offsetsAt(partitions, time)
  }

  /** What the group has committed; without partitions of which it has nothing. */
  committed(partitions: readonly string[]): Promise<Positions> {
    return this.#connection.committed(partitions)
  }

  /**
   * When the next record of each partition was written, ms since 1970. Partitions without one, and those that do not
   * answer within `limit` ms, are left out.
   */
  async timesAt(positions: Positions, limit = 3_000): Promise<ReadonlyMap<string, number>> {
    const waiting = new Map(positions)
    const times = new Map<string, number>()
    const end = performance.now() + limit
    this.#connection.assign(waiting)
    while (waiting.size > 0 && performance.now() < end) {
      const before = waiting.size
      for (const { topic, partition, timestamp } of await this.#read()) {
        const id = partitionId(topic, partition)
        if (waiting.delete(id) && timestamp !== undefined) times.set(id, timestamp)
      }
      // Those that have been seen are not fetched further. Only then: what was fetched for the assignment before is lost.
      if (waiting.size < before) this.#connection.assign(waiting)
    }
    this.#connection.assignNothing()
    return times
  }

  /**
   * Hands over the records from `from` up to, and without, `to`; both name the same partitions. Fails with OFFSETS_GONE
   * where `from` is no longer there, and with KAFKA_FAILED where nothing comes for 10 s.
   */
  async read(from: Positions, to: Positions, each: (message: Message) => void): Promise<void> {
    const waiting = new Map([...from].filter(([id, offset]) => offset < (to.get(id) ?? 0)))
    if (waiting.size === 0) return
    this.#connection.assign(waiting)
    const settled = new Set<string>()
    let last = performance.now()
    while (waiting.size > 0) {
      const messages = await this.#read()
      for (const message of messages) {
        const id = partitionId(message.topic, message.partition)
        settled.add(id)
        if (message.offset >= (from.get(id) ?? 0) && message.offset < (to.get(id) ?? 0)) each(message)
      }
      this.#settle(waiting, to, settled)
      if (messages.length > 0) last = performance.now()
      else if (performance.now() - last > patience)
        throw new RanktideError('KAFKA_FAILED', `nothing came of ${[...waiting.keys()].join(', ')} for ${patience} ms`)
    }
    this.#connection.assignNothing()
  }

  /** Disconnects; a broker that does not answer is left as it is. */
  async close(): Promise<void> {
    await this.#connection.close(answerLimit).catch(() => {})
  }

  /**
   * Takes out of `waiting` what has been read up to `to`, past what the broker leaves out, too: markers of transactions,
   * and what compaction has removed. For a moment a position may still be that of the assignment before: it counts once
   * there was none, or a record has come.
   */
  #settle(waiting: Map<string, number>, to: Positions, settled: Set<string>): void {
    const found = this.#connection.positions([...waiting.keys()])
    for (const id of [...waiting.keys()]) {
      const position = found.get(id)
      if (position === undefined) settled.add(id)
      else if (settled.has(id) && position >= (to.get(id) ?? 0)) waiting.delete(id)
    }
  }

  async #read(): Promise<readonly Message[]> {
    const messages = await this.#connection.read(window.events, 0)
    return messages.length > 0 ? messages : this.#connection.read(1, 100)
  }
}
