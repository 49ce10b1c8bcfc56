import {
  type MonoTypeOperatorFunction,
  type Observable,
  retry,
  type SchedulerLike,
  takeUntil,
  throwError,
  throwIfEmpty,
  timer,
} from 'rxjs'
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'
import { GenerationOver } from './generation.js'

export interface Retrying {
  readonly scheduler: SchedulerLike
  /** From 0 to below 1. */
  readonly random: () => number
  /** Once it has emitted nothing is tried again: the failure becomes `GenerationOver`. */
  readonly until$: Observable<unknown>
  /** Tried again after `pause` ms. */
  failed(error: RanktideError, pause: number): void
}

/** Rows that somebody else has locked are free again soon, ms. */
const conflictLeast = 10
const conflictMost = 100

/** A server that is down, ms: doubled each time. */
const pauseFirst = 100
const pauseMost = 5_000

/**
 * Between half of it and all of it, so that workers which failed together do not come back together. `failures`: how
 * many in a row, from 1.
 */
export const pauseAfter = (error: RanktideError, failures: number, random: () => number): number => {
  if (error.code === 'DATABASE_CONFLICT') return Math.round(conflictLeast + (conflictMost - conflictLeast) * random())
  const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
  return Math.round(pause * (1 + random()) * 0.5)
}

/** Subscribes again to what fails with something that may pass; any other error goes through at once. */
export const retryInGeneration =
  <T>({ scheduler, random, until$, failed }: Retrying): MonoTypeOperatorFunction<T> =>
  (calls$) =>
    calls$.pipe(
      retry({
        delay: (raw: unknown, failures) => {
          if (verdictOf(raw) !== 'retry') return throwError(() => raw)
          const error = asRanktideError(raw)
          const pause = pauseAfter(error, failures, random)
          failed(error, pause)
          return timer(pause, scheduler).pipe(
            takeUntil(until$),
            throwIfEmpty(() => new GenerationOver()),
          )
        },
      }),
    )
