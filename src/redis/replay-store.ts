/**
 * What a replay reads and writes in Redis, without being a feed's owner: the live board with who owns its feed, the swap of
 * a replayed board into the live keys, and boards that nobody keeps ("shadow boards").
 *
 * Guarantees: each write is one script, so it is done as a whole or not at all. A swap is made only on the board that was
 * read: whoever has taken or published it since makes it `moved`. A call that fails has an unknown outcome; reading tells.
 */
import { randomBytes } from 'node:crypto'
import type { BoardDiff, Entry } from '../core/board-content.js'
import { RanktideError } from '../core/errors.js'
import type { BoardMeta, Confirmation } from '../operators/ports.js'
import { confirmationOf, heartbeatTime, numbersText, type StoredMeta, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import { boardKeys, feedKeys, shadowKeys } from './keys.js'
import { readBoard } from './read-board.js'

export interface ReplayStoreOptions {
  readonly client: RedisClient
  readonly prefix: string
  readonly feed: string
  readonly board: string
  /** The sorted set's name, if it differs from the usual. */
  readonly zset?: string | undefined
}

export interface FeedOwner {
  /** Instance, a colon, a random token. */
  readonly owner: string
  /** Until the lease ends unless it is renewed, ms. */
  readonly left: number
}

export interface LiveBoard {
  readonly stored: StoredMeta
  /** In the zset's order; rows without a place in the zset come last, with a score that equals no number. */
  readonly entries: readonly Entry[]
  readonly confirmation: Confirmation
  /** When that was written, ms since 1970 by the server's clock. */
  readonly confirmedAt: number | undefined
}

export interface Swap {
  /** As it was read: the swap is made from it. */
  readonly live: LiveBoard
  readonly diff: BoardDiff
  readonly meta: BoardMeta
  /** As of when the board is known to be the table's, ms since 1970. */
  readonly provenAt: number | undefined
}

export interface Shadow {
  /** The board, or the group, that it is of. */
  readonly board: string
  readonly entries: readonly Entry[]
  readonly meta: BoardMeta
}

export type SwapOutcome =
  | { readonly kind: 'swapped'; readonly epoch: number; readonly version: number }
  | { readonly kind: 'moved' }

/** What was found under the keys of a shadow board, as types of Redis keys. */
export type ShadowOutcome =
  | { readonly kind: 'written' }
  | { readonly kind: 'foreign'; readonly types: readonly string[] }

const malformed = (script: string): RanktideError =>
  new RanktideError('REDIS_FAILED', `the script ${script} gave a reply that it never gives`)

/** A large board is one command; nobody waits for it but the one who replays. */
const writeDeadline = 15_000

const metaArguments = ({
  status,
  complete,
  definition,
  positions,
  newest = new Map(),
}: BoardMeta): (string | number)[] => [
  ...[status.state, status.reason, complete ? 1 : 0, definition],
  ...[numbersText(positions), numbersText(newest)],
]

export class ReplayStore {
  readonly #options: ReplayStoreOptions
  /** Under which the swapped board stands until a replica takes it. */
  readonly #owner = `replay:${randomBytes(8).toString('hex')}`

  constructor(options: ReplayStoreOptions) {
    this.#options = options
  }

  /** Who holds the feed's lease now; undefined: nobody. */
  async owner(): Promise<FeedOwner | undefined> {
    const { client, prefix, feed } = this.#options
    const { lease } = feedKeys(prefix, feed)
    const [owner, left] = await client.call((redis) => Promise.all([redis.get(lease), redis.pttl(lease)]))
    return owner === null ? undefined : { owner, left: Math.max(0, left) }
  }

  async live(): Promise<LiveBoard> {
    const { client, prefix, feed, board, zset } = this.#options
    const { stored, entries, strays } = await readBoard(client, boardKeys(prefix, board, zset))
    const heartbeat = await client.call((redis) => redis.get(feedKeys(prefix, feed).heartbeat))
    return {
      stored,
      entries: [...entries, ...strays],
      confirmation: confirmationOf(heartbeat),
      confirmedAt: heartbeatTime(heartbeat),
    }
  }

  /** Fails with REDIS_FAILED (FOREIGNKEY) where the zset's key is no board's. */
  async swap({ live, diff, meta, provenAt }: Swap): Promise<SwapOutcome> {
    const { client, prefix, board, zset } = this.#options
    const keys = boardKeys(prefix, board, zset)
    const { epoch = '', owner = '', version = '' } = live.stored
    const reply = await client.call(
      (redis) =>
        redis.ranktideSwap(
          ...[keys.zset, keys.rows, keys.meta, epoch, owner, version, this.#owner, keys.changes],
          ...metaArguments(meta),
          ...[provenAt ?? '', diff.leave.length, diff.scores.length, diff.rows.length],
          ...diff.leave,
          ...diff.scores.flatMap(({ member, score }) => [score, member]),
          ...diff.rows.flatMap(({ member, row }) => [member, row]),
        ),
      writeDeadline,
    )
    const [kind, ...numbers] = Array.isArray(reply) ? (reply as unknown[]) : []
    if (kind === 'moved') return { kind }
    const [newEpoch, newVersion] = numbers.map((number) => wholeNumber(String(number)))
    if (kind !== 'swapped' || newEpoch === undefined || newVersion === undefined) throw malformed('swap')
    return { kind, epoch: newEpoch, version: newVersion }
  }

  /** Types of what stands under the keys of a shadow board and is none, as `writeShadow` would find it; empty: nothing. */
  async foreign(key: string): Promise<readonly string[]> {
    const { zset, rows, meta } = shadowKeys(key)
    if ((await this.#shadowed(meta)) !== null) return []
    return this.#options.client.call(async (redis) => {
      const types = await Promise.all([zset, rows, meta].map((one) => redis.type(one)))
      return types.some((type) => type !== 'none') ? types : []
    })
  }

  /** Undefined: no shadow board is there. */
  async shadow(key: string): Promise<Shadow | undefined> {
    const { client } = this.#options
    const keys = shadowKeys(key)
    const board = await this.#shadowed(keys.meta)
    if (board === null) return undefined
    const { stored, entries, strays } = await readBoard(client, { ...keys, changes: '' })
    return stored.meta === undefined ? undefined : { board, entries: [...entries, ...strays], meta: stored.meta }
  }

  /** `force`: whatever else the keys hold is replaced. */
  async writeShadow(key: string, { board, entries, meta }: Shadow, force: boolean): Promise<ShadowOutcome> {
    const { client } = this.#options
    const { zset, rows, meta: metaKey } = shadowKeys(key)
    const reply = await client.call(
      (redis) =>
        redis.ranktideShadow(
          ...[zset, rows, metaKey, board, force ? 1 : 0],
          ...metaArguments(meta),
          entries.length,
          ...entries.flatMap(({ member, score }) => [score, member]),
          ...entries.flatMap(({ member, row }) => [member, row]),
        ),
      writeDeadline,
    )
    const [kind, ...types] = Array.isArray(reply) ? reply.map(String) : []
    if (kind === 'written') return { kind }
    if (kind === 'foreign') return { kind, types }
    throw malformed('shadow')
  }

  /** The board, or the group, that a shadow board is of; null: none is there. */
  #shadowed(meta: string): Promise<string | null> {
    return this.#options.client.call((redis) => redis.hget(meta, 'shadow')).catch(nothingOnWrongType)
  }
}

const nothingOnWrongType = (error: unknown): null => {
  if (error instanceof RanktideError && error.detail.includes('WRONGTYPE')) return null
  throw error
}
