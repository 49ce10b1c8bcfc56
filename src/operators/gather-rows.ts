import { type MonoTypeOperatorFunction, tap } from 'rxjs'
import type { EventBatch } from './event-batch.js'

/** A base that is made of the stream itself. */
export interface RowGatherer {
  /** Takes in what a window said: from then on it answers as of the window's positions. */
  gather(window: EventBatch): void
}

/**
 * Feeds a base from the same stream as the boards that ask it, one window ahead of them: one reading of the topics serves
 * both. Order: kept. Duplicates: harmless. Loss: none. Memory: that of the base.
 */
export const gatherRows = (rows: RowGatherer): MonoTypeOperatorFunction<EventBatch> =>
  tap((window) => rows.gather(window))
