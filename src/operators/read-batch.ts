import type { Positions } from '../core/positions.js'
import type { ReadEvent } from '../core/read-event.js'
import type { Message, RefusedRecord } from './ports.js'

/** An event and the message that it came in, which becomes a dead letter if the database can't take it. */
export interface DecodedRead {
  readonly event: ReadEvent
  readonly message: Message
}

/** What a batch of messages said. */
export interface ReadBatch {
  /** In the order of the messages. */
  readonly reads: readonly DecodedRead[]
  readonly refused: readonly RefusedRecord[]
  /** Next offset of every partition once this batch has been handled. */
  readonly positions: Positions
  /** Earliest and latest record time, ms since 1970; undefined without messages, or where records have none. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
  /** Asks for the next batch. */
  release(): void
}

/** What is written in one transaction: batches that were joined. Their refused messages are written by then. */
export interface ReadWindow extends Omit<ReadBatch, 'refused'> {
  /** How many were refused. */
  readonly refused: number
}
