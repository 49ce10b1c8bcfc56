import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  ignoreElements,
  map,
  type Observable,
  type OperatorFunction,
  of,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { RanktideError } from '../core/errors.js'
import { type FeedSnapshot, mergeSnapshots } from '../core/feed-io.js'
import { exhaustLatest } from './exhaust-latest.js'
import type { BoardInspector, BoardStore, PublishOutcome } from './ports.js'
import type { Publish, PublishedBoards } from './published-boards.js'

export interface PublishBoardsPorts {
  readonly store: BoardStore & BoardInspector
  readonly published: PublishedBoards
  /** Whether the lease is held at this moment. */
  readonly mayPublish: () => boolean
  readonly scheduler: SchedulerLike
  readonly observer: PublishObserver
}

export interface PublishObserver {
  published(publish: Publish, outcome: PublishOutcome['kind']): void
  /** Redis could not be asked, or did not answer: the outcome is unknown. */
  failed(error: unknown): void
  /** A board in Redis was not what its owner had put there. */
  healed(board: string): void
}

/** Pause after Redis could not be asked, ms. */
const retryAfter = 500
/** How often Redis is compared with what was put there: all versions, and the content of one board in turn, ms. */
const compareEvery = 1_000

/**
 * Sends the difference between the boards there and the boards here, all boards of a feed in one round trip, one round
 * at a time: what changes meanwhile is one difference in the next round. Emits each snapshot whose effect is in Redis.
 *
 * After a failure the outcome is unknown, and the request may still arrive. What is due is sent again; a difference holds
 * only for the version that it was made from, so Redis tells what is there instead if that has moved, and refuses what
 * comes late. Fenced by another owner: fails with LEASE_LOST.
 *
 * Order: snapshots in order, some skipped. Duplicates: refused by version. Loss: none, a snapshot is emitted only once
 * Redis has it. Memory: one snapshot. It lives on snapshots that come by themselves: retries wait for the next one.
 */
export const publishBoards = (ports: PublishBoardsPorts): OperatorFunction<FeedSnapshot, FeedSnapshot> => {
  const turns = new Turns(ports)
  return exhaustLatest(
    (snapshot) =>
      ports.mayPublish()
        ? concat(turns.compareIfDue(), publishAll(ports, snapshot)).pipe(
            catchError((error: unknown) => pause(ports, error)),
          )
        : EMPTY,
    mergeSnapshots,
  )
}

const pause = ({ observer, scheduler }: PublishBoardsPorts, error: unknown): Observable<never> => {
  if (error instanceof RanktideError && error.code === 'LEASE_LOST') return throwError(() => error)
  observer.failed(error)
  return timer(retryAfter, scheduler).pipe(ignoreElements())
}

/** Rounds until nothing is due any more: a round that met something unexpected is followed by one that repairs it. */
const publishAll = (ports: PublishBoardsPorts, snapshot: FeedSnapshot): Observable<FeedSnapshot> =>
  defer(() => {
    const due = ports.published.due(snapshot)
    if (due.length === 0) return of(snapshot)
    return concat(
      defer(() => ports.store.publish(due.map(({ request }) => request))).pipe(
        tap({ error: () => ports.published.unsettle(due) }),
        concatMap((outcomes) => settle(ports, due, outcomes)),
      ),
      publishAll(ports, snapshot),
    )
  })

const settle = (
  ports: PublishBoardsPorts,
  due: readonly Publish[],
  outcomes: readonly PublishOutcome[],
): Observable<never> => {
  const lost: string[] = []
  for (const [i, publish] of due.entries()) {
    const outcome = outcomes[i]
    if (outcome === undefined) continue
    const { board } = publish.request
    ports.observer.published(publish, outcome.kind)
    if (outcome.kind === 'fenced') return throwError(() => new RanktideError('LEASE_LOST', `board ${board}`))
    if (outcome.kind === 'lost') lost.push(board)
    if (outcome.kind === 'moved') ports.observer.healed(board)
    ports.published.settle(publish, outcome)
  }
  return takeAgain(ports, lost)
}

/** The keys of these boards are gone. While we hold the lease nobody else may have taken them, else they are his. */
const takeAgain = (
  { store, published, observer, mayPublish }: PublishBoardsPorts,
  boards: readonly string[],
): Observable<never> =>
  from(boards).pipe(
    concatMap((board) =>
      defer(() => (mayPublish() ? store.take(board) : EMPTY)).pipe(
        tap((taken) => {
          observer.healed(board)
          published.take(board, taken)
        }),
      ),
    ),
    ignoreElements(),
  )

/** Plain reads, so that what others did to the keys is found although nothing is published. */
class Turns {
  readonly #ports: PublishBoardsPorts
  #last = Number.NEGATIVE_INFINITY
  #turn = 0

  constructor(ports: PublishBoardsPorts) {
    this.#ports = ports
  }

  compareIfDue(): Observable<never> {
    const { scheduler, published, store } = this.#ports
    const now = scheduler.now()
    if (now - this.#last < compareEvery) return EMPTY
    this.#turn += 1
    const boards = published.names()
    const inTurn = boards[this.#turn % boards.length]
    return defer(() => store.versions(boards)).pipe(
      concatMap((versions) => {
        const lost = boards.filter((_, i) => versions[i] === undefined)
        const doubtful = boards.filter(
          (board, i) => versions[i] !== undefined && versions[i] !== published.get(board)?.version,
        )
        if (inTurn !== undefined && !lost.includes(inTurn) && !doubtful.includes(inTurn)) doubtful.push(inTurn)
        return concat(takeAgain(this.#ports, lost), from(doubtful).pipe(concatMap((board) => this.#inspect(board))))
      }),
      // One that failed is made again before anything is said to be published: it may have found what it could not repair.
      tap({ complete: () => (this.#last = now) }),
    )
  }

  #inspect(board: string): Observable<never> {
    const { store, published, observer } = this.#ports
    return defer(() => store.inspect(board)).pipe(
      map((found) => {
        if (found !== undefined && published.compare(board, found)) observer.healed(board)
      }),
      ignoreElements(),
    )
  }
}
