import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  first,
  from,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  repeat,
  type SchedulerLike,
  tap,
  throwError,
  timer,
} from 'rxjs'
import { RanktideError } from '../core/errors.js'
import { type FeedSnapshot, mergeSnapshots } from '../core/feed-io.js'
import type { GroupId } from '../core/group-name.js'
import { Turns } from './compare-in-turn.js'
import type { Publish } from './due-publish.js'
import { exhaustLatest } from './exhaust-latest.js'
import type { BoardInspector, BoardStore, PublishOutcome } from './ports.js'
import type { PublishedBoards } from './published-boards.js'
import type { PublishedGroup } from './published-groups.js'
import { takeAgain } from './take-again.js'
import { vouchGroups } from './vouch-groups.js'

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
/** Boards that are forgotten in one round trip. */
const forgottenAtOnce = 200

/**
 * Sends the difference between the boards there and the boards here, all boards of a feed in one round trip (groups of
 * split boards by the thousand), one round at a time: what changes meanwhile is one difference in the next round. Emits each snapshot whose effect is in Redis.
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
  return exhaustLatest((snapshot) => {
    // Also where nothing may be sent: what changed is told once.
    ports.published.accept(snapshot, ports.scheduler.now())
    if (!ports.mayPublish()) return EMPTY
    return concat(turns.compareIfDue(), publishAll(ports, snapshot)).pipe(
      catchError((error: unknown) => pause(ports, error)),
    )
  }, mergeSnapshots)
}

const pause = ({ observer, scheduler }: PublishBoardsPorts, error: unknown): Observable<never> => {
  if (error instanceof RanktideError && error.code === 'LEASE_LOST') return throwError(() => error)
  observer.failed(error)
  return timer(retryAfter, scheduler).pipe(ignoreElements())
}

/**
 * Rounds until nothing is due any more: a round that met something unexpected is followed by one that repairs it. Ends
 * without the snapshot when the lease is no longer held.
 */
const publishAll = (ports: PublishBoardsPorts, snapshot: FeedSnapshot): Observable<FeedSnapshot> =>
  defer(() => (ports.mayPublish() ? publishRound(ports, snapshot) : of(undefined))).pipe(
    repeat(),
    first(),
    filter((published) => published !== undefined),
  )

/** Emits the snapshot when there was nothing to do. */
const publishRound = (ports: PublishBoardsPorts, snapshot: FeedSnapshot): Observable<FeedSnapshot> => {
  const { groups } = ports.published
  const round = groups.round()
  let due: readonly Publish[] = []
  return concat(
    // What a round before has found to be gone, and did not get to take.
    takeAgain(ports, ports.published.lost()),
    unregister(ports, snapshot),
    readRegistries(ports),
    takeStrays(ports),
    takeGroups(ports, groups.untaken(round)),
    defer(() => {
      due = ports.published.due(snapshot, round)
      const sent = defer(() => publish(ports, due, snapshot.provenAt))
      if (!ports.published.speaksOfGroups(due)) return sent
      // What is said of all groups has to be true of what Redis has of them now, which may have gone back.
      return concat(
        vouchGroups(ports.store, ports.published),
        defer(() => (groups.idle ? sent : EMPTY)),
      )
    }),
    defer(() => forgetAll(ports, groups.empty(round))),
    defer(() => (due.length === 0 && groups.idle ? of(snapshot) : EMPTY)),
  )
}

const publish = (
  ports: PublishBoardsPorts,
  due: readonly Publish[],
  provenAt: number | undefined,
): Observable<never> =>
  due.length === 0
    ? EMPTY
    : defer(() => ports.store.publish(due.map(({ request }) => ({ ...request, provenAt })))).pipe(
        tap({ error: () => ports.published.unsettle(due) }),
        concatMap((outcomes) => settle(ports, due, outcomes)),
      )

const settle = (
  ports: PublishBoardsPorts,
  due: readonly Publish[],
  outcomes: readonly PublishOutcome[],
): Observable<never> => {
  const { published, observer } = ports
  const whole = new Set(published.names())
  const lost: string[] = []
  for (const [i, publish] of due.entries()) {
    const outcome = outcomes[i]
    if (outcome === undefined) continue
    const { board } = publish.request
    observer.published(publish, outcome.kind)
    if (outcome.kind === 'fenced') return throwError(() => new RanktideError('LEASE_LOST', `board ${board}`))
    if (outcome.kind === 'lost' && whole.has(board)) lost.push(board)
    if (outcome.kind === 'moved' || (outcome.kind === 'lost' && !whole.has(board))) observer.healed(board)
    published.settle(publish, outcome)
  }
  return takeAgain(ports, lost)
}

/** Where writes were lost, registries may name groups again that were forgotten. */
const readRegistries = ({ store, published }: PublishBoardsPorts): Observable<never> =>
  from(published.groups.doubted()).pipe(
    concatMap((split) =>
      defer(() => store.registered(split)).pipe(tap(({ groups }) => published.groups.found(split, groups.keys()))),
    ),
    ignoreElements(),
  )

/**
 * What Redis has and the feed does not is taken, to be emptied and forgotten in the next round. The registry may not name
 * it any more, and whoever comes next would not find it if we got no further.
 */
const takeStrays = (ports: PublishBoardsPorts): Observable<never> =>
  defer(() => {
    const { groups } = ports.published
    const ids = groups.strays()
    const lookAgain = (): void => {
      for (const id of ids) if (groups.get(id.name) !== undefined) groups.recheck(id)
    }
    return takeGroups(ports, ids).pipe(tap({ complete: lookAgain }))
  })

/** Registered first, so that whoever comes next finds every group that may have keys. */
const takeGroups = (ports: PublishBoardsPorts, ids: readonly GroupId[]): Observable<never> => {
  const { store, published } = ports
  if (ids.length === 0) return EMPTY
  return from(new Set(ids.map(({ split }) => split))).pipe(
    map((split) => [split, ids.filter((id) => id.split === split)] as const),
    concatMap(([split, groups]) =>
      defer(() =>
        store.register(
          published.owned(split),
          groups.map(({ value }) => value),
        ),
      ).pipe(
        concatMap((registered) =>
          registered ? store.takeAll(groups.map(({ name }) => name)) : takeAgain(ports, [split]),
        ),
        tap((taken) => {
          for (const [i, id] of groups.entries()) {
            const found = taken[i]
            if (found !== undefined) published.groups.take(id, found)
          }
        }),
      ),
    ),
    ignoreElements(),
  )
}

/** Boards that show nothing any more; one that another has written to meanwhile is looked at once more. */
const forgetAll = (ports: PublishBoardsPorts, empty: readonly PublishedGroup[]): Observable<never> =>
  from(empty).pipe(
    mergeMap((group) => {
      const { name } = group.id
      return defer(() => ports.store.forget(name, group.epoch, group.version)).pipe(
        tap({
          next: (outcome) => {
            if (outcome.kind === 'fenced') throw new RanktideError('LEASE_LOST', `board ${name}`)
            if (outcome.kind === 'moved') ports.published.groups.correct(name, outcome)
            else ports.published.groups.forget(group)
          },
          error: () => ports.published.groups.unsettle([name]),
        }),
      )
    }, forgottenAtOnce),
    ignoreElements(),
  )

/** As of now and not of the snapshot: a group that was looked at again may have gone since that was taken. */
const unregister = (ports: PublishBoardsPorts, { positions, splits }: FeedSnapshot): Observable<never> =>
  from([...ports.published.groups.registries.unregistered()]).pipe(
    concatMap(([split, values]) =>
      defer(() => {
        const { registries } = ports.published.groups
        const at = splits.find(({ spec }) => spec.name === split)?.reached() ?? positions
        const numbers = registries.numberOfRemoval(split)
        return from(ports.store.unregister(ports.published.owned(split), [...values], at, numbers)).pipe(
          // Where the registry is gone itself, it names none of them either.
          tap((done) => registries.unregister(split, done ? numbers?.number : undefined)),
        )
      }).pipe(concatMap((done) => (done ? of(undefined) : takeAgain(ports, [split])))),
    ),
    ignoreElements(),
  )
