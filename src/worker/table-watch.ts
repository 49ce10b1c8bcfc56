/** Notices that a table has other columns than at the start: then the feed has to be made anew. */
import { setTimeout as delay } from 'node:timers/promises'
import { catchError, debounceTime, defer, EMPTY, filter, ignoreElements, type Observable, switchMap, tap } from 'rxjs'
import type { BoardSpec } from '../core/board-spec.js'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { Note } from '../core/note.js'
import type { Log } from '../runtime/log.js'
import type { ServedFeed } from './board-views.js'

export interface TableWatch {
  readonly served: ServedFeed
  /** Asks the database what the tables are now. */
  readonly describe: () => Promise<readonly BoardSpec[]>
  readonly log: Log
}

/** An ALTER is often one of several: they are waited for, ms. */
const settleAfter = 1_000

/** How long a start may wait for the database to tell, ms; without it, what was known is taken to be true. */
const askFor = 1_000

const same = (a: readonly BoardSpec[], b: readonly BoardSpec[]): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Fails with TABLE_CHANGED once `served.specs` have changed. A table that can't be used now leaves them as they are. */
export const watchTables = ({ served, describe, log }: TableWatch, notes$: Observable<Note>): Observable<never> =>
  notes$.pipe(
    filter(({ kind }) => kind === 'table-changed'),
    debounceTime(settleAfter),
    switchMap(() =>
      defer(describe).pipe(
        catchError((error: unknown) => {
          log.error({ error: asRanktideError(error) }, 'Table cannot be used as it is now')
          return EMPTY
        }),
        tap((specs) => {
          if (same(specs, served.specs)) return
          served.specs = specs
          throw new RanktideError('TABLE_CHANGED', 'its columns are not those of the start')
        }),
      ),
    ),
    ignoreElements(),
  )

/** Before a start: a standby hears of no ALTER, so it asks, but a start never depends on the answer. */
export const refreshTables = async ({ served, describe, log }: TableWatch): Promise<void> => {
  const known = served.specs
  try {
    const specs = await Promise.race([describe(), delay(askFor, undefined)])
    // A reload that came meanwhile knows better what the boards are.
    if (specs !== undefined && served.specs === known && !same(specs, known)) served.specs = specs
  } catch (error) {
    log.warn({ error: asRanktideError(error) }, 'Tables not looked at again, going on with what is known of them')
  }
}
