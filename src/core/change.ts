import type { Either } from 'fp-ts/lib/Either.js'
import type { Image, TableShape, Value } from './table.js'

/**
 * One row of a tracked table as a message of the feed tells it. Images are absolute: applying one twice, or after a
 * newer one that is re-sent later, converges, so nothing is ever skipped or ordered by time.
 */
export interface RowChange {
  readonly kind: 'row'
  readonly table: TableShape
  /** The row's key as a board member (see `memberOf`). */
  readonly key: string
  /** The row after the change; null when the row is gone. */
  readonly after: Image | null
  /** What the row was before, where the message tells it: undefined per column (or as a whole) means "not told". */
  readonly before: readonly (Value | undefined)[] | undefined
  /** Commit time at the source, ms since 1970 (whole seconds in Canal); for lag and integrity, never for order. */
  readonly es: number | undefined
}

/**
 * A message that is not a row but bounds rows: nothing that came before it may be folded with what comes after.
 *
 * - `truncate`: every row of the table is gone at this point (TRUNCATE; DROP TABLE sets `dropped`).
 * - `renamed`:  the table's rows are replaced by those of another table (gh-ost, pt-osc), or the name is gone.
 * - `altered`:  the columns may have changed.
 * - `xa-rollback`: rows sent earlier were rolled back; which ones is not told.
 * - `key-change`: a row moved from one key to another; it stands before the two row changes that it became.
 * - `refused`:  a message that may concern the table could not be read (`table` undefined: any table of the topic).
 */
export type Control =
  | { readonly kind: 'truncate'; readonly table: TableShape; readonly dropped: boolean }
  | { readonly kind: 'renamed'; readonly table: TableShape }
  | { readonly kind: 'altered'; readonly table: TableShape }
  | { readonly kind: 'xa-rollback'; readonly table: TableShape }
  | { readonly kind: 'key-change'; readonly table: TableShape }
  | { readonly kind: 'refused'; readonly table: TableShape | undefined; readonly refusal: Refusal }
  | { readonly kind: 'marker'; readonly nonce: string }

/** The producer has gone back: what follows was sent before, until it comes up to the present again. */
export interface Rewound {
  readonly kind: 'rewound'
}

/**
 * Where the stream stands although there is more to come: a refused message can't be set aside, and nothing is skipped.
 * `going-on` when it has been.
 */
export type HeldUp = { readonly kind: 'held-up'; readonly refusal: Refusal } | { readonly kind: 'going-on' }

/** What a message can say by itself. */
export type DecodedEvent = RowChange | Control

export type FeedEvent = DecodedEvent | Rewound | HeldUp

/** Why a message was refused; `detail` never holds row values. */
export interface Refusal {
  readonly code: import('./errors.js').ErrorCode
  readonly detail: string
}

/** What one message of a topic turned out to be. */
export interface Decoded {
  /** In message order; empty when the message concerns no tracked table. */
  readonly events: readonly DecodedEvent[]
  /** Batch number of the producer, where it tells one. It drops when the producer restarts. */
  readonly batchId: number | undefined
  readonly es: number | undefined
  /** Before-images that had to be thrown away because they could not be matched with rows. */
  readonly discardedBefore: number
}

/** A message none of which may be used. */
export interface RefusedMessage {
  readonly refusal: Refusal
  /** The tracked tables that it concerns; undefined when it can't be told: any table of the topic. */
  readonly tables: readonly TableShape[] | undefined
}

/** A format: the value of one record → what it says. Total: it never throws, whatever the bytes are. */
export type Decode = (value: Uint8Array | null) => Either<RefusedMessage, Decoded>
