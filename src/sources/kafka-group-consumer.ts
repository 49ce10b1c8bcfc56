/**
 * A member of a Kafka consumer group whose offsets are kept elsewhere: what the group gives it is read from where it is
 * told, never from committed offsets.
 *
 * Order: that of each partition. Duplicates, loss: none from the start position on; offsets that the broker no longer has
 * are OFFSETS_GONE. Memory: one batch, and librdkafka's queue. Servers that are down and topics that are not there are
 * reported to onTrouble and waited for.
 *
 * A new generation of the group begins for this member when its batches have completed; for the brokers it is a member
 * as long as librdkafka's own thread sends heartbeats, however long a batch is worked on.
 */
import { Observable } from 'rxjs'
import type { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Assignment, GroupConsumer } from '../operators/message-ports.js'
import { quietly } from './kafka-errors.js'
import { KafkaMembership } from './kafka-membership.js'
import { type BatchWindow, consumerProperties, type KafkaAddress } from './kafka-properties.js'

export interface KafkaGroupConsumerOptions extends KafkaAddress {
  readonly topics: readonly string[]
  readonly window: BatchWindow
  /**
   * Makes it a static member: one that comes back with the same id within the session (6 s) gets its partitions back at
   * once, and the others are not disturbed; for that, its partitions are nobody's until then when it leaves.
   */
  readonly instance?: string | undefined
  /** Told what is waited for, each kind of trouble at most every 5 s. */
  readonly onTrouble?: (error: RanktideError) => void
  /** Told that offsets could not be mirrored, at most every 5 s; nothing rests on them, and nothing waits. */
  readonly onMirrorTrouble?: (error: RanktideError) => void
  /** Longest time for the first connection and for any answer of a broker, ms. */
  readonly requestTimeout?: number
  /** How often lost offsets are looked for, ms. */
  readonly refresh?: number
}

const troubleEvery = 5_000

export class KafkaGroupConsumer implements GroupConsumer {
  readonly #options: Required<Omit<KafkaGroupConsumerOptions, 'instance'>> & { readonly instance: string | undefined }
  #membership: KafkaMembership | undefined
  /** Ends when the last membership has ended: a static member that leaves late would fence the one after it. */
  #left: Promise<void> = Promise.resolve()
  #closed = false

  /** CONFIG_INVALID for a client property that users may not set. Connects when subscribed to. */
  constructor(options: KafkaGroupConsumerOptions) {
    const { instance } = options
    consumerProperties(options, options.window, { instance })
    this.#options = {
      client: {},
      requestTimeout: 5_000,
      refresh: 30_000,
      ...options,
      instance,
      onTrouble: quietly(options.onTrouble ?? (() => {}), troubleEvery, () => performance.now()),
      onMirrorTrouble: quietly(options.onMirrorTrouble ?? (() => {}), troubleEvery, () => performance.now()),
    }
  }

  /** One subscription at a time. Fails with CONFIG_INVALID, and with KAFKA_FAILED where another has taken the instance id. */
  assignments(): Observable<Assignment> {
    return new Observable((subscriber) => {
      if (this.#closed) {
        subscriber.complete()
        return
      }
      const membership = new KafkaMembership(this.#options, (assignment) => subscriber.next(assignment))
      this.#membership = membership
      const ended = this.#left.then(() => membership.run())
      this.#left = ended.catch(() => {})
      ended.then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      )
      return () => void membership.leave()
    })
  }

  mirror(positions: Positions): void {
    this.#membership?.mirror(positions)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#membership?.leave()
    await this.#left
  }
}
