import { afterEach, describe, expect, it } from 'vitest'
import type { RanktideError } from '../../src/core/errors.js'
import { RedisClient } from '../../src/redis/client.js'
import { RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'

describe('a connection to Redis', () => {
  const closing: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  const serve = async (...extra: string[]) => {
    const server = await RedisServer.start(...extra)
    closing.push(() => server.down())
    return server
  }
  const open = (url: string) => {
    const client = new RedisClient({ kind: 'url', url })
    closing.push(() => client.close())
    const failures: RanktideError[] = []
    client.failures$.subscribe((error) => failures.push(error))
    return { client, failures }
  }

  it('says that nobody listens, and goes on trying', async () => {
    const server = await serve()
    await server.down()
    const { client, failures } = open(server.url)
    await expect(client.connected()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' })
    await expect(client.call((redis) => redis.ping())).rejects.toThrow(/ECONNREFUSED/)
    await until('another attempt', () => failures.length > 2)
    await server.up()
    await until('the connection', () =>
      client.connected().then(
        () => true,
        () => false,
      ),
    )
    expect(await client.call((redis) => redis.ping())).toBe('PONG')
  })

  it('says that the password is wrong, without showing it', async () => {
    const server = await serve('--requirepass', 'right')
    const { client, failures } = open(server.url.replace('//', '//:s3cr%25t@'))
    await expect(client.connected()).rejects.toMatchObject({ code: 'REDIS_DENIED' })
    await expect(client.call((redis) => redis.ping())).rejects.toMatchObject({ code: 'REDIS_DENIED' })
    expect(failures.map(({ message }) => message).join()).not.toMatch(/s3cr/)
    const { client: anonymous } = open(server.url)
    await expect(anonymous.call((redis) => redis.ping())).rejects.toMatchObject({
      code: expect.stringMatching(/REDIS_/),
    })
    await until('the refusal', () =>
      anonymous
        .call((redis) => redis.get('x'))
        .then(
          () => false,
          (error) => error.code === 'REDIS_DENIED',
        ),
    )
    const { client: right } = open(server.url.replace('//', '//:right@'))
    await right.connected()
    expect(await right.call((redis) => redis.ping())).toBe('PONG')
  })

  it('reads user, password and database from the URL', async () => {
    const server = await serve()
    const plain = server.client()
    closing.push(() => plain.disconnect())
    await plain.acl('SETUSER', 'app', 'on', '>p:w@1', '~*', '&*', '+@all')
    const { client } = open(`redis://app:${encodeURIComponent('p:w@1')}@127.0.0.1:${server.port}/5`)
    await client.connected()
    await client.call((redis) => redis.set('x', '1'))
    expect(await client.call((redis) => redis.call('CLIENT', 'INFO'))).toMatch(/db=5 .*user=app/)
  })

  it('finds the master of a group by its sentinels', async () => {
    const master = await serve()
    const sentinel = await serve('--sentinel')
    const admin = sentinel.client()
    closing.push(() => admin.disconnect())
    await admin.call('SENTINEL', 'MONITOR', 'boards', '127.0.0.1', String(master.port), '1')
    const client = new RedisClient({
      kind: 'sentinels',
      sentinels: [{ host: '127.0.0.1', port: sentinel.port }],
      name: 'boards',
      login: { tls: false },
      sentinelLogin: {},
    })
    closing.push(() => client.close())
    await client.connected()
    expect(await client.call((redis) => redis.call('CONFIG', 'GET', 'port'))).toEqual(['port', String(master.port)])
  })

  it.each(['http://x', 'localhost:6379', 'redis://h/name'])('refuses the URL %s', (url) => {
    expect(() => new RedisClient({ kind: 'url', url })).toThrow(/redis.url/)
  })

  it('gives up on a server that hangs within the deadline, on old and on new connections', async () => {
    const server = await serve()
    const { client } = open(server.url)
    await client.connected()
    server.pause()
    for (const deadline of [300, 300]) {
      const since = performance.now()
      await expect(client.call((redis) => redis.ping(), deadline)).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' })
      expect(performance.now() - since).toBeLessThan(deadline + 300)
    }
    const { client: late } = open(server.url)
    await expect(late.connected(500)).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' })
    server.resume()
    await until('answers', () =>
      client
        .call((redis) => redis.ping())
        .then(
          () => true,
          () => false,
        ),
    )
    await until('answers to the new one', () =>
      late
        .call((redis) => redis.ping())
        .then(
          () => true,
          () => false,
        ),
    )
  })

  it('drops a socket that hangs, so that a server that came back elsewhere is found', async () => {
    const server = await serve()
    const { client, failures } = open(server.url)
    await client.connected()
    server.pause()
    await client.call((redis) => redis.ping(), 100).catch(() => {})
    await until('the socket given up', () => failures.length > 0, 5_000)
    expect(failures[0]?.code).toBe('REDIS_UNREACHABLE')
    server.resume()
  })

  it('sends nothing again after a lost connection', async () => {
    const server = await serve()
    const { client } = open(server.url)
    await client.connected()
    const plain = server.client()
    closing.push(() => plain.disconnect())
    server.pause()
    const sent = client.call((redis) => redis.incr('count'), 200).catch((error: RanktideError) => error.code)
    expect(await sent).toBe('REDIS_UNREACHABLE')
    server.resume()
    await until('answers', () =>
      client
        .call((redis) => redis.ping())
        .then(
          () => true,
          () => false,
        ),
    )
    await client.call((redis) => redis.ping())
    expect(Number(await plain.get('count'))).toBeLessThanOrEqual(1)
  })

  it('hears messages over reconnections', async () => {
    const server = await serve()
    const { client } = open(server.url)
    const heard: string[] = []
    let connections = 0
    client.subscribe(
      ['news'],
      (channel, text) => heard.push(`${channel} ${text}`),
      () => connections++,
    )
    const plain = server.client()
    plain.on('error', () => {})
    closing.push(() => plain.disconnect())
    await until('the subscription', () => connections === 1)
    await plain.publish('news', '1')
    await until('a message', () => heard.length === 1)
    await server.down()
    await server.up()
    await until('the subscription again', () => connections === 2)
    await until('the other client', async () => (await plain.publish('news', '2').catch(() => 0)) > 0)
    await until('another message', () => heard.length >= 2)
    expect(heard).toEqual(['news 1', 'news 2'])
  })
})
