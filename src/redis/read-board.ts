/**
 * One board by plain reads, in one MULTI: sorted set, rows and meta are of the same version. Writes nothing. A key of a
 * wrong type reads as empty: the owner's next publish finds it and replaces it.
 */
import type { Entry } from '../core/board-content.js'
import { entriesOf, hashOf, type StoredMeta, storedMetaOf, straysOf, textsOf } from './board-reply.js'
import type { RedisClient } from './client.js'
import type { BoardKeys } from './keys.js'
import { redisError } from './redis-error.js'

export interface StoredBoard {
  readonly stored: StoredMeta
  /** In the zset's order: score ascending, then the member's bytes. */
  readonly entries: readonly Entry[]
  /** Rows that have no place in the zset, with a score that is no number. */
  readonly strays: readonly Entry[]
}

export const readBoard = async (client: RedisClient, keys: BoardKeys): Promise<StoredBoard> => {
  const replies = await client.call((redis) =>
    redis.multi().hgetall(keys.meta).zrange(keys.zset, 0, '-1', 'WITHSCORES').hgetall(keys.rows).exec(),
  )
  const [meta, zset, rows] = (replies ?? []).map(([error, reply]) => {
    if (error === null) return reply
    if (error.message.startsWith('WRONGTYPE')) return []
    throw redisError(error, client.where)
  })
  const members = textsOf(zset)
  const rowOf = hashOf(rows)
  return { stored: storedMetaOf(hashOf(meta)), entries: entriesOf(members, rowOf), strays: straysOf(members, rowOf) }
}
