/** What boards say of themselves, without their rows: a board of 10,000 members is asked in one small reply. */
import { hashOf, type StoredMeta, storedMetaOf, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import type { BoardKeys } from './keys.js'
import { redisError } from './redis-error.js'

export interface BoardInRedis {
  readonly stored: StoredMeta
  /** Members in the sorted set. */
  readonly rows: number
  /** When the meta was last written, ms since 1970 by the server's clock. */
  readonly updatedAt: number | undefined
}

/** Boards that one call asks for: it ends well within its deadline. */
const boardsPerCall = 500

/** In the order of `keys`. Meta and sorted set of one board are of one moment, different boards are not. */
export const readBoardStatus = async (
  client: RedisClient,
  keys: readonly BoardKeys[],
): Promise<readonly BoardInRedis[]> => {
  const found: BoardInRedis[] = []
  for (let i = 0; i < keys.length; i += boardsPerCall) {
    const chunk = keys.slice(i, i + boardsPerCall)
    const replies = await client.call((redis) =>
      Promise.all(chunk.map(({ meta, zset }) => redis.multi().hgetall(meta).zcard(zset).exec())),
    )
    for (const reply of replies) found.push(statusOf(reply, client.where))
  }
  return found
}

const statusOf = (replies: [error: Error | null, result: unknown][] | null, where: string): BoardInRedis => {
  const [meta, rows] = (replies ?? []).map(([error, reply]) => {
    if (error === null) return reply
    // A key that something else has written holds no board: it is shown as one that is not there.
    if (error.message.startsWith('WRONGTYPE')) return undefined
    throw redisError(error, where)
  })
  const fields = hashOf(meta)
  return { stored: storedMetaOf(fields), rows: Number(rows ?? 0), updatedAt: wholeNumber(fields.get('updated_at')) }
}
