/**
 * One run of a feed: takes its boards, makes the feed from what was found, and wires the pipeline to clients, log and
 * metrics.
 */
import { randomBytes } from 'node:crypto'
import { asyncScheduler, filter, firstValueFrom, from, type Observable, Subject, takeUntil } from 'rxjs'
import type { BoardPorts } from '../../pipelines/board.js'
import { definitionOf } from '../core/board-definition.js'
import { asRanktideError, RanktideError } from '../core/errors.js'
import { Feed } from '../core/feed.js'
import type { FeedSnapshot } from '../core/feed-io.js'
import type { Note } from '../core/note.js'
import type { Positions } from '../core/positions.js'
import type { FeedSource, TakenBoard } from '../operators/ports.js'
import type { PublishBoardsPorts } from '../operators/publish-boards.js'
import { PublishedBoards } from '../operators/published-boards.js'
import type { Recorder } from '../operators/recorder.js'
import { restoreBoards } from '../operators/restore-boards.js'
import { newestBefore } from '../operators/restore-positions.js'
import type { TakenSplit } from '../operators/restore-split.js'
import { type OwnedFeed, restGroups, type ServedFeed } from './board-views.js'
import { logDeadLetters, logDecoding, logNotes, logPublishing, logSplit } from './feed-log.js'
import type { FeedOwnerOptions } from './feed-owner.js'
import { obeyHeals } from './obey-heals.js'
import { sweepBoards } from './sweep-boards.js'
import { refreshTables } from './table-watch.js'
import { takeSplit } from './take-split.js'

export interface FeedRun {
  readonly ports: BoardPorts
  readonly owned: OwnedFeed
  readonly notes$: Observable<Note>
}

/**
 * Takes the boards (from here on every earlier owner is fenced) and makes the feed from what was found.
 *
 * `wanted`: whether the run is still waited for. Fails with LEASE_LOST, having taken nothing more, once it is not or once
 * the lease is not held: who takes boards without it fences out their rightful owner.
 */
export const prepareRun = async (options: FeedOwnerOptions, cold: boolean, wanted: () => boolean): Promise<FeedRun> => {
  const { served, lease, store, source, base, name, log } = options
  await refreshTables(options)
  const ends = await firstValueFrom(from(source.ends()))
  const stillOurs = () => {
    if (!wanted() || !lease.holds()) throw new RanktideError('LEASE_LOST', `feed ${name}, before its boards were taken`)
  }
  await sweepBoards(options, stillOurs)
  const taken = new Map<string, TakenBoard>()
  const splits: TakenSplit[] = []
  for (const spec of served.specs) {
    stillOurs()
    const whole = await store.take(spec.name)
    taken.set(spec.name, whole)
    if (spec.per !== undefined) splits.push(await takeSplit(options, spec, whole, stillOurs))
  }
  const definitions = new Map(served.specs.map((spec) => [spec.name, definitionOf(spec, options.topics)]))
  const feed = new Feed({
    name,
    boards: served.specs,
    partitions: ends.size,
    marks: base.marks,
    nonce: randomBytes(9).toString('base64url'),
  })
  const published = new PublishedBoards(taken, definitions)
  // Offsets that are gone: nothing is gone on from, but the groups that Redis has are known.
  const usable = cold ? new Map<string, string>() : definitions
  const start = restoreBoards(feed, taken, usable, await store.confirmed(), { taken: splits, published })
  feed.expect(ends)
  log.info({ feed: name, partitions: ends.size, start: start.size === 0 ? 'cold' : 'warm' }, 'Starting the feed')
  const owned: OwnedFeed = {
    published,
    snapshot: feed.snapshot(),
    confirmedAt: lastConfirmed(served),
    cutOff: false,
  }
  const notes$ = new Subject<Note>()
  const newest = newestBefore(
    start,
    [...taken.values()].map(({ meta }) => meta),
  )
  return { ports: { ...portsOf(options, feed, start, owned, notes$), newest }, owned, notes$ }
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

const portsOf = (
  options: FeedOwnerOptions,
  feed: Feed,
  start: Positions,
  owned: OwnedFeed,
  notes$: Subject<Note>,
): BoardPorts => {
  const { name, served, store, base, deadLetters, window, auditEvery, readings, log, recorder } = options
  const scheduler = asyncScheduler
  const lag = measureLag(feed, (seconds) => recorder.lag(name, seconds))
  const tell = logNotes(log, recorder)
  const source: FeedSource = {
    batches: (from) => options.source.batches(from).pipe(takeUntil(options.stop$.pipe(filter((stop) => stop)))),
    ends: () => options.source.ends(),
    // A standby's offsets are not ours to move any more.
    commit: (positions) => {
      if (options.lease.holds()) options.source.commit(positions)
    },
  }
  return {
    source,
    start,
    decode: options.decoderFor(served.specs),
    window,
    decoding: logDecoding(log, recorder, name),
    refusing: { deadLetters, feed: name, scheduler, observer: logDeadLetters(log, recorder, name) },
    keeping: {
      feed,
      base,
      source,
      scheduler,
      auditEvery,
      doubts$: obeyHeals(options, (boards) => owned.published.doubt(boards)),
      note: (note) => {
        tell(note)
        if (note.kind === 'merged') readings.set(note.board, { cause: note.cause, rows: note.rows, at: Date.now() })
        notes$.next(note)
      },
      kept: (snapshot) => {
        owned.snapshot = snapshot
        restGroups(served)
        for (const split of snapshot.splits) logSplit(recorder, split, owned.published.groups)
        recorder.journal(name, feed.journalSize)
        lag(snapshot)
      },
    },
    publishing: publishingPorts(options, owned),
    confirming: {
      source,
      store,
      scheduler,
      confirmed: (at, snapshot) => markConfirmed(owned, at, snapshot, recorder),
      failed: (error) => log.debug({ feed: name, error: asRanktideError(error) }, 'Boards not confirmed'),
    },
  }
}

/** By what is proven, which grows while nothing comes; else by the newest commit that has come. */
const measureLag = (feed: Feed, tell: (seconds: number) => void): ((snapshot: FeedSnapshot) => void) => {
  let newest = 0
  return ({ provenAt }) => {
    const known = provenAt ?? feed.newestEs
    if (known === 0 || (provenAt === undefined && known <= newest)) return
    newest = known
    tell(Math.max(0, Date.now() - known) / 1000)
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
      failed: (error) => {
        owned.cutOff = true
        observer.failed(error)
      },
    },
  }
}

const markConfirmed = (
  owned: OwnedFeed,
  at: number,
  { boards, splits }: Pick<FeedSnapshot, 'boards' | 'splits'>,
  recorder: Recorder,
): void => {
  for (const { spec, current, status } of [...boards, ...splits]) {
    if (!current || status.state === 'degraded') continue
    const latest = Math.max(at, owned.confirmedAt.get(spec.name) ?? 0)
    owned.confirmedAt.set(spec.name, latest)
    recorder.boardConfirmed(spec.name, latest)
  }
  // A board that was taken over as it has to be is not published: nothing else would say how it is.
  for (const { spec, current, status } of boards) {
    if (current && status.state !== 'degraded') recorder.boardState(spec.name, status.state)
  }
}
