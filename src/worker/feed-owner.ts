/**
 * Runs one feed on this replica for as long as it holds the feed's lease: takes the boards, starts from what is there,
 * runs the pipeline, and starts again after whatever can pass.
 *
 * While the lease is suspended (Redis can't be reached) the pipeline goes on in memory; nothing is published or
 * committed then. When another replica has the lease, everything of this run is dropped.
 */
import { randomBytes } from 'node:crypto'
import {
  asyncScheduler,
  type BehaviorSubject,
  defer,
  distinctUntilChanged,
  EMPTY,
  filter,
  finalize,
  firstValueFrom,
  from,
  ignoreElements,
  map,
  type Observable,
  race,
  retry,
  switchMap,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { type BoardPorts, boardPipeline } from '../../pipelines/board.js'
import { definitionOf } from '../core/board-definition.js'
import type { Decode } from '../core/change.js'
import { asRanktideError, type RanktideError, verdictOf } from '../core/errors.js'
import { Feed, type FeedSnapshot } from '../core/feed.js'
import type { Positions } from '../core/positions.js'
import type { Base, FeedSource, TakenBoard } from '../operators/ports.js'
import type { PublishBoardsPorts } from '../operators/publish-boards.js'
import { PublishedBoards } from '../operators/published-boards.js'
import type { Recorder } from '../operators/recorder.js'
import { restoreBoards } from '../operators/restore-boards.js'
import type { WindowLimits } from '../operators/window-events.js'
import type { RedisBoardStore } from '../redis/board-store.js'
import type { Lease } from '../redis/lease.js'
import type { Log } from '../runtime/log.js'
import type { OwnedFeed, ServedFeed } from './board-views.js'
import { logDecoding, logNotes, logPublishing } from './feed-log.js'

export interface FeedOwnerOptions {
  readonly name: string
  readonly served: ServedFeed
  readonly lease: Pick<Lease, 'state$' | 'holds'>
  readonly store: RedisBoardStore
  readonly source: FeedSource
  readonly base: Base
  readonly decode: Decode
  readonly window: WindowLimits
  readonly auditEvery: number | undefined
  readonly log: Log
  readonly recorder: Recorder
  /** Once true, nothing more is read; what was read is still published and committed. */
  readonly stop$: BehaviorSubject<boolean>
}

/** Pause after a failure that may pass, ms; doubled each time. */
const pauseFirst = 250
const pauseMost = 5_000

/** Completes when stopped; fails only with what is fatal. */
export const ownFeed = (options: FeedOwnerOptions): Observable<never> => {
  const { lease, recorder, name, log } = options
  return lease.state$.pipe(
    takeUntil(stopped(options)),
    map((state) => state !== 'standby'),
    distinctUntilChanged(),
    tap((owns) => {
      recorder.owner(name, owns)
      log.info({ feed: name, owner: owns }, owns ? 'Owning the feed' : 'Standing by')
    }),
    switchMap((owns) => (owns ? runs(options) : EMPTY)),
    ignoreElements(),
  )
}

const stopped = ({ stop$ }: FeedOwnerOptions): Observable<boolean> => stop$.pipe(filter((stop) => stop))

/** One run after the other, until stopped or until one fails fatally. */
const runs = (options: FeedOwnerOptions): Observable<FeedSnapshot> => {
  let cold = false
  let failures = 0
  return defer(() => (options.stop$.value ? EMPTY : from(prepare(options, cold)))).pipe(
    switchMap(({ ports, owned }) =>
      boardPipeline(ports).pipe(
        tap(() => {
          failures = 0
          cold = false
        }),
        finalize(() => {
          if (options.served.owned === owned) options.served.owned = undefined
        }),
      ),
    ),
    retry({
      delay: (raw: unknown) => {
        const error = asRanktideError(raw)
        if (verdictOf(error) === 'fatal') return throwError(() => error)
        // Topics that no longer hold our offsets: what Redis has can't be continued and is read anew.
        cold = error.code === 'OFFSETS_GONE'
        failures += 1
        const pause = Math.min(pauseFirst * 2 ** (failures - 1), pauseMost)
        options.log.warn({ feed: options.name, code: error.code, detail: error.detail, pause }, waitingText(error))
        return race(timer(pause), stopped(options))
      },
    }),
  )
}

const waitingText = ({ code }: RanktideError): string => {
  if (code.startsWith('KAFKA')) return 'Waiting for Kafka'
  if (code.startsWith('REDIS')) return 'Waiting for Redis'
  if (code.startsWith('DATABASE')) return 'Waiting for the database'
  return 'Starting the feed again'
}

interface Run {
  readonly ports: BoardPorts
  readonly owned: OwnedFeed
}

/** Takes the boards (from here on every earlier owner is fenced) and makes the feed from what was found. */
const prepare = async (options: FeedOwnerOptions, cold: boolean): Promise<Run> => {
  const { served, store, source, base, name, log } = options
  const ends = await firstValueFrom(from(source.ends()))
  const taken = new Map<string, TakenBoard>()
  for (const { name: board } of served.specs) taken.set(board, await store.take(board))
  const definitions = new Map(served.specs.map((spec) => [spec.name, definitionOf(spec)]))
  const feed = new Feed({
    boards: served.specs,
    partitions: ends.size,
    marks: base.marks,
    nonce: randomBytes(9).toString('base64url'),
  })
  const start = cold ? new Map<string, number>() : restoreBoards(feed, taken, definitions, await store.confirmed())
  feed.expect(ends)
  log.info({ feed: name, partitions: ends.size, start: start.size === 0 ? 'cold' : 'warm' }, 'Starting the feed')
  const owned: OwnedFeed = {
    published: new PublishedBoards(taken, definitions),
    snapshot: feed.snapshot(),
    confirmedAt: lastConfirmed(served),
    cutOff: false,
  }
  served.owned = owned
  return { ports: portsOf(options, feed, start, owned), owned }
}

/** What the last owner confirmed goes on to count until this one has confirmed something. */
const lastConfirmed = ({ specs, reader }: ServedFeed): Map<string, number> => {
  const result = new Map<string, number>()
  for (const { name } of specs) {
    const age = reader.read(name)?.age
    if (age !== undefined) result.set(name, Date.now() - age)
  }
  return result
}

const portsOf = (options: FeedOwnerOptions, feed: Feed, start: Positions, owned: OwnedFeed): BoardPorts => {
  const { name, store, base, decode, window, auditEvery, log, recorder } = options
  const scheduler = asyncScheduler
  const source: FeedSource = {
    batches: (from) => options.source.batches(from).pipe(takeUntil(stopped(options))),
    ends: () => options.source.ends(),
    // A standby's offsets are not ours to move any more.
    commit: (positions) => {
      if (options.lease.holds()) options.source.commit(positions)
    },
  }
  return {
    source,
    start,
    decode,
    window,
    decoding: logDecoding(log, recorder, name),
    keeping: {
      feed,
      base,
      source,
      scheduler,
      auditEvery,
      note: logNotes(log, recorder),
      kept: (snapshot) => {
        owned.snapshot = snapshot
        recorder.journal(name, feed.sizes.journal)
      },
    },
    publishing: publishingPorts(options, owned),
    confirming: {
      source,
      store,
      scheduler,
      confirmed: (at) => markConfirmed(owned, at, recorder),
      failed: (error) => log.debug({ feed: name, error: asRanktideError(error) }, 'Boards not confirmed'),
    },
  }
}

const publishingPorts = ({ store, lease, log, recorder }: FeedOwnerOptions, owned: OwnedFeed): PublishBoardsPorts => {
  const observer = logPublishing(log, recorder)
  return {
    store,
    published: owned.published,
    scheduler: asyncScheduler,
    mayPublish: () => {
      const holds = lease.holds()
      if (!holds) owned.cutOff = true
      return holds
    },
    observer: {
      ...observer,
      published: (publish, outcome) => {
        owned.cutOff = false
        observer.published(publish, outcome)
      },
      failed: (error) => {
        owned.cutOff = true
        observer.failed(error)
      },
    },
  }
}

const markConfirmed = (owned: OwnedFeed, at: number, recorder: Recorder): void => {
  for (const { spec, current } of owned.snapshot?.boards ?? []) {
    if (!current) continue
    owned.confirmedAt.set(spec.name, at)
    recorder.boardConfirmed(spec.name, at)
  }
}
