import type { FeedEvent } from '../core/change.js'
import type { Positions } from '../core/positions.js'
import type { RefusedRecord } from './ports.js'

/** What a batch of messages said. */
export interface EventBatch {
  /** In the order of the messages. */
  readonly events: readonly FeedEvent[]
  /** Next offset of every partition once this batch has been handled. */
  readonly positions: Positions
  /** The greatest commit time a partition, ms since 1970. */
  readonly maxEs: ReadonlyMap<string, number>
  readonly messages: number
  /** Partitions in which, at its end, what was sent before is being sent again; undefined: none. */
  readonly behind?: readonly string[]
  /** Asks for the next batch. */
  release(): void
}

/** A batch as it was decoded: each refused message stands among the events as a control, and here as it came. */
export interface DecodedBatch extends EventBatch {
  readonly refused: readonly RefusedRecord[]
}
