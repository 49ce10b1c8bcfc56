import type { Observable } from 'rxjs'
import type { Claim } from './batch-store.js'
import type { MessageBatch, RefusedRecord } from './ports.js'

/** Partitions from when they are taken until they are taken away, or until another process has them. */
export interface Generation {
  readonly claim: Claim
  /** Reads them from the claim's positions. */
  readonly batches$: Observable<MessageBatch>
  /**
   * Emits once they have been taken away, to whoever subscribes then, too. What has been read may still be written, but
   * nothing is tried again: who has the partitions now reads on from what was committed.
   */
  readonly over$: Observable<void>
  /** Refused events whose letters are written, and whose offsets are not committed; see tell-passed.ts. */
  readonly unpassed?: RefusedRecord[]
}

/** Ends a generation from within: what it had read and not written is read again by whoever has the partitions next. */
export class GenerationOver extends Error {
  constructor() {
    super('the partitions were taken away')
    this.name = 'GenerationOver'
  }
}
