/**
 * The message interface of the counting pipelines, of the producers that feed them and of the tests: messages out
 * (`MessageProducer`), messages in as a member of a group (`GroupConsumer`). node-rdkafka is one adapter, a log in memory
 * another; one conformance suite (test/conformance/message-log.ts) runs over both.
 */
import type { Observable } from 'rxjs'
import type { Positions } from '../core/positions.js'
import type { MessageBatch } from './ports.js'

/** A message to be written. Which partition it goes to, the producer's partitioner says. */
export interface OutgoingMessage {
  readonly topic: string
  /** Messages of one key go to one partition, in order, with the partitioner `key-hash`. */
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** ms since 1970; default: now. */
  readonly timestamp?: number
}

/** Where a message stands. `offset` undefined: written, but the broker does not say where (acks `none`). */
export interface Delivery {
  readonly topic: string
  /** −1 where nothing was waited for (`reports` false). */
  readonly partition: number
  readonly offset: number | undefined
}

export const acknowledgements = ['all', 'leader', 'none'] as const
export const partitioners = ['key-hash', 'round-robin', 'random'] as const

export interface ProducerSettings {
  /**
   * `all` (default): written by all in-sync replicas, without duplicates (idempotent). `leader`: by one. `none`: sent.
   */
  readonly acks?: (typeof acknowledgements)[number]
  /** Default `key-hash`: by the murmur2 hash that Java clients use; messages without a key anywhere. */
  readonly partitioner?: (typeof partitioners)[number]
  /** Whether `send` waits for what became of its message (default), or only until it is queued. */
  readonly reports?: boolean
  /** Longest time from `send` to a report, ms. Default 5,000. */
  readonly timeout?: number
  /** Most messages that wait to be sent; one more fails with KAFKA_FULL at once. Default 100,000. */
  readonly queue?: number
}

/**
 * Order: messages of one partition stand in the order of `send`. Duplicates: none by itself with acks `all`. Loss: what
 * `send` has resolved for is written as `acks` says; what it rejected for may be written all the same, once. Memory:
 * `queue` messages.
 */
export interface MessageProducer {
  /**
   * Resolves when this message is delivered. Rejects with KAFKA_FULL at once, KAFKA_UNREACHABLE or KAFKA_TOPIC within
   * the timeout, TOO_LARGE for a message that the broker refuses for its size, KAFKA_DENIED. A failure concerns that
   * message alone: the producer goes on.
   */
  send(message: OutgoingMessage): Promise<Delivery>
  /** Waits for what is under way, within the timeout, then closes. */
  close(): Promise<void>
}

/** What a member of the group reads, until the group is divided anew. */
export interface Assignment {
  /** `topic/partition`, sorted; empty where there are more members than partitions. */
  readonly partitions: readonly string[]
  /** First offset that the broker still has, and end offset, of each partition, asked now. */
  bounds(): Promise<{ readonly first: Positions; readonly ends: Positions }>
  /**
   * Reads every partition from `start`, which names all of them. One reading at a time: when it was unsubscribed, another
   * may begin elsewhere. Completes when the partitions are taken away or the consumer closes, at once if that has
   * happened; fails with OFFSETS_GONE. Batches and back-pressure as `FeedSource.batches`.
   */
  batches(start: Positions): Observable<MessageBatch>
}

/**
 * A member of a consumer group. Any number of members share the partitions. A member that was taken for dead may go on
 * reading for a while (a zombie): only the offsets in the database tell who counts.
 *
 * Order: that of each partition. Duplicates, loss: none from the start position on. Memory: one batch and the client's
 * own queue.
 */
export interface GroupConsumer {
  /**
   * Joins the group and emits each assignment; the batches of the one before have completed by then. Waits for servers
   * that are down (told to `onTrouble` of the adapter). Completes when the consumer is closed. Leaves the group when
   * unsubscribed.
   */
  assignments(): Observable<Assignment>
  /** Mirrors offsets to the group in Kafka, for tools that show lag: nothing rests on them, failures are only told. */
  mirror(positions: Positions): void
  /** Leaves the group and disconnects, within 3 s. */
  close(): Promise<void>
}
