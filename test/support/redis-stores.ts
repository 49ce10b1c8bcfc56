/** Stores of one board's replicas on a server, under a prefix of their own, for the suite that every store passes. */
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import type { RedisClient } from '../../src/redis/client.js'
import { boardKeys } from '../../src/redis/keys.js'
import type { BoardStores } from '../conformance/board-store.js'
import { until } from './until.js'

/** `client` is closed with the stores; `server`: its URL, for looking past it. */
export const storesOn = async (client: RedisClient, server: string): Promise<BoardStores> => {
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const plain = new Redis(server, { protocol: 2 })
  const listener = new Redis(server, { protocol: 2 })
  const told = new Map<string, number[]>()
  await listener.psubscribe(`${prefix}:*`)
  listener.on('pmessage', (_pattern, channel, version) =>
    told.set(channel, [...(told.get(channel) ?? []), Number(version)]),
  )
  await client.connected()
  const clear = async () => {
    const keys = await plain.keys(`${prefix}:*`)
    for (const key of keys) await plain.del(key)
  }
  return {
    store: (owner) => new RedisBoardStore({ client, prefix, feed: 'webook', owner: () => owner }),
    flush: clear,
    told: (board) => told.get(boardKeys(prefix, board).changes) ?? [],
    intrude: async (board, member, row) => {
      const keys = boardKeys(prefix, board)
      await plain.zadd(keys.zset, 1, member)
      await plain.hset(keys.rows, `stray-${member}`, row)
    },
    close: async () => {
      await clear()
      client.close()
      await Promise.all([plain, listener].map((redis) => redis.quit()))
      await until('connections closed', () => plain.status === 'end' && listener.status === 'end')
    },
  }
}
