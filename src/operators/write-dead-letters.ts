import {
  catchError,
  concat,
  concatMap,
  defer,
  ignoreElements,
  type Observable,
  type OperatorFunction,
  of,
  retry,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { FeedEvent } from '../core/change.js'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import type { DecodedBatch, EventBatch } from './event-batch.js'
import type { DeadLetter, DeadLetters } from './ports.js'

export interface DeadLetterPorts {
  readonly deadLetters: DeadLetters
  /** Names the feed in each letter. */
  readonly feed: string
  readonly scheduler: SchedulerLike
  readonly observer: DeadLetterObserver
}

export interface DeadLetterObserver {
  written(letters: readonly DeadLetter[]): void
  /** Some may have been written; all of them will be tried again. */
  failed(letters: readonly DeadLetter[], error: RanktideError): void
}

/** Pause after a failed write, doubled each time, ms. */
const pauseFirst = 500
const pauseMost = 10_000

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

const whenWritten = ({ deadLetters, feed, scheduler, observer }: DeadLetterPorts, batch: DecodedBatch) => {
  const letters = batch.refused.map((refused): DeadLetter => ({ ...refused, feed }))
  let failures = 0
  const attempt$: Observable<EventBatch> = defer(() => deadLetters.write(letters)).pipe(
    ignoreElements(),
    catchError((raw: unknown) => {
      const error = asRanktideError(raw)
      observer.failed(letters, error)
      failures += 1
      const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
      return concat(
        of(saying({ kind: 'held-up', refusal: { code: 'DEAD_LETTER_FAILED', detail: error.message } })),
        timer(pause, scheduler).pipe(ignoreElements()),
        throwError(() => error),
      )
    }),
    retry(),
    tap({ complete: () => observer.written(letters) }),
  )
  const batch$ = defer(() => of<EventBatch>({ ...batch, events: failures === 0 ? batch.events : goingOn(batch) }))
  return concat(attempt$, batch$)
}

const goingOn = ({ events }: EventBatch): readonly FeedEvent[] => [{ kind: 'going-on' }, ...events]

const nowhere: ReadonlyMap<string, number> = new Map()

const saying = (event: FeedEvent): EventBatch => ({
  events: [event],
  positions: nowhere,
  maxEs: nowhere,
  messages: 0,
  release: () => {},
})
