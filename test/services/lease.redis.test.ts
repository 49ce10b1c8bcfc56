import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RedisClient } from '../../src/redis/client.js'
import { feedKeys } from '../../src/redis/keys.js'
import { Lease, type LeaseState } from '../../src/redis/lease.js'
import { redisKinds, type TestRedis } from '../support/built-in-server.js'
import { until } from '../support/until.js'

const { lease: key } = feedKeys('ranktide', 'webook')

describe.each(redisKinds)('the lease of a feed, on %s', (_name, start) => {
  let server: TestRedis
  let plain: Redis
  const closing: (() => Promise<void> | void)[] = []
  beforeAll(async () => {
    server = await start()
    plain = server.client()
    plain.on('error', () => {})
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
    await until('Redis to answer', async () => (await plain.ping().catch(() => '')) === 'PONG')
    await plain.flushall()
  })
  afterAll(async () => {
    plain.disconnect()
    await server.down()
  })

  /** A replica of that name, with a clock that can be set forward as if the process had been stopped. */
  const replica = async (instance: string, options: { life?: number; renewEvery?: number; margin?: number } = {}) => {
    const client = new RedisClient({ kind: 'url', url: server.url })
    await client.connected()
    let skew = 0
    const now = () => performance.now() + skew
    const skip = (ms: number) => {
      skew += ms
    }
    const lease = new Lease({ client, prefix: 'ranktide', feed: 'webook', instance, now, ...options })
    const states: LeaseState[] = []
    lease.state$.subscribe((state) => states.push(state))
    closing.push(async () => {
      await lease.stop()
      client.close()
    })
    return { lease, states, client, skip }
  }
  /** How often replicas have asked for the lease so far. */
  const attempts = async () => Number((await plain.info('commandstats')).match(/cmdstat_get:calls=(\d+)/)?.[1])
  const held = (replicas: { lease: Lease }[]) => replicas.map(({ lease }) => lease.holds())

  it('is held by one replica at a time, and handed over at once when it is given back', async () => {
    const a = await replica('a')
    const b = await replica('b')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    b.lease.start()
    expect(await plain.get(key)).toBe(a.lease.owner())
    await until('renewals', async () => (await plain.pttl(key)) < 2_500)
    await until('a renewal', async () => (await plain.pttl(key)) > 2_500)
    expect(held([a, b])).toEqual([true, false])
    const since = performance.now()
    await a.lease.stop()
    expect(held([a, b])).toEqual([false, false])
    await until('b to hold', () => b.lease.holds())
    expect(performance.now() - since).toBeLessThan(1_000)
    expect(a.states).toEqual(['asking', 'held', 'standby'])
    expect(b.states).toEqual(['asking', 'standby', 'held'])
  })

  it('that nobody has is held at the first answer, and another one is known to stand by at its own', async () => {
    const a = await replica('a')
    const b = await replica('b')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    const first = b.lease.owner()
    b.lease.start()
    await until('b to stand by', () => b.states.at(-1) === 'standby')
    expect([a.states, b.states]).toEqual([
      ['asking', 'held'],
      ['asking', 'standby'],
    ])
    expect(b.lease.owner()).toBe(first)
    await b.lease.stop()
    expect(await plain.get(key)).toBe(a.lease.owner())
  })

  it('that is doubted is not held until Redis has said whose it is, which is asked at once', async () => {
    const a = await replica('a', { renewEvery: 60_000, life: 120_000 })
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    a.lease.doubt()
    expect(a.lease.holds()).toBe(false)
    await until('a to hold again', () => a.lease.holds())
    await plain.set(key, 'b:token')
    a.lease.doubt()
    await until('a to stand by', () => a.states.at(-1) === 'standby')
    expect(a.states).toEqual(['asking', 'held', 'suspended', 'held', 'suspended', 'standby'])
  })

  it('passes on within its life when its holder dies', async () => {
    const a = await replica('a')
    const b = await replica('b')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    b.lease.start()
    a.client.close()
    const since = performance.now()
    await until('b to hold', () => b.lease.holds())
    expect(performance.now() - since).toBeLessThan(3_500)
    // The dead one had stopped by its own clock before.
    expect(a.lease.holds()).toBe(false)
    expect(a.states).toEqual(['asking', 'held', 'suspended'])
  })

  it('is taken back at once by the same instance name, under another id, and only at its start', async () => {
    const old = await replica('a')
    old.lease.start()
    await until('the old process to hold', () => old.lease.holds())
    const restarted = await replica('a')
    const since = performance.now()
    restarted.lease.start()
    await until('the new process to hold', () => restarted.lease.holds())
    expect(performance.now() - since).toBeLessThan(1_000)
    expect(restarted.lease.owner()).not.toBe(old.lease.owner())
    await until('the old process to notice', () => old.states.at(-1) === 'standby')
    // Two processes of one name by mistake: they do not take it from each other in turn.
    const before = await attempts()
    await until('some attempts of both', async () => (await attempts()) > before + 12)
    expect(held([old, restarted])).toEqual([false, true])
    expect(restarted.states).toEqual(['asking', 'held'])
  })

  it('is not taken from a holder whose name only begins or ends like its own', async () => {
    await plain.set(key, 'a:b:token', 'PX', 60_000)
    const a = await replica('a')
    const b = await replica('b')
    const before = await attempts()
    a.lease.start()
    b.lease.start()
    await until('some attempts', async () => (await attempts()) > before + 4)
    expect(held([a, b])).toEqual([false, false])
    expect(await plain.get(key)).toBe('a:b:token')
  })

  it('does not stand for ever when a foreign write took its end away', async () => {
    await plain.set(key, 'nobody:1')
    const a = await replica('a', { life: 300, margin: 50, renewEvery: 100 })
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
  })

  it('is over by the own clock as soon as its life is, without asking Redis or any timer', async () => {
    const a = await replica('a', { renewEvery: 60_000 })
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    a.skip(2_400)
    expect(a.lease.holds()).toBe(true)
    a.skip(150)
    expect(a.lease.holds()).toBe(false)
  })

  it('is lost by a holder that was stopped beyond its life, which then stands by under a new id', async () => {
    // It renews so late that the lease is over before: as if its process had been stopped.
    const a = await replica('a', { life: 600, margin: 100, renewEvery: 2_000 })
    const b = await replica('b', { life: 600, margin: 100, renewEvery: 200 })
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    const first = a.lease.owner()
    b.lease.start()
    await until('b to hold', () => {
      expect(held([a, b])).not.toEqual([true, true])
      return b.lease.holds()
    })
    expect(a.states).toEqual(['asking', 'held', 'suspended'])
    await until('a to stand by', () => a.states.at(-1) === 'standby')
    expect(a.lease.owner()).not.toBe(first)
    expect(held([a, b])).toEqual([false, true])
  })

  it('is suspended while Redis hangs, and held again under the same id when nobody has taken it', async () => {
    const a = await replica('a')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    const owner = a.lease.owner()
    const pausedAt = performance.now()
    server.pause()
    try {
      await until('the suspension', () => a.states.at(-1) === 'suspended')
      // Before Redis could have let anybody else in.
      expect(performance.now() - pausedAt).toBeLessThan(3_000)
      expect(a.lease.holds()).toBe(false)
    } finally {
      server.resume()
    }
    await until('a to hold again', () => a.lease.holds())
    expect(a.lease.owner()).toBe(owner)
    expect(a.states).toEqual(['asking', 'held', 'suspended', 'held'])
  })

  it('is suspended while Redis is down and held again after its restart, which has forgotten it', async () => {
    const a = await replica('a')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    await server.down()
    await until('the suspension', () => a.states.at(-1) === 'suspended')
    await server.up()
    await until('a to hold again', () => a.lease.holds())
    expect(a.states).toEqual(['asking', 'held', 'suspended', 'held'])
  })

  it('stays with its holder when Redis is flushed', async () => {
    const a = await replica('a')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    await plain.flushall()
    await until('the lease to be back', async () => (await plain.get(key)) === a.lease.owner())
    expect(a.states).toEqual(['asking', 'held'])
  })

  it('gives back only what is its own', async () => {
    const a = await replica('a')
    a.lease.start()
    await until('a to hold', () => a.lease.holds())
    await plain.set(key, 'b:other')
    await a.lease.stop()
    expect(await plain.get(key)).toBe('b:other')
  })
})
