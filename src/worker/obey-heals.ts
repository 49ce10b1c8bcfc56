/**
 * Looks once a second whether somebody (`ranktide verify --heal`) has found boards of a feed to be wrong. They are read
 * anew from the table, which repairs what is held here, and compared with Redis, which repairs what is there. Never fails:
 * what cannot be asked now is asked a second later.
 */
import { asyncScheduler, catchError, defer, EMPTY, exhaustMap, filter, interval, type Observable, tap } from 'rxjs'
import type { Lease } from '../redis/lease.js'
import type { Log } from '../runtime/log.js'

/** ms */
const lookEvery = 1_000

export interface HealPorts {
  readonly name: string
  readonly lease: Pick<Lease, 'holds'>
  readonly store: { takeHealRequests(): Promise<readonly string[]> }
  readonly log: Log
}

/** `doubt`: told of the boards before they are emitted. */
export const obeyHeals = (
  { name, lease, store, log }: HealPorts,
  doubt: (boards: readonly string[]) => void,
  scheduler = asyncScheduler,
): Observable<readonly string[]> =>
  interval(lookEvery, scheduler).pipe(
    filter(() => lease.holds()),
    exhaustMap(() => defer(() => store.takeHealRequests()).pipe(catchError(() => EMPTY))),
    filter((boards) => boards.length > 0),
    tap((boards) => {
      log.warn({ feed: name, boards }, 'Asked to repair boards, reading them anew')
      doubt(boards)
    }),
  )
