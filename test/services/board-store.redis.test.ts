import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LastReading } from '../../src/core/note.js'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { readFeed } from '../../src/redis/feed-status.js'
import { feedKeys } from '../../src/redis/keys.js'
import { boardStoreConformance } from '../conformance/board-store.js'
import { RedisServer } from '../support/redis-server.js'
import { storesOn } from '../support/redis-stores.js'
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

boardStoreConformance('Redis', () => storesOn(new RedisClient({ kind: 'url', url }), url))

boardStoreConformance('Redis Cluster', async () => {
  const { port = 0, url: node = '' } = cluster ?? {}
  const nodes = [{ host: '127.0.0.1', port }]
  return storesOn(new RedisClient({ kind: 'cluster', nodes, login: { tls: false } }), node)
})

test('the heartbeat tells when rows of a board were last read, to who looks from outside', async () => {
  const client = new RedisClient({ kind: 'url', url })
  await client.connected()
  const prefix = `readings-${randomUUID()}`
  const at = 1_700_000_000_000
  const readings = new Map<string, LastReading>([
    ['likes', { cause: 'refill', rows: 74, at: at - 4_210 }],
    ['gone', { cause: 'fill', rows: 1, at }],
  ])
  const store = new RedisBoardStore({ client, prefix, feed: 'f', owner: () => 'a:1', readings, clock: () => at })
  await store.confirm(new Map([['t/0', 8]]), new Map([['likes', 5]]))
  const { heartbeat, now } = await readFeed(client, prefix, 'f')
  expect(heartbeat).toMatchObject({ owner: 'a:1', positions: new Map([['t/0', 8]]), versions: new Map([['likes', 5]]) })
  expect([...(heartbeat?.readings.keys() ?? [])]).toEqual(['likes'])
  const { cause, rows, at: read = 0 } = heartbeat?.readings.get('likes') ?? {}
  expect([cause, rows, (heartbeat?.at ?? 0) - read]).toEqual(['refill', 74, 4_210])
  expect(now - (heartbeat?.at ?? 0)).toBeLessThan(5_000)
  await client.call((redis) => redis.del(feedKeys(prefix, 'f').heartbeat))
  client.close()
})
