/** The built-in Redis: the store's own suite over it, and what the protocol owes any client. */
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { BuiltInRedis } from '../../../src/demo/redis/built-in-redis.js'
import { RedisClient } from '../../../src/redis/client.js'
import { boardStoreConformance } from '../../conformance/board-store.js'
import { storesOn } from '../../support/redis-stores.js'
import { until } from '../../support/until.js'

let server: BuiltInRedis
let redis: Redis
beforeAll(async () => {
  server = await BuiltInRedis.start()
  redis = new Redis(server.url, { protocol: 2 })
})
afterAll(async () => {
  redis.disconnect()
  await server.close()
})

// Some 20 µs an argument of a script: with more, a machine that is busy with other tests exceeds the call's deadline.
boardStoreConformance(
  'the built-in Redis',
  () => storesOn(new RedisClient({ kind: 'url', url: server.url }), server.url),
  2_100,
)

describe('the built-in Redis', () => {
  afterEach(() => redis.flushall())

  test('keeps texts and bytes as they came', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 36])
    await redis.set('查询', '成功')
    await redis.hset('h', { bytes })
    expect(await redis.get('查询')).toBe('成功')
    expect((await redis.hgetallBuffer('h')).bytes).toEqual(bytes)
  })

  test('sorts by score, then by the bytes of the member', async () => {
    await redis.zadd('z', 1, 'b', 1, 'B', 0.5, '~', -1, 'a', 1, 'é', 1, '中')
    expect(await redis.zrange('z', 0, '-1')).toEqual(['a', '~', 'B', 'b', 'é', '中'])
    expect(await redis.call('ZRANGE', 'z', 0, 1, 'REV')).toEqual(['中', 'é'])
    expect(await redis.zrange('z', 1, '2', 'WITHSCORES')).toEqual(['~', '0.5', 'B', '1'])
    await redis.zadd('z', 9_007_199_254_740_991, 'a')
    expect(await redis.zscore('z', 'a')).toBe('9007199254740991')
  })

  test('a hash or sorted set without members is no key', async () => {
    await redis.hset('h', 'a', '1')
    await redis.zadd('z', 1, 'a')
    expect(await redis.hdel('h', 'a', 'b')).toBe(1)
    expect(await redis.zrem('z', 'a')).toBe(1)
    expect(await redis.keys('*')).toEqual([])
  })

  test('a key ends when its time has come', async () => {
    expect(await redis.set('k', 'v', 'PX', 30)).toBe('OK')
    expect(await redis.pttl('k')).toBeGreaterThan(0)
    await until('the end of the key', async () => (await redis.get('k')) === null)
    expect(await redis.pttl('k')).toBe(-2)
    await redis.set('k', 'v')
    expect(await redis.pttl('k')).toBe(-1)
  })

  test('a command on a key of another type changes nothing', async () => {
    await redis.set('k', 'v')
    for (const [name, ...args] of [
      ['HSET', 'k', 'a', '1'],
      ['ZADD', 'k', '1', 'a'],
      ['HGETALL', 'k'],
      ['ZRANGE', 'k', '0', '-1'],
    ])
      await expect(redis.call(name ?? '', ...args)).rejects.toThrow('WRONGTYPE')
    expect(await redis.get('k')).toBe('v')
  })

  test.each([
    ['ZADD k GT CH 5 a', 'not a valid float'],
    ['ZADD k 5', 'wrong number of arguments'],
    ['ZADD k 5 a 6', 'wrong number of arguments'],
    ['SET k v KEEPTTL', 'syntax error'],
    ['SET k v PX soon', 'not an integer'],
    ['ZRANGE k 0 -1 BYSCORE', 'syntax error'],
    ['GET', 'wrong number of arguments'],
    ['LPUSH k a', "unknown command 'LPUSH'"],
    ['CONSTRUCTOR', "unknown command 'CONSTRUCTOR'"],
    ['SELECT 3', 'one database'],
  ])('what it does not know is an error, never ignored: %s', async (line, message) => {
    const [name = '', ...args] = line.split(' ')
    await expect(redis.call(name, ...args)).rejects.toThrow(message)
    expect(await redis.keys('*')).toEqual([])
  })

  test('a transaction answers all its commands together, and goes on after one that fails', async () => {
    const replies = await redis.multi().set('a', '1').hset('a', 'f', 'v').get('a').exec()
    expect(replies?.map(([error, reply]) => error?.message.split(' ')[0] ?? reply)).toEqual(['OK', 'WRONGTYPE', '1'])
  })

  test('a script is known by its hash until it is flushed', async () => {
    const sha = String(await redis.script('LOAD', 'return { KEYS[1], ARGV[1], 3.9, true, false, { err = "E x" } }'))
    expect(await redis.script('EXISTS', sha, 'ab')).toEqual([1, 0])
    expect(await redis.evalsha(sha, 1, 'k', 'v')).toMatchObject(['k', 'v', 3, 1, null, { message: 'E x' }])
    await redis.script('FLUSH')
    await expect(redis.evalsha(sha, 1, 'k', 'v')).rejects.toThrow('NOSCRIPT')
  })

  test('a script that fails says why, and the next one runs', async () => {
    await expect(redis.eval('return redis.call("HGET", KEYS[1])', 1, 'k')).rejects.toThrow('wrong number of arguments')
    await expect(redis.eval('return nobody.knows', 0)).rejects.toThrow('nil value')
    await expect(redis.eval('return (', 0)).rejects.toThrow('Error compiling script')
    await expect(redis.eval('return redis.error_reply("MINE no")', 0)).rejects.toThrow('MINE no')
    expect(await redis.eval('return redis.pcall("HGET").err', 0)).toContain('wrong number of arguments')
    expect(await redis.eval('return 7', 0)).toBe(7)
  })

  test('numbers in scripts are those of Lua 5.1: whole up to 2^53, whatever they were made from', async () => {
    const script = `local n = tonumber(ARGV[1])
      return { string.format('%.0f', n + 1), string.format('%.0f', ARGV[1] * 1000), string.format('%.0f', math.floor(n / 2) * 2),
        string.format('%.0f', math.max(n, 1795267021779)) }`
    expect(await redis.eval(script, 0, '2147483647')).toEqual([
      '2147483648',
      '2147483647000',
      '2147483646',
      '1795267021779',
    ])
  })

  test('messages reach channels and patterns, those of scripts too', async () => {
    const listener = new Redis(server.url, { protocol: 2 })
    const heard: string[] = []
    listener.on('message', (channel, message) => heard.push(`${channel} ${message}`))
    listener.on('pmessage', (pattern, channel, message) => heard.push(`${pattern} ${channel} ${message}`))
    await listener.subscribe('a:{b}')
    await listener.psubscribe('a:*')
    expect(await redis.publish('a:{b}', '1')).toBe(2)
    await redis.eval('redis.call("PUBLISH", KEYS[1], ARGV[1])', 1, 'a:c', '2')
    await until('messages', () => heard.length === 3)
    expect(heard).toEqual(['a:{b} 1', 'a:* a:{b} 1', 'a:* a:c 2'])
    await listener.punsubscribe('a:*')
    await listener.unsubscribe()
    expect(await redis.publish('a:{b}', '3')).toBe(0)
    listener.disconnect()
  })

  /** All that the server sends until it ends the connection, or until `enough` came. */
  const raw = (chunks: readonly string[], enough: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1')
      let came = ''
      socket.on('error', reject)
      socket.on('data', (bytes) => {
        came += bytes.toString('latin1')
        if (enough.test(came)) socket.destroy()
      })
      socket.on('close', () => resolve(came))
      const send = ([first, ...rest]: readonly string[]): void => {
        if (first === undefined) return
        socket.write(first, 'latin1')
        setTimeout(() => send(rest), 5)
      }
      send(chunks)
    })

  test('requests may come in pieces, and several at once', async () => {
    const bytes = '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'
    const pieces = [bytes.slice(0, 3), bytes.slice(3, 21), bytes.slice(21, 30), bytes.slice(30)]
    expect(await raw(pieces, /\$2/)).toBe('+OK\r\n$2\r\n\r\n\r\n')
  })

  test('what is not the protocol ends the connection, with a word why, and no other one', async () => {
    expect(await raw(['GET / HTTP/1.1\r\n\r\n'], /never/)).toContain('-ERR Protocol error')
    expect(await redis.ping()).toBe('PONG')
  })
})
