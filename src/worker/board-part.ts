/**
 * The boards of a worker: what is opened for them, how each feed is started, and what readers get of them.
 *
 * In a process of boards alone a fatal error is the process's own: whoever supervises it starts it again. In one that
 * also counts, the feed alone goes down, and is started again in place with growing pauses: ending the process would
 * stop counters that are well, and leaving the feed down would need somebody to notice.
 */
import { BehaviorSubject, lastValueFrom } from 'rxjs'
import type { BoardSpec } from '../core/board-spec.js'
import type { RanktideError } from '../core/errors.js'
import { canalJson } from '../formats/canal-json.js'
import type { HealthCheck } from '../http/health.js'
import type { Recorder } from '../operators/recorder.js'
import { BoardReader } from '../redis/board-reader.js'
import { RedisBoardStore } from '../redis/board-store.js'
import { RedisClient } from '../redis/client.js'
import { GroupReader } from '../redis/group-reader.js'
import { Lease } from '../redis/lease.js'
import type { Config, RedisConfig } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import type { Lifecycle } from '../runtime/lifecycle.js'
import type { Log } from '../runtime/log.js'
import { BoardViews, type ServedFeed } from './board-views.js'
import { checkFindings } from './check-findings.js'
import { ownFeed } from './feed-owner.js'
import { windowOf } from './feed-window.js'
import { supervise } from './supervise.js'
import { type Waiting, waitFor, waitingText } from './wait-for.js'
import type { FeedDatabase, WorkerParts } from './worker-parts.js'

export interface BoardPartOptions {
  readonly config: Config
  readonly redis: RedisConfig
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly recorder: Recorder
  readonly database: FeedDatabase
  readonly parts: Pick<WorkerParts, 'deadLetters' | 'openSource'>
  /** Ends what the start waits for. */
  readonly signal: AbortSignal
  /** Told what the start waits for. */
  readonly waitsFor: (what: string) => void
}

interface KeptFeed {
  readonly feed: Feed
  readonly served: ServedFeed
  readonly reader: BoardReader
}

/** A feed that takes part in the election of its owner. */
interface RunningFeed {
  /** Rejects when it can't go on. */
  readonly failed: Promise<never>
  /** Gives everything back that it has opened. */
  readonly release: () => Promise<void>
}

export class BoardPart {
  readonly views: BoardViews
  readonly #options: BoardPartOptions
  readonly #client: RedisClient
  readonly #feeds: readonly KeptFeed[]
  readonly #faults = new Map<string, RanktideError>()

  /** Opens Redis and reads what is there. */
  constructor(options: BoardPartOptions) {
    const { config, redis, log, lifecycle } = options
    this.#options = options
    this.#client = openRedis(redis, lifecycle)
    this.#client.failures$.subscribe(({ code, detail }) => log.warn({ code, detail }, 'Waiting for Redis'))
    const subscriber = openRedis(redis, lifecycle)
    this.#feeds = feedsOf(config).map((feed) => ({ feed, ...serve(redis, feed, this.#client, subscriber, lifecycle) }))
    const names = config.boards.map(({ name }) => name)
    this.views = new BoardViews(
      names,
      this.#feeds.map(({ served }) => served),
      Date.now,
    )
  }

  /** This replica stands by for an owner who does not keep a board of that name. */
  isNew(board: string): boolean {
    return this.#feeds.some(({ served, reader }) => !served.owned && reader.isUnkept(board))
  }

  /** Feeds that are down, and why. */
  faults(): readonly HealthCheck[] {
    return [...this.#faults].map(([feed, { code, detail }]) => {
      return { name: `feed ${feed}`, ok: false, detail: `down: ${code}: ${detail}` }
    })
  }

  /** Resolves once all feeds take part; rejects, then or in `failed`, with the first fatal error. */
  async start(): Promise<{ readonly failed: Promise<never> }> {
    const running = await Promise.all(this.#feeds.map((feed) => this.#startFeed(feed)))
    return { failed: Promise.race(running.map(({ failed }) => failed)) }
  }

  /** What the first try of each feed came to: undefined, or its fatal error. Failed ones are tried again. */
  startSupervised(): readonly Promise<RanktideError | undefined>[] {
    const { log, signal } = this.#options
    return this.#feeds.map((kept) => {
      const { name } = kept.feed
      return supervise({
        signal,
        live: async (started) => {
          const running = await this.#startFeed(kept)
          this.#faults.delete(name)
          started()
          try {
            return await running.failed
          } finally {
            await running.release()
          }
        },
        failed: (error, pause) => {
          this.#faults.set(name, error)
          log.error(
            { feed: name, code: error.code, detail: error.detail, pause },
            'Feed is down, starting it again later',
          )
        },
      })
    })
  }

  async #startFeed({ feed, served }: KeptFeed): Promise<RunningFeed> {
    const { config, redis, log, lifecycle, recorder, database, parts } = this.#options
    const specs = await waitFor(() => database.resolve(feed.boards), this.#waiting())
    await waitFor(async () => checkFindings(await database.preflight(specs), log), this.#waiting())
    const marker = await waitFor(() => database.marker(specs), this.#waiting())
    if (marker === undefined && database.usesMarkers)
      log.warn({ feed: feed.name }, 'No marker may be written: boards will say assumed, not exact')
    served.specs = specs

    const { prefix } = redis
    const lease = new Lease({ client: this.#client, prefix, feed: feed.name, instance: config.instance })
    const source = parts.openSource(feed, (error) =>
      log.warn({ feed: feed.name, code: error.code, detail: error.detail }, waitingText(error)),
    )
    const releases = [
      lifecycle.onClose('kafka', () => source.close(), 3_500),
      lifecycle.onClose('lease', () => lease.stop()),
    ]
    const stop$ = new BehaviorSubject(false)
    const owning = ownFeed({
      name: feed.name,
      topics: feed.topics,
      served,
      lease,
      store: new RedisBoardStore({
        client: this.#client,
        prefix,
        feed: feed.name,
        owner: () => lease.owner(),
        zsets: zsetsOf(feed),
      }),
      source,
      base: database.base(feed.name, marker),
      deadLetters: parts.deadLetters,
      describe: () => database.resolve(feed.boards),
      decoderFor: (boards: readonly BoardSpec[]) =>
        canalJson([...new Set(boards.map(({ table }) => table))], { marker: marker ?? database.markerTable(specs) }),
      window: windowOf(feed.boards),
      auditEvery: config.database.auditMs,
      log,
      recorder,
      stop$,
    })
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
    lease.start()
    return {
      failed: ended.then(() => new Promise<never>(() => {})),
      release: async () => {
        for (const giveBack of releases.reverse()) await giveBack()
      },
    }
  }

  #waiting(): Waiting {
    const { log, signal, waitsFor } = this.#options
    return {
      signal,
      waits: ({ code, detail }, pause) => {
        waitsFor('waiting for the database')
        log.warn({ code, detail, pause }, 'Waiting for the database')
      },
    }
  }
}

const openRedis = ({ connection }: RedisConfig, lifecycle: Lifecycle): RedisClient => {
  const client = new RedisClient(connection)
  lifecycle.onClose('redis', () => client.close())
  return client
}

/** Sorted sets that go by a name of their own. */
const zsetsOf = ({ boards }: Feed): ReadonlyMap<string, string> =>
  new Map(boards.flatMap(({ name, zset }) => (zset === undefined ? [] : [[name, zset] as const])))

/** What every replica does for a feed, owner or not: reads its boards from Redis. */
const serve = (
  { prefix }: RedisConfig,
  feed: Feed,
  client: RedisClient,
  subscriber: RedisClient,
  lifecycle: Lifecycle,
): { readonly served: ServedFeed; readonly reader: BoardReader } => {
  const boards = feed.boards.map(({ name }) => name)
  const reader = new BoardReader({ client, subscriber, prefix, feed: feed.name, boards, zsets: zsetsOf(feed) })
  reader.start()
  lifecycle.onClose('reader', () => reader.stop())
  const groups = new Map<string, GroupReader>()
  for (const { name, per, maxBoards } of feed.boards) {
    if (per === undefined) continue
    const ofGroups = { client, subscriber, prefix, feed: feed.name, board: name, most: maxBoards }
    groups.set(name, new GroupReader(ofGroups))
  }
  for (const one of groups.values()) {
    one.start()
    lifecycle.onClose('reader', () => one.stop())
  }
  return { served: { specs: [], reader, groups, owned: undefined }, reader }
}
