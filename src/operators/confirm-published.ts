import {
  catchError,
  concat,
  concatMap,
  connect,
  defer,
  EMPTY,
  endWith,
  exhaustMap,
  filter,
  first,
  ignoreElements,
  interval,
  type MonoTypeOperatorFunction,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  startWith,
  switchMap,
  take,
  takeUntil,
  tap,
  throwError,
  timeout,
  withLatestFrom,
} from 'rxjs'
import { RanktideError } from '../core/errors.js'
import type { FeedSnapshot } from '../core/feed-io.js'
import { hasPassed } from '../core/positions.js'
import type { BoardStore, FeedSource } from './ports.js'
import type { PublishedBoards } from './published-boards.js'
import { vouchGroups } from './vouch-groups.js'

export interface ConfirmPorts {
  readonly source: Pick<FeedSource, 'ends'>
  readonly store: Pick<BoardStore, 'confirm' | 'vouch'>
  readonly scheduler: SchedulerLike
  /**
   * The boards that are current in this snapshot held everything that was committed before this time, ms since 1970. A
   * newer one may have come meanwhile: of what is current only there nothing is known before it is in Redis.
   */
  readonly confirmed: (at: number, snapshot: FeedSnapshot) => void
  readonly failed: (error: unknown) => void
}

type Confirmed = Pick<PublishedBoards, 'versions' | 'owned' | 'groups' | 'loseAll'>

/** Looked for more often than confirmed, so that what is proven is told soon, ms. */
const lookEvery = 250
const confirmEvery = 1_000
const confirmSoonest = 500
/** A feed that lags gets this long to come up to the ends that it was asked for, ms. */
const patience = 10_000

/**
 * Once a second confirms the boards as of a time before which everything that was committed is in them. Readers see the
 * time since then as the age of the boards: it is true, and it grows when Kafka, the database's feed or Redis stands
 * still. Passes every snapshot on. Memory: one snapshot.
 *
 * A snapshot says itself as of when that is. Where nothing can prove it, the ends of the topics stand for it: asked for,
 * waited for until everything up to them is published, and dated from the question.
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
): Observable<never> => {
  const { scheduler } = ports
  let begun = scheduler.now()
  let told = 0
  // A heartbeat that is refused is the lease's to tell; a registry that is refused is told by nobody else.
  const fenced = new Set<unknown>()
  const noteFence = (error: unknown): void => {
    if (error instanceof RanktideError && error.code === 'LEASE_LOST') fenced.add(error)
  }
  return interval(lookEvery, scheduler).pipe(
    withLatestFrom(published$.pipe(startWith(undefined))),
    map(([, latest]) => latest?.provenAt),
    filter((provenAt = 0) => {
      const since = scheduler.now() - begun
      return since >= confirmEvery || (since >= confirmSoonest && provenAt > told)
    }),
    exhaustMap((provenAt) => {
      begun = scheduler.now()
      const proven$ = provenAt === undefined ? atEnds(ports, published$) : whenKnown(published$)
      return proven$.pipe(
        concatMap(({ at, snapshot }) => {
          told = at
          // The versions of boards stand in the heartbeat itself; those of groups in the registries of their split boards,
          // and the heartbeat names the number of that writing.
          const done = { complete: () => ports.confirmed(at, snapshot) }
          const vouched$ = vouchGroups(ports.store, published).pipe(tap({ error: noteFence }))
          const confirmed$ = defer(() => ports.store.confirm(snapshot.positions, published.versions(), at))
          return concat(vouched$, confirmed$).pipe(tap(done))
        }),
        timeout({ each: patience, scheduler }),
        catchError((error: unknown) => {
          if (fenced.has(error)) return throwError(() => error)
          ports.failed(error)
          return EMPTY
        }),
      )
    }),
    ignoreElements(),
  )
}

interface Proven {
  readonly snapshot: FeedSnapshot
  readonly at: number
}

/** As of the next snapshot that is published, which the versions are of. */
const whenKnown = (published$: Observable<FeedSnapshot>): Observable<Proven> =>
  published$.pipe(
    take(1),
    concatMap((snapshot) => {
      const { provenAt: at = 0 } = snapshot
      return at === 0 ? EMPTY : of({ snapshot, at })
    }),
  )

const atEnds = ({ source, scheduler }: ConfirmPorts, published$: Observable<FeedSnapshot>): Observable<Proven> => {
  const at = scheduler.now()
  return defer(() => source.ends()).pipe(
    switchMap((ends) => published$.pipe(first(({ positions }) => hasPassed(positions, ends), undefined))),
    // One that knows better has come meanwhile.
    concatMap((snapshot) => (snapshot === undefined || snapshot.provenAt !== undefined ? EMPTY : of({ snapshot, at }))),
  )
}
