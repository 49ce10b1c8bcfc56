/**
 * Boards as readers find them in Redis, with the time as of which their owner vouches for what was read.
 *
 * Guarantee: plain reads alone, each board whole. The heartbeat is read before the boards: a board that is read after it
 * and says that it is well is no older than what the heartbeat confirms, unless Redis has gone back since or the owner is
 * in doubt about the board, which its heartbeat then does not name. The groups of a split board are vouched for by the
 * heartbeat as a whole: a confirmation is made only once all of them are in Redis. Memory: the boards of one call.
 */
import { isWell } from '../core/board-content.js'
import type { RedisWitness, Testimony, WitnessedBoard } from '../operators/verify-ports.js'
import { hashOf, storedMetaOf } from './board-reply.js'
import type { RedisClient } from './client.js'
import { type FeedInRedis, readFeed } from './feed-status.js'
import { boardKeys } from './keys.js'
import { instanceOf } from './lease.js'
import { readBoard } from './read-board.js'

interface RedisWitnessOptions {
  readonly client: RedisClient
  readonly prefix: string
  readonly feed: string
  /** The definition that the boards must be of. */
  readonly definition: string
  /** Name of the sorted set where it differs from the usual. */
  readonly zset?: string | undefined
  /** The split board whose groups are asked for; undefined: a board that is not split. */
  readonly split?: string | undefined
}

const readsAtOnce = 20

export class FeedWitness implements RedisWitness {
  readonly #options: RedisWitnessOptions

  constructor(options: RedisWitnessOptions) {
    this.#options = options
  }

  async read(names: readonly string[]): Promise<Testimony> {
    const { client, prefix, feed } = this.#options
    const { now, heartbeat, lease } = await readFeed(client, prefix, feed)
    const ofGroups = await this.#vouchesForGroups()
    const boards = new Map<string, WitnessedBoard>()
    for (let i = 0; i < names.length; i += readsAtOnce)
      await Promise.all(
        names.slice(i, i + readsAtOnce).map(async (name) => {
          boards.set(name, await this.#readOne(name, heartbeat, ofGroups))
        }),
      )
    return { now, owner: lease && instanceOf(lease.owner), boards }
  }

  /** Undefined: boards are asked for that are not split. */
  async #vouchesForGroups(): Promise<boolean | undefined> {
    const { client, prefix, split } = this.#options
    if (split === undefined) return undefined
    const fields = await client.call((redis) => redis.hgetall(boardKeys(prefix, split).meta))
    const { meta } = storedMetaOf(hashOf(fields))
    return meta !== undefined && isWell(meta.status)
  }

  async #readOne(
    name: string,
    heartbeat: FeedInRedis['heartbeat'],
    ofGroups: boolean | undefined,
  ): Promise<WitnessedBoard> {
    const { client, prefix, definition, zset, split } = this.#options
    const keys = boardKeys(prefix, name, split === undefined ? zset : undefined)
    const { stored, entries, strays } = await readBoard(client, keys)
    const { version, meta, confirmedAt = 0 } = stored
    const told = heartbeat?.versions.get(name)
    const spoken = ofGroups ?? (told !== undefined && version !== undefined && version >= told)
    const vouched = spoken && (meta === undefined || isWell(meta.status)) ? (heartbeat?.at ?? 0) : 0
    return {
      entries: [...entries, ...strays],
      version: meta === undefined ? undefined : version,
      status: meta?.status,
      foreign: meta !== undefined && meta.definition !== definition,
      confirmedAt: Math.max(confirmedAt, vouched),
    }
  }
}
