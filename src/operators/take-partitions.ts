import {
  catchError,
  concat,
  connect,
  defer,
  EMPTY,
  endWith,
  exhaustMap,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  ReplaySubject,
  race,
  repeat,
  Subject,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { CounterNews } from '../core/counter-progress.js'
import { RanktideError } from '../core/errors.js'
import type { Folding } from '../core/folding.js'
import { type ClaimingPorts, claimPartitions } from './claim-partitions.js'
import { exhaustLatest } from './exhaust-latest.js'
import { type Generation, GenerationOver } from './generation.js'
import type { Assignment } from './message-ports.js'

/** How often the ends of the partitions are asked for, ms. */
const endsEvery = 1_000

/**
 * Before partitions are taken again that another process has taken, or whose transaction timed out: time for the group to
 * say whose they are, and for the database to recover, ms. Doubled each time until something is written.
 */
const fencedFirst = 1_000
const fencedMost = 10_000

/**
 * Runs `count` over the partitions of each assignment: takes them in the database, which fences whoever had them, and reads
 * on from the offsets stored there. One assignment's work ends completely before the next one's begins; while it could not
 * be begun yet, a newer assignment replaces it.
 *
 * A generation that is fenced ends; after a while its partitions are taken again, if they have not been taken away
 * meanwhile. So it is where a transaction timed out again and again: the new take finds out whether it was committed. And
 * where the topic no longer holds what is read next: the new take finds out how much is lost.
 * Fails with EVENTS_LOST, and with what `count` fails with. Memory: that of `count`.
 */
export const takePartitions =
  <B>(
    ports: ClaimingPorts<B>,
    folding: Folding<B>,
    count: (generation: Generation) => Observable<CounterNews>,
  ): OperatorFunction<Assignment, CounterNews> =>
  (assignments$) =>
    defer(() => {
      const superseded$ = new Subject<void>()
      let newest: Assignment | undefined
      const replace = (assignment: Assignment | undefined): void => {
        newest = assignment
        superseded$.next()
      }
      const run = (assignment: Assignment): Observable<CounterNews> =>
        assignment !== newest || assignment.partitions.length === 0
          ? EMPTY
          : countAssignment({ ports, folding, count, assignment, superseded$ })
      return assignments$.pipe(
        tap<Assignment>({ next: replace, complete: () => replace(undefined) }),
        exhaustLatest(run),
      )
    })

interface Counting<B> {
  readonly ports: ClaimingPorts<B>
  readonly folding: Folding<B>
  readonly count: (generation: Generation) => Observable<CounterNews>
  readonly assignment: Assignment
  /** A newer assignment has come, or the consumer was closed. */
  readonly superseded$: Observable<void>
}

/** Generation after generation, while the partitions stay assigned. */
const countAssignment = <B>(counting: Counting<B>): Observable<CounterNews> =>
  defer(() => {
    const { scheduler, random } = counting.ports
    let fences = 0
    let again = false
    const pause$ = defer(() => {
      const pause = Math.min(fencedFirst * 2 ** fences, fencedMost)
      fences += 1
      return timer(pause * (1 + random()) * 0.5, scheduler)
    }).pipe(tap(() => (again = true)))

    const generation$ = defer(() => {
      again = false
      return countGeneration(counting, pause$)
    }).pipe(
      tap(({ kind }) => {
        if (kind === 'written') fences = 0
      }),
      catchError((error: unknown) => {
        if (error instanceof GenerationOver) return EMPTY
        if (!isGone(error)) return throwError(() => error)
        return pause$.pipe(takeUntil(counting.superseded$), ignoreElements())
      }),
    )
    return concat(
      generation$.pipe(repeat({ delay: () => (again ? of(true) : EMPTY) })),
      of<CounterNews>({ kind: 'given-up' }),
    )
  })

const isGone = (error: unknown): boolean => error instanceof RanktideError && error.code === 'OFFSETS_GONE'

const countGeneration = <B>(
  { ports, folding, count, assignment, superseded$ }: Counting<B>,
  pause$: Observable<unknown>,
): Observable<CounterNews> =>
  claimPartitions(ports, folding, assignment, superseded$).pipe(
    switchMap(({ claim, ends, lost }) => {
      const over$ = new ReplaySubject<void>(1)
      const batches$ = defer(() => assignment.batches(claim.positions)).pipe(
        takeUntil(superseded$),
        tap({ complete: () => over$.next() }),
      )
      const taken: CounterNews = { kind: 'taken', positions: claim.positions, ends, at: ports.scheduler.now() }
      return concat(
        of({ kind: 'lost', offsets: lost } as const, taken),
        count({ claim, batches$, over$, unpassed: [] }).pipe(
          endWhenFenced(over$, pause$),
          besides(watchEnds(assignment, ports)),
        ),
      )
    }),
  )

/**
 * The batches stay subscribed for the pause: they complete if the group takes the partitions away, and then nothing of
 * somebody else's is taken.
 */
const endWhenFenced = (
  over$: Observable<void>,
  pause$: Observable<unknown>,
): OperatorFunction<CounterNews, CounterNews> => {
  const end = 'end'
  return (news$) =>
    news$.pipe(
      mergeMap((news) => {
        if (news.kind !== 'fenced' && news.kind !== 'timed-out') return of(news)
        return concat(of(news), race(over$, pause$).pipe(map(() => end)))
      }),
      takeWhile((news): news is CounterNews => news !== end),
    )
}

/** Adds what `other$` tells, for as long as the news go on. */
const besides =
  (other$: Observable<CounterNews>): OperatorFunction<CounterNews, CounterNews> =>
  (news$) =>
    news$.pipe(
      connect((shared$) => merge(shared$, other$.pipe(takeUntil(shared$.pipe(ignoreElements(), endWith(true)))))),
    )

/** For lag and the size of windows only: a broker that does not answer is asked again. */
const watchEnds = (
  assignment: Assignment,
  { scheduler }: Pick<ClaimingPorts<unknown>, 'scheduler'>,
): Observable<CounterNews> =>
  interval(endsEvery, scheduler).pipe(
    exhaustMap(() =>
      defer(() => from(assignment.bounds())).pipe(
        map(({ ends }): CounterNews => ({ kind: 'ends', ends, at: scheduler.now() })),
        catchError(() => EMPTY),
      ),
    ),
  )
