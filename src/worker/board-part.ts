/**
 * The boards of a worker: what is opened for them, how each feed is started, and what readers get of them.
 *
 * In a process of boards alone a fatal error is the process's own: whoever supervises it starts it again. In one that
 * also counts, the feed alone goes down, and is started again in place with growing pauses: ending the process would
 * stop counters that are well, and leaving the feed down would need somebody to notice.
 */
import { asRanktideError, type RanktideError } from '../core/errors.js'
import type { HealthCheck } from '../http/health.js'
import type { Recorder } from '../operators/recorder.js'
import { RedisClient } from '../redis/client.js'
import type { Config, RedisConfig } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import type { Lifecycle } from '../runtime/lifecycle.js'
import type { Log } from '../runtime/log.js'
import type { LivePlan } from '../runtime/reload-plan.js'
import { BoardViews } from './board-views.js'
import { type Checks, type FeedSurroundings, KeptFeed, type RunningFeed } from './kept-feed.js'
import { type PreparedFeed, prepareFeed } from './prepare-feed.js'
import { supervise } from './supervise.js'
import { type Waiting, waitFor } from './wait-for.js'
import type { FeedDatabase, WorkerParts } from './worker-parts.js'

export interface BoardPartOptions {
  readonly config: Config
  readonly redis: RedisConfig
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly recorder: Recorder
  readonly database: FeedDatabase
  readonly parts: Pick<WorkerParts, 'deadLetters' | 'openSource' | 'openDatabase'>
  /** Ends what the start waits for. */
  readonly signal: AbortSignal
  /** Told what the start waits for. */
  readonly waitsFor: (what: string) => void
}

/** A feed, and the way to try no more to keep it alive. */
interface LivingFeed {
  readonly kept: KeptFeed
  readonly stop: AbortController
}

/** A change that the servers have been asked about. Dropped or applied, once. */
export interface PreparedChange {
  /** From now on the boards are those of the plan. Resolves when what is not wanted any more has been given back. */
  readonly apply: () => Promise<void>
}

export class BoardPart {
  readonly views: BoardViews
  readonly #options: BoardPartOptions
  readonly #client: RedisClient
  readonly #around: FeedSurroundings
  readonly #faults = new Map<string, RanktideError>()
  /** Boards that came while this replica ran: nobody waits for them to say that it is ready. */
  readonly #late = new Set<string>()
  #config: Config
  #database: FeedDatabase
  #feeds: readonly LivingFeed[]
  #supervised = false
  #fail: (error: unknown) => void = () => {}

  /** Opens Redis and reads what is there. */
  constructor(options: BoardPartOptions) {
    const { config, redis, log, lifecycle, recorder, parts } = options
    this.#options = options
    this.#config = config
    this.#database = options.database
    this.#client = openRedis(redis, lifecycle)
    this.#client.failures$.subscribe(({ code, detail }) => log.warn({ code, detail }, 'Waiting for Redis'))
    const subscriber = openRedis(redis, lifecycle)
    const { prefix } = redis
    const { instance } = config
    const hasBoard = (name: string): boolean => this.#config.boards.some((board) => board.name === name)
    const hasZset = (key: string): boolean => this.#config.boards.some((board) => board.zset === key)
    const opened = { client: this.#client, subscriber, lifecycle }
    this.#around = { ...opened, prefix, instance, log, recorder, parts, hasBoard, hasZset }
    this.#feeds = feedsOf(config).map((feed) => this.#keep(new KeptFeed(feed, config.database, this.#around)))
    this.views = new BoardViews([], [], Date.now)
    this.#serve()
  }

  /** This replica stands by for an owner who does not keep a board of that name, or has been told of it while it ran. */
  isNew(board: string): boolean {
    return (
      this.#late.has(board) ||
      this.#feeds.some(({ kept: { served, reader } }) => !served.owned && reader.isUnkept(board))
    )
  }

  /** Feeds that are down, and why. */
  faults(): readonly HealthCheck[] {
    return [...this.#faults].map(([feed, { code, detail }]) => {
      return { name: `feed ${feed}`, ok: false, detail: `down: ${code}: ${detail}` }
    })
  }

  /** Resolves once all feeds take part; rejects, then or in `failed`, with the first fatal error. */
  async start(): Promise<{ readonly failed: Promise<never> }> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject
    })
    // Told to whoever waits for it; until then it is no surprise to Node.
    failed.catch(() => {})
    await Promise.all(this.#feeds.map((feed) => this.#startFeed(feed)))
    return { failed }
  }

  /** What the first try of each feed came to: undefined, or its fatal error. Failed ones are tried again. */
  startSupervised(): readonly Promise<RanktideError | undefined>[] {
    this.#supervised = true
    return this.#feeds.map((feed) => this.#supervise(feed))
  }

  /** Asks the servers about what a reload changes. Fails, with nothing changed, where it can't be kept. */
  async prepare(config: Config, plan: LivePlan): Promise<PreparedChange> {
    const { log, parts } = this.#options
    // An owner that begins anew has to take its boards: without Redis it would lose what it has in memory.
    await this.#client.call((redis) => redis.ping())
    const former = this.#database
    const database = plan.database && parts.openDatabase !== undefined ? parts.openDatabase(config) : former
    try {
      const prepared: PreparedFeed[] = []
      for (const feed of [...plan.changed.map((one) => one.feed), ...plan.added])
        prepared.push(await prepareFeed(feed, database, log))
      return { apply: () => this.#apply(config, plan, database, prepared) }
    } catch (error) {
      if (database !== former) await database.close()
      throw error
    }
  }

  /** Closes the database that it has now. */
  close(): Promise<void> {
    return this.#database.close()
  }

  /** What readers see changes at once; nothing is awaited before. */
  async #apply(config: Config, plan: LivePlan, database: FeedDatabase, all: readonly PreparedFeed[]): Promise<void> {
    const before = new Set(this.#config.boards.map(({ name }) => name))
    const former = this.#database
    this.#config = config
    this.#database = database
    const prepared = new Map(all.map((one) => [one.feed.name, one]))
    for (const { name } of config.boards) if (!before.has(name)) this.#late.add(name)
    for (const { feed, gone } of plan.changed) this.#change(feed.name, prepared.get(feed.name), config.database, gone)
    const removed = new Set(plan.removed.map(({ feed }) => feed.name))
    const ended = this.#feeds.filter(({ kept }) => removed.has(kept.feed.name))
    const added = plan.added.map((feed) => this.#keep(new KeptFeed(feed, config.database, this.#around)))
    this.#feeds = [...this.#feeds.filter((feed) => !ended.includes(feed)), ...added]
    this.#serve()
    // One after the other: a board that has moved to another feed is let go before it is taken.
    for (const { kept, stop } of ended) {
      this.#faults.delete(kept.feed.name)
      await kept.end(plan.removed.find(({ feed }) => feed.name === kept.feed.name)?.gone ?? [])
      stop.abort()
    }
    for (const feed of added) {
      if (this.#supervised) void this.#supervise(feed, prepared.get(feed.kept.feed.name))
      else await this.#startFeed(feed, prepared.get(feed.kept.feed.name))
    }
    if (former !== database) await former.close()
  }

  #change(
    name: string,
    prepared: PreparedFeed | undefined,
    checks: Checks,
    gone: LivePlan['changed'][number]['gone'],
  ): void {
    const living = this.#feeds.find(({ kept }) => kept.feed.name === name)
    if (living === undefined || prepared === undefined) return
    living.kept.change(prepared, checks, gone)
    if (living.kept.running || !this.#supervised) return
    // It is down, perhaps by what has just been changed: it need not wait for its next try.
    living.stop.abort()
    const again = this.#keep(living.kept)
    this.#feeds = this.#feeds.map((feed) => (feed === living ? again : feed))
    void this.#supervise(again)
  }

  #keep(kept: KeptFeed): LivingFeed {
    return { kept, stop: new AbortController() }
  }

  #serve(): void {
    this.views.serve(
      this.#config.boards.map(({ name }) => name),
      this.#feeds.map(({ kept }) => kept.served),
    )
  }

  #supervise({ kept, stop }: LivingFeed, prepared?: PreparedFeed): Promise<RanktideError | undefined> {
    const { log } = this.#options
    const signal = AbortSignal.any([this.#options.signal, stop.signal])
    const { name } = kept.feed
    let first = prepared
    return supervise({
      signal,
      live: async (started) => {
        const known = first
        first = undefined
        const running = await this.#begin(kept, signal, known)
        this.#faults.delete(name)
        started()
        try {
          return await Promise.race([running.failed, aborted(stop.signal)])
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
  }

  async #startFeed({ kept }: LivingFeed, prepared?: PreparedFeed): Promise<void> {
    const running = await this.#begin(kept, this.#options.signal, prepared)
    running.failed.catch((error: unknown) => this.#fail(error))
  }

  async #begin(kept: KeptFeed, signal: AbortSignal, known: PreparedFeed | undefined): Promise<RunningFeed> {
    const waiting = { ...this.#waiting(), signal }
    const prepared =
      known ?? (await prepareFeed(kept.feed, this.#database, this.#options.log, (ask) => waitFor(ask, waiting)))
    signal.throwIfAborted()
    return kept.start(prepared)
  }

  #waiting(): Omit<Waiting, 'signal'> {
    const { log, waitsFor } = this.#options
    return {
      waits: ({ code, detail }, pause) => {
        waitsFor('waiting for the database')
        log.warn({ code, detail, pause }, 'Waiting for the database')
      },
    }
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(asRanktideError(signal.reason)), { once: true })
  })

const openRedis = ({ connection }: RedisConfig, lifecycle: Lifecycle): RedisClient => {
  const client = new RedisClient(connection)
  lifecycle.onClose('redis', () => client.close())
  return client
}
