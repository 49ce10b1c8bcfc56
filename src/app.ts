/**
 * The composition root of a worker: opens clients, wires ports, closes in reverse order. Kafka and databases are passed in.
 *
 * HTTP comes first, so that probes are answered while servers are waited for; it closes last, so that readers are
 * answered until the end. Boards and counters know nothing of each other.
 */
import { Registry } from 'prom-client'
import { asRanktideError, RanktideError } from './core/errors.js'
import type { Administration } from './http/admin-routes.js'
import { createCounterRecorder } from './http/counter-metrics.js'
import { createLetterGauges } from './http/letter-metrics.js'
import { createRecorder } from './http/metrics.js'
import { createReloadRecorder } from './http/reload-metrics.js'
import { buildServer, listen } from './http/server.js'
import type { Config } from './runtime/config.js'
import { feedsOf } from './runtime/feeds.js'
import type { Lifecycle } from './runtime/lifecycle.js'
import type { Log } from './runtime/log.js'
import { BoardPart } from './worker/board-part.js'
import { BoardViews } from './worker/board-views.js'
import { CounterPart, countingNames } from './worker/counter-part.js'
import { Reloader } from './worker/reload.js'
import { startError } from './worker/start-error.js'
import { watchLetters } from './worker/watch-letters.js'
import { WorkerHealth } from './worker/worker-health.js'
import type { OpenDeadLetters, WorkerParts } from './worker/worker-parts.js'

/** How a running process is told of another configuration. */
export interface Reloading {
  /** Reads it again. Fails with CONFIG_*. */
  readonly load: () => Promise<Config>
  /** Calls whenever a reload is asked for from outside, by a signal; `asked` names it. */
  readonly onAsked: (reload: (asked: string) => void) => void
}

interface App {
  readonly config: Config
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly parts: WorkerParts
  readonly registry: Registry
  readonly reloading: Reloading | undefined
}

/** Runs until the process exits by a signal; rejects, with everything closed, with what made it stop by itself. */
export const runWorker = async (
  config: Config,
  log: Log,
  lifecycle: Lifecycle,
  parts: WorkerParts,
  reloading?: Reloading,
): Promise<never> => {
  try {
    return await run({ config, log, lifecycle, parts, registry: new Registry(), reloading })
  } catch (error) {
    // A signal came first: whoever closes for it ends the process, with its own exit code.
    if (lifecycle.closing) return new Promise<never>(() => {})
    await lifecycle.close('failed')
    throw error
  }
}

const run = async (app: App): Promise<never> => {
  const { config, log, lifecycle, parts, registry } = app
  const waiting = new AbortController()
  let waitsFor = (_what: string): void => {}
  const boards = openBoards(app, waiting.signal, (what) => waitsFor(what))
  const views = boards?.views ?? new BoardViews([], [], Date.now)
  const counters = openCounters(app)
  const health = new WorkerHealth(views, () => lifecycle.closing, {
    isNew: (board) => boards?.isNew(board) === true,
    faults: () => boards?.faults() ?? [],
    ...(counters === undefined ? {} : { counters: () => counters.checks() }),
  })
  waitsFor = (what) => {
    if (!health.started()) health.waitsFor(what)
  }
  const reloader = openReloader(app, boards, counters)
  const administration = reloader && administrationBy(reloader)
  const served = administration === undefined ? {} : { administration }
  const server = buildServer({ boards: views, health, metrics: registry, log, now: Date.now, ...served })
  lifecycle.onClose('http', () => server.close())
  log.info({ address: await listen(server, config.http) }, 'Listening')

  if (boards !== undefined) lifecycle.onClose('database', () => boards.close())
  watchDeadLetters(app, prepareDeadLetters(parts.deadLetters, log, lifecycle), () => reloader?.config ?? config)
  lifecycle.onClose('start', () => waiting.abort())
  const { failed } = await start(boards, counters)
  health.start()
  const started = {
    boards: config.boards.map(({ name }) => name),
    counters: config.counters.map(({ spec }) => spec.name),
    history: config.history !== undefined,
  }
  log.info(started, 'Started')
  reloader?.start()
  await failed
  throw new RanktideError('UNEXPECTED', 'a feed has ended')
}

/** Undefined where nobody can ask for a reload. */
const openReloader = (
  { config, log, registry, reloading }: App,
  boards: BoardPart | undefined,
  counters: CounterPart | undefined,
): Reloader | undefined => {
  if (reloading === undefined) return undefined
  const reloader = new Reloader({
    config,
    load: reloading.load,
    prepare: async (next, plan) => {
      // Counters first: what the boards have prepared holds connections.
      const changes = [await counters?.prepare(next, plan.counters), await boards?.prepare(next, plan)]
      return { apply: async () => void (await Promise.all(changes.map((change) => change?.apply()))) }
    },
    log,
    recorder: createReloadRecorder(registry),
    now: Date.now,
  })
  reloading.onAsked((asked) => void reloader.reload(asked))
  return reloader
}

const administrationBy = (reloader: Reloader): Administration => ({
  token: () => reloader.config.http.adminToken,
  reload: async () =>
    reloader.started
      ? reloader.reload('POST /admin/reload')
      : { kind: 'refused', why: 'starting', text: 'the process has not started yet, try again when /startupz says ok' },
})

const openBoards = (
  { config, log, lifecycle, parts, registry }: App,
  signal: AbortSignal,
  waitsFor: (what: string) => void,
): BoardPart | undefined => {
  const recorder = createRecorder(registry, Date.now)
  if (config.boards.length === 0) return undefined
  const { redis } = config
  const { database } = parts
  if (redis === undefined || database === undefined)
    throw new RanktideError('CONFIG_INVALID', 'boards need redis, and MySQL or MariaDB')
  return new BoardPart({ config, redis, log, lifecycle, recorder, database, parts, signal, waitsFor })
}

const openCounters = ({ config, log, lifecycle, parts, registry }: App): CounterPart | undefined => {
  if (config.counters.length === 0 && config.history === undefined) return undefined
  const { counting, deadLetters } = parts
  if (counting === undefined) throw new RanktideError('CONFIG_INVALID', 'counters need a database and Kafka')
  const recorder = createCounterRecorder(registry)
  return new CounterPart({ config, log, lifecycle, recorder, parts: counting, deadLetters })
}

/**
 * Resolves when the process has started; `failed` rejects with what ends it later. A process of boards alone ends with
 * their first fatal error; another one only if all of its pipelines fail to begin.
 */
const start = async (
  boards: BoardPart | undefined,
  counters: CounterPart | undefined,
): Promise<{ readonly failed: Promise<never> }> => {
  const lasting = { failed: new Promise<never>(() => {}) }
  if (counters === undefined) return boards?.start() ?? lasting
  const error = await startError(boards?.startSupervised(), counters.startSupervised())
  if (error !== undefined) throw error
  return lasting
}

/** Says at the start what would stop a pipeline later; the start itself needs no dead letters. */
const prepareDeadLetters = async (deadLetters: OpenDeadLetters, log: Log, lifecycle: Lifecycle): Promise<void> => {
  lifecycle.onClose('dead letters', () => deadLetters.close())
  await deadLetters.prepare().catch((error: unknown) => {
    const { code, detail } = asRanktideError(error)
    if (!lifecycle.closing) log.error({ code, detail }, 'Dead letters could not be written now')
  })
}

/** How old the oldest unsettled letter is, for metrics; once the topic is there. */
const watchDeadLetters = (
  { log, lifecycle, parts, registry }: App,
  prepared: Promise<void>,
  configOfNow: () => Config,
): void => {
  const open = parts.openLetterLog
  if (open === undefined) return
  const pipelines = (): readonly string[] => {
    const now = configOfNow()
    return [...feedsOf(now).map(({ name }) => name), ...countingNames(now)]
  }
  const gauges = createLetterGauges(registry, pipelines, Date.now)
  const stop = new AbortController()
  const failed = ({ code, detail }: RanktideError) =>
    log.warn({ code, detail }, 'Dead letters not read, their age is not known')
  const watching = watchLetters({ after: prepared, open, show: gauges.show, failed, signal: stop.signal })
  lifecycle.onClose(
    'dead letters watched',
    async () => {
      stop.abort()
      await watching
    },
    2_000,
  )
}
