/**
 * Runs one feed on this replica for as long as it holds the feed's lease: takes the boards, starts from what is there,
 * runs the pipeline, and starts again after whatever can pass.
 *
 * While the lease is suspended (Redis can't be reached) the pipeline goes on in memory; nothing is published or
 * committed then. When another replica has the lease, everything of this run is dropped.
 */
import {
  type BehaviorSubject,
  concat,
  connect,
  defer,
  distinctUntilChanged,
  EMPTY,
  endWith,
  filter,
  finalize,
  first,
  ignoreElements,
  map,
  merge,
  type Observable,
  race,
  retry,
  switchMap,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { boardPipeline } from '../../pipelines/board.js'
import type { BoardSpec } from '../core/board-spec.js'
import type { Decode } from '../core/change.js'
import { asRanktideError, RanktideError, verdictOf } from '../core/errors.js'
import type { FeedSnapshot } from '../core/feed-io.js'
import type { LastReading, Note } from '../core/note.js'
import type { Base, DeadLetters, FeedSource } from '../operators/ports.js'
import type { Recorder } from '../operators/recorder.js'
import type { WindowLimits } from '../operators/window-events.js'
import type { RedisBoardStore } from '../redis/board-store.js'
import type { Lease } from '../redis/lease.js'
import type { Log } from '../runtime/log.js'
import { restGroups, type ServedFeed } from './board-views.js'
import { type FeedRun, prepareRun } from './feed-run.js'
import type { GoneBoards } from './sweep-boards.js'
import { watchTables } from './table-watch.js'
import { verifyInTurn } from './verify-in-turn.js'
import { waitingText } from './wait-for.js'

/** What a reload changes of a feed. */
export interface FeedDefinition {
  readonly store: RedisBoardStore
  /** Of boards whose sorted sets go by these names. */
  readonly storeWith: (zsets: ReadonlyMap<string, string>) => RedisBoardStore
  readonly base: Base
  /** Asks the database what the tables are now. */
  readonly describe: () => Promise<readonly BoardSpec[]>
  readonly decoderFor: (boards: readonly BoardSpec[]) => Decode
  readonly window: WindowLimits
  readonly auditEvery: number | undefined
  /** ms between two verifications of what Redis has; undefined: none. */
  readonly verifyEvery: number | undefined
  /** By board; what is written here is told with the next confirmation. */
  readonly readings: Map<string, LastReading>
  /** What Redis has of boards that are not kept any more, as far as this replica knows. */
  readonly gone: GoneBoards
  /** Whether the configuration has a board of that name, in this feed or in another one. */
  readonly hasBoard: (name: string) => boolean
  /** Whether one of them has its sorted set there, by a name of its own. */
  readonly hasZset: (key: string) => boolean
}

interface FeedSurroundings {
  readonly name: string
  /** Sorted. */
  readonly topics: readonly string[]
  readonly served: ServedFeed
  readonly lease: Pick<Lease, 'state$' | 'holds' | 'doubt'>
  readonly source: FeedSource
  readonly deadLetters: DeadLetters
  readonly log: Log
  readonly recorder: Recorder
  /** Once true, nothing more is read; what was read is still published and committed. */
  readonly stop$: BehaviorSubject<boolean>
}

export interface FeedOwnerOptions extends FeedSurroundings, FeedDefinition {}

export interface OwnFeedOptions extends FeedSurroundings {
  /** Emits the present one at once. Another one ends the run under way, and begins one by it under the same lease. */
  readonly definition$: Observable<FeedDefinition>
}

/** Pause after a failure that may pass, ms; doubled each time. */
const pauseFirst = 250
const pauseMost = 5_000

/** Completes when stopped. Fails with what is fatal, and when the last boards could not be published before the end. */
export const ownFeed = (options: OwnFeedOptions): Observable<never> =>
  concat(
    owns(options),
    defer(() => {
      if (options.served.owned?.cutOff !== true) return EMPTY
      return throwError(() => new RanktideError('REDIS_UNREACHABLE', 'what was read last is not published'))
    }),
  )

const owns = (options: OwnFeedOptions): Observable<never> => {
  const { lease, recorder, name, log } = options
  recorder.owner(name, false)
  return lease.state$.pipe(
    takeUntil(stopped(options)),
    filter((state) => state !== 'asking'),
    map((state) => state !== 'standby'),
    distinctUntilChanged(),
    tap((owns) => {
      recorder.owner(name, owns)
      log.info({ feed: name, owner: owns }, owns ? 'Owning the feed' : 'Standing by')
    }),
    switchMap((owns) => (owns ? redefined(options).pipe(finalize(() => disown(options))) : EMPTY)),
    ignoreElements(),
  )
}

const redefined = (options: OwnFeedOptions): Observable<FeedSnapshot> =>
  options.definition$.pipe(
    takeUntil(stopped(options)),
    switchMap((definition) => runs({ ...options, ...definition })),
  )

/** What this replica said last of boards that another one keeps now would stand beside what that one says. */
const disown = ({ name, served, recorder }: OwnFeedOptions): void =>
  recorder.disowned(
    name,
    served.specs.map((spec) => spec.name),
  )

const stopped = ({ stop$ }: FeedSurroundings): Observable<boolean> => stop$.pipe(filter((stop) => stop))

/** One run after the other, until stopped or until one fails fatally. */
const runs = (options: FeedOwnerOptions): Observable<FeedSnapshot> => {
  let cold = false
  let failures = 0
  return defer(() => prepared(options, cold)).pipe(
    switchMap(({ ports, owned, notes$ }) => {
      options.served.owned = owned
      return withTables(options, notes$, boardPipeline(ports)).pipe(
        tap(() => {
          failures = 0
          cold = false
          owned.cutOff = false
        }),
        finalize(() => {
          // Stopped: readers are answered from it until the end.
          if (options.served.owned !== owned || options.stop$.value) return
          options.served.owned = undefined
          restGroups(options.served)
        }),
      )
    }),
    retry({
      delay: (raw: unknown) => {
        const error = asRanktideError(raw)
        if (verdictOf(error) === 'fatal') return throwError(() => error)
        // Topics that no longer hold our offsets: what Redis has can't be continued and is read anew.
        cold = error.code === 'OFFSETS_GONE'
        // Another owner's boards are not taken back before Redis has said whose the lease is.
        if (error.code === 'LEASE_LOST') options.lease.doubt()
        failures += 1
        const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
        options.log.warn({ feed: options.name, code: error.code, detail: error.detail, pause }, waitingText(error))
        return race(timer(pause), stopped(options))
      },
    }),
  )
}

/** The next run, once the lease is held: while it is suspended, nobody knows whose it is. */
const prepared = (options: FeedOwnerOptions, cold: boolean): Observable<FeedRun> => {
  let wanted = true
  return options.lease.state$.pipe(
    first((state) => state === 'held'),
    switchMap(() => prepareRun(options, cold, () => wanted)),
    takeUntil(stopped(options)),
    finalize(() => {
      wanted = false
    }),
  )
}

/** The pipeline, for as long as the tables are what they were when it was made; beside it its boards are verified. */
const withTables = <T>(options: FeedOwnerOptions, notes$: Observable<Note>, run$: Observable<T>): Observable<T> =>
  run$.pipe(
    connect((shared$) => {
      const over$ = shared$.pipe(ignoreElements(), endWith(true))
      return merge(shared$, merge(watchTables(options, notes$), verifyInTurn(options)).pipe(takeUntil(over$)))
    }),
  )
