import type { Either } from 'fp-ts/lib/Either.js'
import type { Refusal } from './change.js'

/** What the topic of read events carries: one user has read one item. */
export interface ReadEvent {
  /** Who has read: a decimal text from 0 to 2^64−1, without leading zeros. */
  readonly uid: string
  /** The kind of item, such as `article`: 1 to 64 characters. */
  readonly biz: string
  /** The item: as `uid`. */
  readonly bizId: string
  /** When, by the producer's clock, ms since 1970. */
  readonly ts: number
}

/**
 * The value of one record → the event. Total: it never throws, whatever the bytes are. `timestamp`: the record's, ms since
 * 1970, where it has one.
 */
export type DecodeRead = (value: Uint8Array | null, timestamp: number | undefined) => Either<Refusal, ReadEvent>
