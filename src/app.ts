/**
 * The composition root of a worker: opens clients, wires ports, closes in reverse order. Kafka and database are passed in.
 *
 * HTTP comes first, so that probes are answered while servers are waited for; it closes last, so that readers are
 * answered until the end.
 */
import { Registry } from 'prom-client'
import { BehaviorSubject, lastValueFrom } from 'rxjs'
import type { BoardSpec } from './core/board-spec.js'
import { asRanktideError, RanktideError } from './core/errors.js'
import { canalJson } from './formats/canal-json.js'
import { createRecorder } from './http/metrics.js'
import { buildServer, listen } from './http/server.js'
import type { Recorder } from './operators/recorder.js'
import { BoardReader } from './redis/board-reader.js'
import { RedisBoardStore } from './redis/board-store.js'
import { RedisClient } from './redis/client.js'
import { GroupReader } from './redis/group-reader.js'
import { Lease } from './redis/lease.js'
import type { Config } from './runtime/config.js'
import { type Feed, feedsOf } from './runtime/feeds.js'
import type { Lifecycle } from './runtime/lifecycle.js'
import type { Log } from './runtime/log.js'
import { BoardViews, type ServedFeed } from './worker/board-views.js'
import { ownFeed } from './worker/feed-owner.js'
import { windowOf } from './worker/feed-window.js'
import { type Waiting, waitFor, waitingText } from './worker/wait-for.js'
import { WorkerHealth } from './worker/worker-health.js'
import type { FeedDatabase, WorkerParts } from './worker/worker-parts.js'

interface App {
  readonly config: Config
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly recorder: Recorder
  readonly redis: RedisClient
  readonly parts: WorkerParts
  readonly database: FeedDatabase
  readonly health: WorkerHealth
  /** Ends what the start waits for. */
  readonly signal: AbortSignal
}

interface RunningFeed {
  readonly feed: Feed
  readonly served: ServedFeed
}

/** Runs until the process exits by a signal; rejects, with everything closed, with what made it stop by itself. */
export const runWorker = async (config: Config, log: Log, lifecycle: Lifecycle, parts: WorkerParts): Promise<never> => {
  try {
    return await run(config, log, lifecycle, parts)
  } catch (error) {
    // A signal came first: whoever closes for it ends the process, with its own exit code.
    if (lifecycle.closing) return new Promise<never>(() => {})
    await lifecycle.close('failed')
    throw error
  }
}

const run = async (config: Config, log: Log, lifecycle: Lifecycle, parts: WorkerParts): Promise<never> => {
  const registry = new Registry()
  const recorder = createRecorder(registry, Date.now)
  const redis = openRedis(config, lifecycle)
  redis.failures$.subscribe((error) => log.warn({ code: error.code, detail: error.detail }, 'Waiting for Redis'))
  const subscriber = openRedis(config, lifecycle)
  const feeds = feedsOf(config).map((feed) => ({ feed, ...serve(config, feed, redis, subscriber, lifecycle) }))
  const names = config.boards.map(({ name }) => name)
  const served = feeds.map((feed) => feed.served)
  const views = new BoardViews(names, served, Date.now)
  const isNew = (board: string) => feeds.some(({ served, reader }) => !served.owned && reader.isUnkept(board))
  const health = new WorkerHealth(views, () => lifecycle.closing, isNew)
  const server = buildServer({ boards: views, health, metrics: registry, log, now: Date.now })
  lifecycle.onClose('http', () => server.close())
  log.info({ address: await listen(server, config.http) }, 'Listening')

  const { database, deadLetters } = parts
  lifecycle.onClose('database', () => database.close())
  prepareDeadLetters(deadLetters, log, lifecycle)
  const waiting = new AbortController()
  lifecycle.onClose('start', () => waiting.abort())
  const app = { config, log, lifecycle, recorder, redis, parts, database, health, signal: waiting.signal }
  const running = await Promise.all(feeds.map((feed) => startFeed(app, feed)))
  health.start()
  log.info({ boards: names }, 'Started')
  await Promise.race(running.map(({ failed }) => failed))
  throw new RanktideError('UNEXPECTED', 'a feed has ended')
}

/** Says at the start what would stop a feed later; the start itself needs no dead letters. */
const prepareDeadLetters = (deadLetters: WorkerParts['deadLetters'], log: Log, lifecycle: Lifecycle): void => {
  lifecycle.onClose('dead letters', () => deadLetters.close())
  deadLetters.prepare().catch((error: unknown) => {
    const { code, detail } = asRanktideError(error)
    if (!lifecycle.closing) log.error({ code, detail }, 'Dead letters could not be written now')
  })
}

const openRedis = ({ redis }: Config, lifecycle: Lifecycle): RedisClient => {
  const client = new RedisClient(redis.connection)
  lifecycle.onClose('redis', () => client.close())
  return client
}

/** Sorted sets that go by a name of their own. */
const zsetsOf = ({ boards }: Feed): ReadonlyMap<string, string> =>
  new Map(boards.flatMap(({ name, zset }) => (zset === undefined ? [] : [[name, zset] as const])))

/** What every replica does for a feed, owner or not: reads its boards from Redis. */
const serve = (
  config: Config,
  feed: Feed,
  client: RedisClient,
  subscriber: RedisClient,
  lifecycle: Lifecycle,
): { readonly served: ServedFeed; readonly reader: BoardReader } => {
  const boards = feed.boards.map(({ name }) => name)
  const { prefix } = config.redis
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

/** Resolves once the feed takes part in the election of its owner; `failed` rejects when it can't go on. */
const startFeed = async (app: App, { feed, served }: RunningFeed): Promise<{ readonly failed: Promise<never> }> => {
  const { config, log, lifecycle, recorder, redis, parts, database } = app
  const specs = await waitFor(() => database.resolve(feed.boards), waitingFor(app, 'the database'))
  await waitFor(() => checkDatabase(app, specs), waitingFor(app, 'the database'))
  const marker = await waitFor(() => database.marker(specs), waitingFor(app, 'the database'))
  if (marker === undefined && database.usesMarkers)
    log.warn({ feed: feed.name }, 'No marker may be written: boards will say assumed, not exact')
  served.specs = specs

  const lease = new Lease({ client: redis, prefix: config.redis.prefix, feed: feed.name, instance: config.instance })
  const source = parts.openSource(feed, (error) =>
    log.warn({ feed: feed.name, code: error.code, detail: error.detail }, waitingText(error)),
  )
  lifecycle.onClose('kafka', () => source.close(), 3_500)
  lifecycle.onClose('lease', () => lease.stop())
  const stop$ = new BehaviorSubject(false)
  const owning = ownFeed({
    name: feed.name,
    topics: feed.topics,
    served,
    lease,
    store: new RedisBoardStore({
      client: redis,
      prefix: config.redis.prefix,
      feed: feed.name,
      owner: () => lease.owner(),
      zsets: zsetsOf(feed),
    }),
    source,
    base: database.base(feed.name, marker),
    deadLetters: parts.deadLetters,
    describe: () => database.resolve(feed.boards),
    decoderFor: (boards) =>
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
  lifecycle.onClose('feed', async () => {
    if (failedBefore) return
    stop$.next(true)
    await ended
    // Before the lease is given back: a commit of ours must not come after one of the next owner.
    await source.flush()
  })
  lease.start()
  return { failed: ended.then(() => new Promise<never>(() => {})) }
}

const waitingFor = ({ log, health, signal }: App, what: string): Waiting => ({
  signal,
  waits: (error, pause) => {
    health.waitsFor(`waiting for ${what}`)
    log.warn({ code: error.code, detail: error.detail, pause }, `Waiting for ${what}`)
  },
})

/** Says everything that is wrong; the first error is the one that the process stops with. */
const checkDatabase = async ({ database, log }: App, specs: readonly BoardSpec[]): Promise<void> => {
  const findings = await database.preflight(specs)
  for (const { level, code, message } of findings) {
    if (level === 'error') log.error({ code }, message)
    else log.warn({ code }, message)
  }
  const fatal = findings.find(({ level }) => level === 'error')
  if (fatal !== undefined) throw new RanktideError(fatal.code, fatal.message)
}
