/**
 * The boards of a feed as a replica that does not own them serves them: the last one read, from memory.
 *
 * Guarantees: a board is always whole (set, rows and meta of one version); versions told by Redis are followed by
 * pub/sub, and by polling where a message was lost. While Redis is down the last board stays, and its age grows: ages
 * are differences of the server's clock, counted on by a monotonic one here. Memory: one copy of each board.
 */
import { type Observable, Subject } from 'rxjs'
import { type Entry, isWell } from '../core/board-content.js'
import { asRanktideError, type RanktideError } from '../core/errors.js'
import { isBehind } from '../core/feed-pulse.js'
import type { BoardMeta } from '../operators/ports.js'
import { heartbeatTime, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import { type BoardKeys, boardKeys, feedKeys } from './keys.js'
import { readBoard } from './read-board.js'

export interface BoardReaderOptions {
  readonly client: RedisClient
  /** A connection of its own, taken over for the messages. */
  readonly subscriber: RedisClient
  readonly prefix: string
  readonly feed: string
  readonly boards: readonly string[]
  readonly zsets?: ReadonlyMap<string, string>
  /** Monotonic, in ms. */
  readonly now?: () => number
  /** ms between two looks at the heartbeat and the versions. */
  readonly pollEvery?: number
}

export interface ReadBoard {
  /** In the zset's order: score ascending, then the member's bytes. The board's own order is for the caller to make. */
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
  readonly version: number
  /** ms since its owner last confirmed it; undefined if no owner ever has. */
  readonly age: number | undefined
}

interface Cached {
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
  readonly version: number
  /** Server time in ms. */
  readonly confirmedAt: number | undefined
}

interface Watched {
  readonly keys: BoardKeys
  board: Cached | undefined
  /** The last read found that Redis has no such board. */
  absent: boolean
  /** The heartbeat (server time in ms) after which Redis still held the version that we hold. */
  vouchedAt: number
  /** A read under way, and whether something has changed since it began. */
  reading: boolean
  again: boolean
}

const defaults = {
  now: () => performance.now(),
  pollEvery: 1_000,
  zsets: new Map<string, string>(),
}

export class BoardReader {
  /** Names of boards whose content or status was read anew. */
  readonly changes$: Observable<string>
  readonly failures$: Observable<RanktideError>
  readonly #options: Required<BoardReaderOptions>
  readonly #changes = new Subject<string>()
  readonly #failures = new Subject<RanktideError>()
  #watched: ReadonlyMap<string, Watched>
  #unsubscribe: () => void = () => {}
  /** Server time less monotonic time, as the last look had it. */
  #serverOffset: number | undefined
  /** The last look found a heartbeat: somebody keeps the feed's boards, or did lately. */
  #kept = false
  #timer: NodeJS.Timeout | undefined
  #running = false

  constructor(options: BoardReaderOptions) {
    this.#options = { ...defaults, ...options }
    const { boards, zsets } = this.#options
    this.#watched = this.#watch(boards, zsets)
    this.changes$ = this.#changes.asObservable()
    this.failures$ = this.#failures.asObservable()
  }

  /** Undefined: not read yet, or never published. */
  read(board: string): ReadBoard | undefined {
    const watched = this.#watched.get(board)
    if (watched?.board === undefined) return undefined
    const { entries, meta, version } = watched.board
    return { entries, meta, version, age: this.#ageOf(watched.board, watched.vouchedAt) }
  }

  /** The feed has an owner, and Redis no board of this name: waiting for it in Redis is waiting for another owner. */
  isUnkept(board: string): boolean {
    return this.#kept && this.#watched.get(board)?.absent === true
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#subscribe()
    this.#poll()
  }

  /**
   * Reads these boards from now on. One that stays is served on as it was read last, also where its set goes by another
   * name now, until it has been read from there.
   */
  change(boards: readonly string[], zsets: ReadonlyMap<string, string>): void {
    this.#watched = this.#watch(boards, zsets)
    if (!this.#running) return
    this.#unsubscribe()
    this.#subscribe()
    this.#pollSoon()
  }

  /** The connections are their opener's to close. */
  stop(): void {
    this.#running = false
    this.#unsubscribe()
    clearTimeout(this.#timer)
    this.#changes.complete()
    this.#failures.complete()
  }

  #watch(boards: readonly string[], zsets: ReadonlyMap<string, string>): ReadonlyMap<string, Watched> {
    const former: ReadonlyMap<string, Watched> | undefined = this.#watched
    const one = (board: string): Watched => {
      const keys = boardKeys(this.#options.prefix, board, zsets.get(board))
      const known = former?.get(board)
      if (known?.keys.zset === keys.zset) return known
      const last = { board: known?.board, vouchedAt: known?.vouchedAt ?? 0 }
      return { keys, ...last, absent: false, reading: false, again: false }
    }
    return new Map(boards.map((board) => [board, one(board)]))
  }

  #subscribe(): void {
    const byChannel = new Map([...this.#watched].map(([board, { keys }]) => [keys.changes, board]))
    this.#unsubscribe = this.#options.subscriber.subscribe(
      [...byChannel.keys()],
      (channel, version) => {
        const board = byChannel.get(channel)
        if (board !== undefined && this.#watched.get(board)?.board?.version !== Number(version)) this.#refresh(board)
      },
      () => this.#pollSoon(),
    )
  }

  #ageOf({ confirmedAt = 0, meta }: Cached, vouchedAt: number): number | undefined {
    // A heartbeat speaks for all boards of the feed that say they are the table's; the others stand where they stood.
    const current = isWell(meta.status) || isBehind(meta.status.reason)
    const at = current ? Math.max(confirmedAt, vouchedAt) : confirmedAt
    if (at === 0 || this.#serverOffset === undefined) return undefined
    return Math.max(0, this.#options.now() + this.#serverOffset - at)
  }

  #pollSoon(): void {
    if (!this.#running) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#poll(), 0)
  }

  #poll(): void {
    this.#look()
      .catch((error: unknown) => this.#failures.next(asRanktideError(error)))
      .finally(() => {
        clearTimeout(this.#timer)
        if (this.#running) this.#timer = setTimeout(() => this.#poll(), this.#options.pollEvery)
      })
  }

  /**
   * The heartbeat first, then the versions: a version that is still ours was so when the heartbeat was written, unless it
   * is younger, and then its meta says when it was confirmed.
   */
  async #look(): Promise<void> {
    const { client, prefix, feed, now } = this.#options
    const { heartbeat } = feedKeys(prefix, feed)
    const reply = await client.call((redis) => redis.ranktideReadHeartbeat(heartbeat))
    const [beat, time] = Array.isArray(reply) ? (reply as unknown[]) : []
    this.#serverOffset = Number(time) - now()
    this.#kept = heartbeatTime(beat) !== undefined
    const boards = [...this.#watched]
    const versions = await client.call((redis) =>
      Promise.all(boards.map(([, { keys }]) => redis.hget(keys.meta, 'version'))),
    )
    for (const [index, [board, watched]] of boards.entries()) {
      const version = wholeNumber(versions[index] ?? undefined)
      if (version === undefined || version !== watched.board?.version) this.#refresh(board)
      else watched.vouchedAt = heartbeatTime(beat) ?? watched.vouchedAt
    }
  }

  /** Reads a board anew; a change that is told meanwhile is read after it, so at most one read a board is under way. */
  #refresh(board: string): void {
    const watched = this.#watched.get(board)
    if (watched === undefined) return
    if (watched.reading) {
      watched.again = true
      return
    }
    watched.reading = true
    watched.again = false
    readBoard(this.#options.client, watched.keys)
      .then(({ stored, entries }) => {
        const { version, meta, confirmedAt } = stored
        watched.absent = version === undefined
        // Never published, or flushed: what was read last stays until the owner has put it back.
        if (version === undefined || meta === undefined) return
        watched.board = { entries, meta, version, confirmedAt }
        this.#changes.next(board)
      })
      .catch((error: unknown) => {
        // The next look finds the version still different and asks again.
        watched.again = false
        this.#failures.next(asRanktideError(error))
      })
      .finally(() => {
        watched.reading = false
        if (watched.again && this.#running) this.#refresh(board)
      })
  }
}
