import {
  catchError,
  concat,
  defer,
  ignoreElements,
  type Observable,
  of,
  retry,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import type { DeadLetter, DeadLetters } from './ports.js'

export interface LetterPorts {
  readonly deadLetters: DeadLetters
  readonly scheduler: SchedulerLike
  readonly observer: DeadLetterObserver
}

export interface DeadLetterObserver {
  written(letters: readonly DeadLetter[]): void
  /** Some may have been written; all of them will be tried again. */
  failed(letters: readonly DeadLetter[], error: RanktideError): void
}

export type LetterNews = { readonly kind: 'failed'; readonly error: RanktideError } | { readonly kind: 'written' }

/** Pause after a failed write, doubled each time, ms. */
const pauseFirst = 500
const pauseMost = 10_000

/**
 * Writes letters, again and again until they are kept; tells of each failure before its pause, and ends with `written`.
 * Loss: none. Duplicates: after a failure, and by whoever reads the messages again after a crash.
 */
export const writeLetters = (
  { deadLetters, scheduler, observer }: LetterPorts,
  letters: readonly DeadLetter[],
): Observable<LetterNews> => {
  let failures = 0
  const attempt$ = defer(() => deadLetters.write(letters)).pipe(
    ignoreElements(),
    catchError((raw: unknown) => {
      const error = asRanktideError(raw)
      observer.failed(letters, error)
      failures += 1
      const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
      return concat(
        of<LetterNews>({ kind: 'failed', error }),
        timer(pause, scheduler).pipe(ignoreElements()),
        throwError(() => error),
      )
    }),
    retry(),
    tap({ complete: () => observer.written(letters) }),
  )
  return concat(attempt$, of<LetterNews>({ kind: 'written' }))
}
