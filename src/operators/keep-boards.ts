import {
  catchError,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  interval,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  type SchedulerLike,
  Subject,
  scan,
  takeUntil,
  tap,
} from 'rxjs'
import { asRanktideError } from '../core/errors.js'
import type { Feed } from '../core/feed.js'
import type { FeedEffect, FeedInput, FeedSnapshot } from '../core/feed-io.js'
import type { Note } from '../core/note.js'
import type { FoldedWindow } from './keep-newest-per-key.js'
import type { Base, FeedSource } from './ports.js'

export interface KeepBoardsPorts {
  readonly feed: Feed
  readonly base: Base
  readonly source: Pick<FeedSource, 'ends'>
  readonly scheduler: SchedulerLike
  /** How often every board is compared with the table, ms; undefined: never. */
  readonly auditEvery: number | undefined
  /** Boards that somebody has found to be wrong. Does not fail. */
  readonly doubts$?: Observable<readonly string[]>
  readonly note: (note: Note) => void
  /** Told what the boards are after every input, published or not. */
  readonly kept?: (snapshot: FeedSnapshot) => void
}

/** Barriers, retries and readings that are due are noticed within this, ms. */
const tickEvery = 250

interface Arrival {
  readonly input: FeedInput
  release(): void
}

const unreleased = (): void => {}

/**
 * Runs the feed: one `scan` over windows, answers and ticks. A window is released as soon as it is applied, whatever
 * becomes of publishing: else a board that may not be published would stop the source, and what would thaw it could
 * never arrive. Effects run beside the stream and come back as inputs.
 *
 * Order: of the windows, kept. Duplicates: harmless (absolute images). Loss: none. Memory: that of the feed.
 */
export const keepBoards = (ports: KeepBoardsPorts): OperatorFunction<FoldedWindow, FeedSnapshot> => {
  return (windows$) => {
    const answers$ = new Subject<FeedInput>()
    const over$ = new Subject<void>()
    const arrivals$ = merge(
      windows$.pipe(
        map(({ window, release }): Arrival => ({ input: { kind: 'window', window }, release })),
        finalize(() => over$.next()),
      ),
      merge(answers$, clocks(ports)).pipe(
        takeUntil(over$),
        map((input): Arrival => ({ input, release: unreleased })),
      ),
    )
    return arrivals$.pipe(
      scan((feed, { input, release }) => {
        const step = feed.step(input, ports.scheduler.now())
        for (const note of step.notes) ports.note(note)
        for (const effect of step.effects) carryOut(effect, ports).subscribe((answer) => answers$.next(answer))
        release()
        return feed
      }, ports.feed),
      map((feed) => feed.handOn()),
      tap((snapshot) => ports.kept?.(snapshot)),
    )
  }
}

const clocks = ({ scheduler, auditEvery, doubts$ = EMPTY }: KeepBoardsPorts): Observable<FeedInput> =>
  merge(
    doubts$.pipe(map((boards): FeedInput => ({ kind: 'doubt', boards }))),
    interval(tickEvery, scheduler).pipe(map((): FeedInput => ({ kind: 'tick' }))),
    auditEvery === undefined ? EMPTY : interval(auditEvery, scheduler).pipe(map((): FeedInput => ({ kind: 'audit' }))),
  )

const readFailed = (request: number, error: unknown): FeedInput => {
  const { code, message } = asRanktideError(error)
  return { kind: 'read-failed', request, code, detail: message }
}

/** Every effect ends with an answer or a failure: none is waited for in vain. */
const carryOut = (effect: FeedEffect, { base, source }: KeepBoardsPorts): Observable<FeedInput> => {
  switch (effect.kind) {
    case 'read': {
      const { request, kind, ...query } = effect
      return defer(() => base.read(query)).pipe(
        map((rows): FeedInput => ({ kind: 'rows', request, rows })),
        catchError((error: unknown) => of(readFailed(request, error))),
      )
    }
    case 'read-groups': {
      const { request, query } = effect
      return defer(() => base.readGroups(query)).pipe(
        map((rows): FeedInput => ({ kind: 'groups', request, rows })),
        catchError((error: unknown) => of(readFailed(request, error))),
      )
    }
    case 'mark':
      return defer(() => base.mark(effect.nonce)).pipe(
        ignoreElements(),
        catchError((error: unknown) => of<FeedInput>({ kind: 'barrier-failed', code: asRanktideError(error).code })),
      )
    case 'ends':
      return defer(() => source.ends()).pipe(
        map((ends): FeedInput => ({ kind: 'ends', barrier: effect.barrier, ends })),
        catchError((error: unknown) => of<FeedInput>({ kind: 'barrier-failed', code: asRanktideError(error).code })),
      )
  }
}
