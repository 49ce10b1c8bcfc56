import {
  catchError,
  concat,
  concatMap,
  connect,
  defer,
  EMPTY,
  endWith,
  exhaustMap,
  first,
  from,
  ignoreElements,
  interval,
  type MonoTypeOperatorFunction,
  merge,
  type Observable,
  type SchedulerLike,
  switchMap,
  takeUntil,
  tap,
  timeout,
} from 'rxjs'
import type { FeedSnapshot } from '../core/feed-io.js'
import { hasPassed, type Positions } from '../core/positions.js'
import type { BoardStore, FeedSource } from './ports.js'
import type { PublishedBoards } from './published-boards.js'

export interface ConfirmPorts {
  readonly source: Pick<FeedSource, 'ends'>
  readonly store: Pick<BoardStore, 'confirm' | 'vouch'>
  readonly scheduler: SchedulerLike
  /** The boards of the feed held everything that Kafka had at this time, ms since 1970. */
  readonly confirmed: (at: number) => void
  readonly failed: (error: unknown) => void
}

type Confirmed = Pick<PublishedBoards, 'versions' | 'owned' | 'groups'>

const confirmEvery = 1_000
/** A feed that lags gets this long to come up to the ends that it was asked for, ms. */
const patience = 10_000

/**
 * Once a second: asks for the ends of the topics, waits until everything up to them is published, and confirms the
 * boards as of the moment of asking. Readers see the time since then as the age of the boards: it is true, and it grows
 * when Kafka, the database's feed or Redis stands still. Passes every snapshot on. Memory: one snapshot.
 *
 * `published` is what Redis holds while a snapshot is being passed on: the versions that are confirmed with it.
 */
export const confirmPublished = (ports: ConfirmPorts, published: Confirmed): MonoTypeOperatorFunction<FeedSnapshot> =>
  connect((published$) => {
    const over$ = published$.pipe(ignoreElements(), endWith(true))
    return merge(published$, confirmations(ports, published, published$).pipe(takeUntil(over$)))
  })

const confirmations = (
  ports: ConfirmPorts,
  published: Confirmed,
  published$: Observable<FeedSnapshot>,
): Observable<never> =>
  interval(confirmEvery, ports.scheduler).pipe(
    exhaustMap(() => {
      const at = ports.scheduler.now()
      return defer(() => ports.source.ends()).pipe(
        switchMap((ends) => published$.pipe(first(({ positions }) => hasPassed(positions, ends), undefined))),
        switchMap((snapshot) => (snapshot === undefined ? EMPTY : confirm(ports, published, snapshot.positions))),
        tap(() => ports.confirmed(at)),
        timeout({ first: patience, scheduler: ports.scheduler }),
        catchError((error: unknown) => {
          ports.failed(error)
          return EMPTY
        }),
      )
    }),
    ignoreElements(),
  )

/**
 * The versions of boards stand in the heartbeat itself; those of groups in the registries of their split boards, where
 * only what was published since the last time is written. The heartbeat names the number of that writing.
 */
const confirm = ({ store }: ConfirmPorts, published: Confirmed, positions: Positions): Observable<void> => {
  const unvouched = published.groups.unvouched()
  const vouched$ = from(unvouched).pipe(
    concatMap((some) =>
      defer(() => store.vouch(published.owned(some.split), some.vouching)).pipe(
        tap((done) => (done ? published.groups.vouch(some) : published.groups.loseAll(some.split))),
      ),
    ),
    ignoreElements(),
  )
  return concat(
    vouched$,
    defer(() => store.confirm(positions, published.versions())),
  )
}
