import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys } from '../../src/redis/keys.js'
import { boardStoreConformance } from '../conformance/board-store.js'
import { RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'

// The server of the environment, or one of our own. Boards stand under a prefix of each test's own.
let url = process.env.RANKTIDE_TEST_REDIS ?? ''
let server: RedisServer | undefined
beforeAll(async () => {
  if (url !== '') return
  server = await RedisServer.start()
  url = server.url
})
afterAll(() => server?.down())

boardStoreConformance('Redis', async () => {
  const prefix = `test-${randomBytes(6).toString('hex')}`
  const client = new RedisClient({ kind: 'url', url })
  const plain = new Redis(url, { protocol: 2 })
  const listener = new Redis(url, { protocol: 2 })
  const told = new Map<string, number[]>()
  await listener.psubscribe(`${prefix}:*`)
  listener.on('pmessage', (_pattern, channel, version) =>
    told.set(channel, [...(told.get(channel) ?? []), Number(version)]),
  )
  await client.connected()
  const clear = async () => {
    const keys = await plain.keys(`${prefix}:*`)
    if (keys.length > 0) await plain.del(...keys)
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
})
