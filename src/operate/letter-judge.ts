/**
 * What today's configuration and version make of a refused message. The database is asked for the tables of boards, Redis
 * for how far boards are, each once it is needed.
 */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Decode } from '../core/change.js'
import { asRanktideError, RanktideError, verdictOf } from '../core/errors.js'
import type { LetterSource } from '../core/letter.js'
import { partitionId } from '../core/positions.js'
import { canalJson } from '../formats/canal-json.js'
import { readEvent } from '../formats/read-event.js'
import type { Confirmation, Message } from '../operators/ports.js'
import type { StoredMeta } from '../redis/board-reply.js'
import { readBoardStatus } from '../redis/board-status.js'
import { RedisClient } from '../redis/client.js'
import { readFeed } from '../redis/feed-status.js'
import { boardKeys } from '../redis/keys.js'
import type { Config } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import { WorkerDatabase } from '../worker/database.js'
import { type CountingPipeline, pipelinesOf } from './offset-pipelines.js'

/** A letter as it is in the topic, with the refused message as it was. */
export interface WholeLetter {
  /** Its offset in the dead-letter topic. */
  readonly id: number
  readonly source: LetterSource
  /** As it stood in its topic, without headers. */
  readonly message: Message
}

export type Judgement =
  /** An event that its pipeline can count, as far as the event alone tells. */
  | { readonly kind: 'event' }
  /** Row changes that the boards of the feed could use. */
  | { readonly kind: 'rows'; readonly feed: Feed }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  /** It can't be told; `why` says what to do. */
  | { readonly kind: 'unknown'; readonly why: string }

interface BoardPlace {
  readonly board: string
  readonly next: number
  readonly why: string | undefined
}

/** A server that can't be reached is no judgement on a letter. */
const isAway = (error: unknown): boolean => verdictOf(error) === 'retry'

export class LetterJudge {
  readonly #config: Config
  readonly #database: WorkerDatabase | undefined
  readonly #redis: RedisClient | undefined
  readonly #feeds: readonly Feed[]
  /** Counters and the history, by the name that their letters have. */
  readonly #counting: ReadonlyMap<string, CountingPipeline>
  /** By partition. */
  readonly #places = new Map<string, Promise<readonly BoardPlace[]>>()
  readonly #decoders = new Map<string, Promise<Decode>>()

  /** Connects when it is first needed. */
  constructor(config: Config) {
    this.#config = config
    this.#feeds = feedsOf(config)
    this.#counting = new Map(
      pipelinesOf(config).flatMap((one) => (one.kind === 'board' ? [] : [[one.name, one] as const])),
    )
    this.#database = config.boards.length === 0 ? undefined : new WorkerDatabase(config.database)
    this.#redis = config.redis === undefined ? undefined : new RedisClient(config.redis.connection)
  }

  /** Fails with DATABASE_* where the database can't be asked. */
  async judge({ source, message }: Pick<WholeLetter, 'source' | 'message'>): Promise<Judgement> {
    const counting = this.#counting.get(source.feed)
    if (counting !== undefined) return judgeEvent(counting, source, message)
    const feed = this.#feeds.find(({ name }) => name === source.feed)
    if (feed === undefined) return { kind: 'unknown', why: `${this.#config.file} has no ${source.feed} any more` }
    try {
      const decoded = (await this.#decoderOf(feed))(message.value)
      return isLeft(decoded) ? { kind: 'refused', ...decoded.left.refusal } : { kind: 'rows', feed }
    } catch (error) {
      if (isAway(error)) throw error
      const { code, detail } = asRanktideError(error)
      return { kind: 'unknown', why: `its boards can't be made: ${code}: ${detail}` }
    }
  }

  /**
   * Why the boards of the feed are not known to hold the message's rows; undefined: they do. Redis is asked once a partition.
   * Fails with REDIS_*.
   */
  async unhealed(feed: Feed, { topic, partition, offset }: LetterSource): Promise<string | undefined> {
    const id = partitionId(topic, partition)
    const places = this.#places.get(id) ?? this.#placesOf(feed, topic, id)
    this.#places.set(id, places)
    for (const { board, next, why } of await places) {
      if (why !== undefined) return `${board} ${why}`
      if (next <= offset) return `${board} has not come past it yet`
    }
    return undefined
  }

  /** Next offset of the partition of each board that has the topic, or why it does not count. */
  async #placesOf(feed: Feed, topic: string, id: string): Promise<readonly BoardPlace[]> {
    const { redis } = this.#config
    const client = this.#redis
    if (redis === undefined || client === undefined) throw new RanktideError('CONFIG_INVALID', 'boards need redis')
    const boards = feed.boards.filter(({ topics }) => topics.includes(topic))
    const keys = boards.map(({ name, zset }) => boardKeys(redis.prefix, name, zset))
    const found = await readBoardStatus(client, keys)
    // Asked after the boards: one that has changed since is not of the version that is confirmed.
    const { heartbeat } = await readFeed(client, redis.prefix, feed.name)
    return boards.map(({ name: board }, i) => ({ board, ...placeOf(found[i]?.stored, heartbeat, board, id) }))
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#database?.close(), this.#redis?.close()])
  }

  #decoderOf(feed: Feed): Promise<Decode> {
    const known = this.#decoders.get(feed.name) ?? this.#makeDecoder(feed)
    this.#decoders.set(feed.name, known)
    return known
  }

  async #makeDecoder(feed: Feed): Promise<Decode> {
    if (this.#database === undefined) throw new RanktideError('CONFIG_INVALID', 'there are no boards')
    const specs = await this.#database.resolve(feed.boards)
    const tables = [...new Set(specs.map(({ table }) => table))]
    return canalJson(tables, { marker: this.#database.markerTable(specs) })
  }
}

/** A quiet board is not written: then it is the heartbeat that says how far it is. */
const placeOf = (
  { meta, version }: Partial<StoredMeta> = {},
  heartbeat: Confirmation | undefined,
  board: string,
  id: string,
): Omit<BoardPlace, 'board'> => {
  if (meta === undefined) return { next: 0, why: 'is not in Redis' }
  const { state, reason } = meta.status
  if (state !== 'exact' && state !== 'assumed') return { next: 0, why: `is ${state} (${reason})` }
  const confirmed = heartbeat?.versions.get(board) === version ? heartbeat?.positions.get(id) : undefined
  return { next: Math.max(meta.positions.get(id) ?? 0, confirmed ?? 0), why: undefined }
}

const judgeEvent = ({ topics }: CountingPipeline, { feed, topic }: LetterSource, message: Message): Judgement => {
  if (!topics.includes(topic)) return { kind: 'unknown', why: `${feed} does not read ${topic} any more` }
  const decoded = readEvent(message.value, message.timestamp)
  return isLeft(decoded) ? { kind: 'refused', ...decoded.left } : { kind: 'event' }
}
