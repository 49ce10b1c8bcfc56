import { afterAll, beforeAll } from 'vitest'
import { RedisClient } from '../../src/redis/client.js'
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
