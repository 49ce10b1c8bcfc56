import { concatMap, defer, map, type Observable, type OperatorFunction, of, type SchedulerLike } from 'rxjs'
import type { FeedEvent, Refusal } from '../core/change.js'
import type { DecodedBatch, EventBatch } from './event-batch.js'
import type { DeadLetter, DeadLetters } from './ports.js'
import { type DeadLetterObserver, writeLetters } from './write-letters.js'

export interface DeadLetterPorts {
  readonly deadLetters: DeadLetters
  /** Names the feed in each letter. */
  readonly feed: string
  readonly scheduler: SchedulerLike
  readonly observer: DeadLetterObserver
}

/**
 * Writes the refused messages of a batch to the dead-letter topic, and only then lets the batch go on: what is not in a
 * board is in that topic. While they can't be written nothing of the feed goes on; a batch of its own, without
 * messages, says so, so that the boards can. The source stands still by itself, since the batch is not released.
 *
 * Order: kept. Loss: none. Duplicates: a letter may be written again after a failure, and after a crash, since offsets
 * are committed later. Memory: one batch, which is that of the source.
 */
export const writeDeadLetters = (ports: DeadLetterPorts): OperatorFunction<DecodedBatch, EventBatch> =>
  concatMap((batch) => (batch.refused.length === 0 ? of(batch) : whenWritten(ports, batch)))

const whenWritten = (ports: DeadLetterPorts, batch: DecodedBatch): Observable<EventBatch> =>
  defer(() => {
    const letters = batch.refused.map((refused): DeadLetter => ({ ...refused, feed: ports.feed }))
    let heldUp = false
    return writeLetters(ports, letters).pipe(
      map((news): EventBatch => {
        if (news.kind === 'written') return { ...batch, events: heldUp ? goingOn(batch) : batch.events }
        heldUp = true
        const refusal: Refusal = { code: 'DEAD_LETTER_FAILED', detail: news.error.message }
        return saying({ kind: 'held-up', refusal })
      }),
    )
  })

const goingOn = ({ events }: EventBatch): readonly FeedEvent[] => [{ kind: 'going-on' }, ...events]

const nowhere: ReadonlyMap<string, number> = new Map()

const saying = (event: FeedEvent): EventBatch => ({
  events: [event],
  positions: nowhere,
  maxEs: nowhere,
  messages: 0,
  release: () => {},
})
