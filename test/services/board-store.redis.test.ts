import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys } from '../../src/redis/keys.js'
import { type BoardStores, boardStoreConformance } from '../conformance/board-store.js'
import { RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'

// The server of the environment, or one of our own. Boards stand under a prefix of each test's own.
let url = process.env.RANKTIDE_TEST_REDIS ?? ''
let server: RedisServer | undefined
// A cluster of one node refuses keys of different slots in one command just as a large one does.
let cluster: RedisServer | undefined
beforeAll(async () => {
  if (url === '') {
    server = await RedisServer.start()
    url = server.url
  }
  cluster = await RedisServer.start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  const plain = cluster.client()
  await plain.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the cluster', async () => String(await plain.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  plain.disconnect()
})
afterAll(() => Promise.all([server?.down(), cluster?.down()]))

const storesOn = async (client: RedisClient, server: string): Promise<BoardStores> => {
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

boardStoreConformance('Redis', () => storesOn(new RedisClient({ kind: 'url', url }), url))

boardStoreConformance('Redis Cluster', async () => {
  const { port = 0, url: node = '' } = cluster ?? {}
  const nodes = [{ host: '127.0.0.1', port }]
  return storesOn(new RedisClient({ kind: 'cluster', nodes, login: { tls: false } }), node)
})
