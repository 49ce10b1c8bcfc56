import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisClient } from '../../src/redis/client.js'
import { HealRequests } from '../../src/redis/heal-requests.js'
import { feedKeys } from '../../src/redis/keys.js'
import { redisKinds, type TestRedis } from '../support/built-in-server.js'

const { heal: key } = feedKeys('ranktide', 'webook')

describe.each(redisKinds)('requests to repair boards, on %s', (_name, start) => {
  let server: TestRedis
  let plain: Redis
  let client: RedisClient
  beforeAll(async () => {
    server = await start()
    plain = server.client()
    client = new RedisClient({ kind: 'url', url: server.url })
    await client.connected()
  })
  afterAll(async () => {
    client.close()
    plain.disconnect()
    await server.down()
  })

  it('are taken once, all together, and are pending until then', async () => {
    const requests = new HealRequests(client, 'ranktide', 'webook')
    expect(await requests.take()).toEqual([])
    await requests.ask(['likes', 'reads'])
    await requests.ask(['likes'])
    expect(await requests.pending()).toBe(true)
    expect([...(await requests.take())].sort()).toEqual(['likes', 'reads'])
    expect(await requests.pending()).toBe(false)
    expect(await requests.take()).toEqual([])
  })

  it('do not outlive a minute, so that an owner who comes later is not surprised', async () => {
    await new HealRequests(client, 'ranktide', 'webook').ask(['likes'])
    const left = await plain.pttl(key)
    expect(left).toBeGreaterThan(50_000)
    expect(left).toBeLessThanOrEqual(60_000)
  })

  it('are none where the key holds something else', async () => {
    await plain.set(key, 'foreign')
    expect(await new HealRequests(client, 'ranktide', 'webook').take()).toEqual([])
    expect(await plain.exists(key)).toBe(0)
  })
})
