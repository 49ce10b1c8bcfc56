/**
 * One feed on this replica: reads its boards from Redis for readers, and takes part in the election of its owner.
 *
 * A changed definition is taken on in place: the run under way ends, as it does where the lease is lost, and the next one
 * begins under the same lease and with the same source. Boards whose definition has not changed begin from Redis, so they
 * cost no query. Readers go on with what was published last, which is exact only under the definition it was made by.
 */
import { BehaviorSubject, filter, lastValueFrom } from 'rxjs'
import { isWell } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import { asRanktideError, RanktideError } from '../core/errors.js'
import type { LastReading } from '../core/note.js'
import { canalJson } from '../formats/canal-json.js'
import type { Recorder } from '../operators/recorder.js'
import { BoardReader } from '../redis/board-reader.js'
import { RedisBoardStore } from '../redis/board-store.js'
import type { RedisClient } from '../redis/client.js'
import { Lease } from '../redis/lease.js'
import type { DatabaseConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'
import type { Lifecycle } from '../runtime/lifecycle.js'
import type { Log } from '../runtime/log.js'
import { type GoneBoard, stillGone } from '../runtime/reload-plan.js'
import type { ServedFeed } from './board-views.js'
import { type FeedDefinition, ownFeed } from './feed-owner.js'
import { windowOf } from './feed-window.js'
import { GroupReaders } from './group-readers.js'
import type { PreparedFeed } from './prepare-feed.js'
import { isDefinedAs, remembered } from './served-definition.js'
import { type GoneBoards, sweepGone } from './sweep-boards.js'
import { refreshTables } from './table-watch.js'
import { waitingText } from './wait-for.js'
import type { WorkerParts } from './worker-parts.js'

export interface FeedSurroundings {
  readonly client: RedisClient
  /** A connection of its own for what Redis tells. */
  readonly subscriber: RedisClient
  readonly prefix: string
  readonly instance: string
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly recorder: Recorder
  readonly parts: Pick<WorkerParts, 'deadLetters' | 'openSource'>
  /** Whether the configuration of now has a board of that name. */
  readonly hasBoard: (name: string) => boolean
  /** … and one whose sorted set goes by that name of its own. */
  readonly hasZset: (key: string) => boolean
}

/** How often boards are compared with their tables. */
export type Checks = Pick<DatabaseConfig, 'auditMs' | 'verifyMs'>

/** A feed that takes part in the election of its owner. */
export interface RunningFeed {
  /** Rejects when it can't go on. */
  readonly failed: Promise<never>
  /** Gives everything back that it has opened. */
  readonly release: () => Promise<void>
}

interface Running extends RunningFeed {
  /** Ends what is under way, with the lease still held. */
  readonly stop: () => Promise<boolean>
  readonly definition$: BehaviorSubject<FeedDefinition>
  readonly lease: Lease
}

/** Releases what was opened, before the process closes. */
type Releases = (() => Promise<boolean>)[]

export class KeptFeed {
  readonly served: ServedFeed
  readonly reader: BoardReader
  readonly #around: FeedSurroundings
  readonly #releases: Releases
  readonly #groups: GroupReaders
  readonly #gone: GoneBoards = { boards: [] }
  /** Definitions that Redis was found to have and the configuration not, of which the tables were asked. */
  readonly #asked = new Set<string>()
  #feed: Feed
  #checks: Checks
  #running: Running | undefined

  /** Reads what is there. */
  constructor(feed: Feed, checks: Checks, around: FeedSurroundings) {
    const { client, subscriber, prefix, lifecycle } = around
    this.#feed = feed
    this.#checks = checks
    this.#around = around
    const boards = feed.boards.map(({ name }) => name)
    this.reader = new BoardReader({ client, subscriber, prefix, feed: feed.name, boards, zsets: zsetsOf(feed) })
    const { reader } = this
    reader.start()
    this.#releases = [lifecycle.onClose('reader', () => reader.stop())]
    this.#groups = new GroupReaders(around)
    const groups = this.#groups.read(feed)
    this.served = { specs: [], former: [], topics: feed.topics, reader, groups, owned: undefined }
  }

  get feed(): Feed {
    return this.#feed
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  /** Takes part from now on. */
  start(prepared: PreparedFeed): RunningFeed {
    const { log, lifecycle, recorder, parts, client, prefix, instance } = this.#around
    const { name, topics } = this.#feed
    this.served.specs = prepared.specs
    const lease = new Lease({ client, prefix, feed: name, instance })
    const source = parts.openSource(this.#feed, (error) =>
      log.warn({ feed: name, code: error.code, detail: error.detail }, waitingText(error)),
    )
    const releases: Releases = [
      lifecycle.onClose('kafka', () => source.close(), 3_500),
      lifecycle.onClose('lease', () => lease.stop()),
    ]
    const stop$ = new BehaviorSubject(false)
    const definition$ = new BehaviorSubject(this.#definition(prepared, lease))
    const { deadLetters } = parts
    const { served } = this
    const owning = ownFeed({ name, topics, served, lease, source, deadLetters, log, recorder, stop$, definition$ })
    const ended = lastValueFrom(owning, { defaultValue: undefined })
    let failedBefore = false
    // Told by `failed`; until somebody listens to that, it is no surprise to Node.
    ended.catch(() => {
      failedBefore = !stop$.value
    })
    const release = lifecycle.onClose('feed', async () => {
      if (failedBefore) return
      stop$.next(true)
      await ended
      // Before the lease is given back: a commit of ours must not come after one of the next owner.
      await source.flush()
    })
    releases.push(release)
    const watching = this.reader.changes$
      .pipe(filter((board) => this.#isOtherwise(board)))
      .subscribe((board) => void this.#askAgain(board, definition$.value.describe))
    lease.start()
    const running: Running = {
      definition$,
      lease,
      stop: release,
      failed: ended.then(() => new Promise<never>(() => {})),
      release: async () => {
        watching.unsubscribe()
        if (this.#running === running) this.#running = undefined
        for (const giveBack of releases.reverse()) await giveBack()
      },
    }
    this.#running = running
    return running
  }

  /** The feed as it is to be from now on, with the topics of before. */
  change(prepared: PreparedFeed, checks: Checks, gone: readonly GoneBoard[]): void {
    const { served } = this
    const { feed } = prepared
    this.#feed = feed
    this.#checks = checks
    served.former = remembered(served.specs, served.former)
    served.specs = prepared.specs
    this.#asked.clear()
    this.reader.change(
      feed.boards.map(({ name }) => name),
      zsetsOf(feed),
    )
    served.groups = this.#groups.read(feed)
    const running = this.#running
    // Of what a standby does not keep, it knows too little to delete it: that is its owner's to do.
    const known = running?.lease.holds() === true ? [...this.#gone.boards, ...gone] : []
    this.#gone.boards = stillGone(known, feed.boards)
    running?.definition$.next(this.#definition(prepared, running.lease))
  }

  /** The feed is not wanted any more. Its owner deletes in Redis what nobody goes on with. */
  async end(gone: readonly GoneBoard[]): Promise<void> {
    const { log, recorder, hasZset } = this.#around
    const { name } = this.#feed
    const running = this.#running
    if (running !== undefined) {
      await running.stop()
      const { storeWith } = running.definition$.value
      const stillOurs = (): void => {
        if (!running.lease.holds()) throw new RanktideError('LEASE_LOST', `feed ${name}, which is not kept any more`)
      }
      if (running.lease.holds())
        await sweepGone({ name, storeWith, hasZset, log }, gone, stillOurs).catch((error: unknown) =>
          log.error(
            { feed: name, error: asRanktideError(error) },
            'Boards that are not kept any more are still in Redis',
          ),
        )
      await running.release()
    }
    await this.#groups.stop()
    for (const release of this.#releases) await release()
    recorder.disowned(
      name,
      this.served.specs.map((spec) => spec.name),
    )
    recorder.owner(name, false)
  }

  #definition({ feed, database, marker, specs }: PreparedFeed, lease: Lease): FeedDefinition {
    const { client, prefix } = this.#around
    const readings = new Map<string, LastReading>()
    const storeWith = (zsets: ReadonlyMap<string, string>): RedisBoardStore =>
      new RedisBoardStore({ client, prefix, feed: feed.name, owner: () => lease.owner(), zsets, readings })
    return {
      store: storeWith(zsetsOf(feed)),
      storeWith,
      base: database.base(feed.name, marker),
      describe: () => database.resolve(feed.boards),
      decoderFor: (boards: readonly BoardSpec[]) =>
        canalJson([...new Set(boards.map(({ table }) => table))], { marker: marker ?? database.markerTable(specs) }),
      window: windowOf(feed.boards),
      auditEvery: this.#checks.auditMs,
      verifyEvery: this.#checks.verifyMs,
      readings,
      gone: this.#gone,
      hasBoard: this.#around.hasBoard,
      hasZset: this.#around.hasZset,
    }
  }

  /** Somebody else keeps the board, and by another definition. */
  #isOtherwise(board: string): boolean {
    const { served, reader } = this
    const spec = served.specs.find(({ name }) => name === board)
    const meta = reader.read(board)?.meta
    if (spec === undefined || meta === undefined || served.owned !== undefined) return false
    return isWell(meta.status) && !isDefinedAs(spec, served, meta) && !this.#asked.has(meta.definition)
  }

  /** The table may have been altered, of which a standby does not hear: asked once for each definition that is found. */
  async #askAgain(board: string, describe: () => Promise<readonly BoardSpec[]>): Promise<void> {
    const definition = this.reader.read(board)?.meta.definition
    if (definition === undefined) return
    this.#asked.add(definition)
    const { served } = this
    const { log } = this.#around
    await refreshTables({ served, describe, log })
  }
}

/** Sorted sets that go by a name of their own. */
const zsetsOf = ({ boards }: Feed): ReadonlyMap<string, string> =>
  new Map(boards.flatMap(({ name, zset }) => (zset === undefined ? [] : [[name, zset] as const])))
