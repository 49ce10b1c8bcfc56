import { map, type OperatorFunction } from 'rxjs'
import type { Window } from '../core/feed-io.js'
import { foldNewest } from '../core/newest-per-key.js'
import type { EventBatch } from './event-batch.js'

/** A window of which each key has only its newest image left, between controls. */
export interface FoldedWindow {
  readonly window: Window
  release(): void
}

/** `foldNewest` as an operator. Order: kept between controls. Duplicates: gone within a window. Memory: one window. */
export const keepNewestPerKey = (): OperatorFunction<EventBatch, FoldedWindow> =>
  map(({ events, positions, maxEs, messages, release }) => ({
    window: { ...foldNewest(events), positions, maxEs, messages },
    release,
  }))
