import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Entry } from '../../src/core/board-content.js'
import { diffBoards, emptyDiff } from '../../src/core/board-diff.js'
import type { BoardMeta, PublishRequest } from '../../src/operators/ports.js'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys, feedKeys } from '../../src/redis/keys.js'
import { RedisServer } from '../support/redis-server.js'
import { until } from '../support/until.js'

const keys = boardKeys('ranktide', 'likes')
const meta: BoardMeta = {
  status: { state: 'exact', reason: '' },
  complete: true,
  positions: new Map([['webook.interactives/0', 5]]),
  definition: 'd',
}
const entry = (member: string, score: string): Entry => ({ member, score, row: `{"id":"${member}"}` })

describe('what the scripts do on Redis', () => {
  let server: RedisServer
  let plain: Redis
  let client: RedisClient
  let store: RedisBoardStore
  let time = 0
  beforeAll(async () => {
    server = await RedisServer.start()
    plain = server.client()
    client = new RedisClient({ kind: 'url', url: server.url })
    await client.connected()
  })
  beforeEach(() => {
    store = new RedisBoardStore({ client, prefix: 'ranktide', feed: 'webook', owner: () => 'a:1', now: () => time })
  })
  afterEach(() => plain.flushall())
  afterAll(async () => {
    client.close()
    plain.disconnect()
    await server.down()
  })

  const request = (at: { epoch: number; version: number }, diff = emptyDiff, to = meta): PublishRequest => ({
    board: 'likes',
    epoch: at.epoch,
    base: at.version,
    diff,
    meta: to,
  })
  const step = async (at: { epoch: number; version: number }, diff = emptyDiff, to = meta) => {
    const [outcome] = await store.publish([request(at, diff, to)])
    if (outcome?.kind !== 'published') throw new Error(`not published: ${JSON.stringify(outcome)}`)
    return { epoch: at.epoch, version: outcome.version }
  }
  /** The commands that Redis ran while `action` did, as MONITOR tells them, but for the scripts' own calls. */
  const monitored = async (action: () => Promise<unknown>): Promise<string[][]> => {
    const seen: string[][] = []
    const monitor = await plain.duplicate().monitor()
    monitor.on('monitor', (_time: string, command: string[]) => seen.push(command))
    await action()
    await plain.echo('end')
    await until('the end of the commands', () => seen.some(([name]) => name === 'echo'))
    monitor.disconnect()
    return seen.filter(([name]) => !/^(eval|evalsha|echo)$/i.test(name ?? ''))
  }
  const writes = (commands: string[][]) => commands.filter(([name]) => !/^(hmget|time|zcard)$/i.test(name ?? ''))

  it('sends exactly the difference: what leaves first, nothing that stays', async () => {
    const before = [entry('1', '10'), entry('2', '20'), entry('3', '30')]
    const at = await step(await store.take('likes'), diffBoards([], before))
    const next = [entry('2', '20'), { ...entry('3', '30'), row: '{"id":"3","x":1}' }, entry('4', '9007199254740993')]
    let version = 0
    const commands = await monitored(async () => {
      version = (await step(at, diffBoards(before, next))).version
    })
    const [hset, publish] = writes(commands).slice(4)
    expect(writes(commands).slice(0, 4)).toEqual([
      ['ZREM', keys.zset, '1'],
      ['HDEL', keys.rows, '1'],
      ['ZADD', keys.zset, '9007199254740993', '4'],
      ['HSET', keys.rows, '3', '{"id":"3","x":1}', '4', '{"id":"4"}'],
    ])
    expect(hset?.slice(0, 2)).toEqual(['HSET', keys.meta])
    expect(publish).toEqual(['PUBLISH', keys.changes, String(version)])
    expect(writes(commands)).toHaveLength(6)
  })

  it('sends a changed score without the row, and no key of the board but meta for new positions', async () => {
    const at = await step(await store.take('likes'), diffBoards([], [entry('1', '10')]))
    const scores = await monitored(() => step(at, { leave: [], scores: [{ member: '1', score: '11' }], rows: [] }))
    expect(writes(scores).map(([name, key]) => [name, key])).toEqual([
      ['ZADD', keys.zset],
      ['HSET', keys.meta],
      ['PUBLISH', keys.changes],
    ])
    const taken = await store.take('likes')
    const positions = await monitored(() => step(taken))
    expect(writes(positions).map(([name, key]) => [name, key])).toEqual([['HSET', keys.meta]])
  })

  it('writes nothing when it refuses', async () => {
    const at = await store.take('likes')
    const commands = await monitored(async () => {
      const diff = diffBoards([], [entry('1', '1')])
      await store.publish([request({ ...at, version: 1 }, diff), request({ ...at, epoch: 1 }, diff)])
    })
    expect(commands.map(([name]) => name)).toEqual(['HMGET', 'ZRANGE', 'HGETALL', 'HMGET'])
  })

  it('keeps a full board of 128 in its small encoding: nothing enters before something has left', async () => {
    const members = Array.from({ length: 128 }, (_, i) => entry(String(i), String(i)))
    const at = await step(await store.take('likes'), diffBoards([], members))
    expect(await plain.object('ENCODING', keys.zset)).toBe('listpack')
    await step(at, diffBoards(members, [...members.slice(1), entry('new', '999')]))
    expect(await plain.zcard(keys.zset)).toBe(128)
    expect(await plain.object('ENCODING', keys.zset)).toBe('listpack')
  })

  it('keeps numbers longer than 14 digits', async () => {
    const at = await step(await store.take('likes'))
    const versions = { epoch: 9007199254740001, version: 9007199254740101 }
    await plain.hset(keys.meta, { epoch: String(versions.epoch), version: String(versions.version) })
    const taken = await store.take('likes')
    expect(taken).toMatchObject({ epoch: versions.epoch + 1, version: versions.version })
    expect((await step(taken, diffBoards([], [entry('1', '1')]))).version).toBe(versions.version + 1)
    expect(await plain.hget(keys.meta, 'version')).toBe('9007199254740102')
    expect(at.version).toBeLessThan(versions.version)
  })

  it('takes epochs and versions from the clock where what is stored is no number', async () => {
    for (const rubbish of ['', 'x', '1e300', '-5', 'nan', '99999999999999999999']) {
      await plain.hset(keys.meta, { epoch: rubbish, version: rubbish })
      const before = Date.now() - 1_000
      const taken = await store.take('likes')
      expect(taken.epoch).toBeGreaterThan(before)
      expect(taken.version).toBeGreaterThan(before)
      expect(taken.epoch).toBeLessThan(before + 60_000)
    }
  })

  it('writes into meta what people and a new owner read', async () => {
    await step(await store.take('likes'), diffBoards([], [entry('1', '1'), entry('2', '2')]), {
      ...meta,
      newest: new Map([['webook.interactives/0', 1_700_000_000_000]]),
    })
    const stored = await plain.hgetall(keys.meta)
    expect(stored).toMatchObject({
      state: 'exact',
      reason: '',
      owner: 'a:1',
      complete: '1',
      n: '2',
      positions: '{"webook.interactives/0":5}',
      es: '{"webook.interactives/0":1700000000000}',
    })
    expect(Math.abs(Number(stored.updated_at) - Date.now())).toBeLessThan(5_000)
  })

  it('heals a key of another type: it is replaced, and the owner told what is there', async () => {
    const mine = [entry('1', '1'), entry('2', '2')]
    for (const key of [keys.zset, keys.rows]) {
      const at = await step(await store.take('likes'), diffBoards((await store.inspect('likes'))?.entries ?? [], mine))
      await plain.set(key, 'foreign')
      const found = await store.inspect('likes')
      expect(diffBoards(found?.entries ?? [], mine)).not.toEqual(emptyDiff)
      const [outcome] = await store.publish([request(at, diffBoards(found?.entries ?? [], mine))])
      if (outcome?.kind !== 'moved') throw new Error(`not moved: ${JSON.stringify(outcome)}`)
      await step({ ...at, version: outcome.version }, diffBoards(outcome.entries, mine))
      expect(diffBoards((await store.inspect('likes'))?.entries ?? [], mine)).toEqual(emptyDiff)
    }
    await plain.set(keys.meta, 'foreign')
    expect(await store.publish([request({ epoch: 1, version: 1 })])).toEqual([{ kind: 'lost' }])
    expect((await store.take('likes')).entries).toHaveLength(2)
  })

  it('removes rows without a place when a board is taken or told anew', async () => {
    const at = await step(await store.take('likes'), diffBoards([], [entry('1', '1')]))
    const strays = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`stray-${i}`, '{}']))
    await plain.hset(keys.rows, strays)
    const [outcome] = await store.publish([request({ ...at, version: 1 })])
    expect(outcome).toMatchObject({ kind: 'moved', entries: [{ member: '1' }] })
    expect(await plain.hkeys(keys.rows)).toEqual(['1'])
    await plain.hset(keys.rows, strays)
    expect((await store.take('likes')).entries).toHaveLength(1)
    expect(await plain.hkeys(keys.rows)).toEqual(['1'])
  })

  it('does not delete a key that was never a board', async () => {
    await plain.set(keys.zset, 'precious')
    await expect(store.take('likes')).rejects.toMatchObject({ code: 'REDIS_FAILED' })
    await expect(store.take('likes')).rejects.toThrow(/holds a string that is no board/)
    expect(await plain.get(keys.zset)).toBe('precious')
    expect(await plain.exists(keys.meta)).toBe(0)
  })

  it('goes on when the server has forgotten the scripts', async () => {
    const at = await store.take('likes')
    await plain.script('FLUSH')
    await step(at, diffBoards([], [entry('1', '1')]))
    expect((await store.inspect('likes'))?.entries).toHaveLength(1)
  })

  describe('the heartbeat', () => {
    const { heartbeat, lease } = feedKeys('ranktide', 'webook')
    const stored = async () => JSON.parse((await plain.get(heartbeat)) ?? '{}')

    it('tells owner, positions and the server time, and goes with its life', async () => {
      await store.confirm(new Map([['webook.interactives/0', 7]]))
      expect(await stored()).toMatchObject({ owner: 'a:1', positions: { 'webook.interactives/0': 7 } })
      expect(Math.abs((await stored()).at - Date.now())).toBeLessThan(5_000)
      expect(await plain.pttl(heartbeat)).toBeGreaterThan(3_600_000)
    })

    it('tells when it was sent, if Redis ran it late', async () => {
      time = 0
      await store.confirm(new Map())
      const first = (await stored()).at
      // The owner's clock stands still while the server's goes on: as if the command had waited in a paused server.
      await until('the server clock to go on', async () => Number((await plain.time())[0]) * 1000 > first + 1_100)
      await store.confirm(new Map())
      expect((await stored()).at).toBe(first)
    })

    it('dates a board that goes stale by the last confirmation, not by when it was told', async () => {
      const at = await step(await store.take('likes'), diffBoards([], [entry('1', '1')]))
      await store.confirm(new Map())
      const confirmed = (await stored()).at
      await until('the server clock to go on', async () => Number((await plain.time())[0]) * 1000 > confirmed + 1_100)
      await step(at, emptyDiff, { ...meta, status: { state: 'stale', reason: 'refilling' } })
      expect(await plain.hget(keys.meta, 'confirmed_at')).toBe(String(confirmed))
    })

    it("is refused while another owner has the feed's lease", async () => {
      await plain.set(lease, 'b:1')
      await expect(store.confirm(new Map())).rejects.toMatchObject({ code: 'LEASE_LOST' })
      expect(await plain.exists(heartbeat)).toBe(0)
      await plain.set(lease, 'a:1')
      await store.confirm(new Map())
      expect(await plain.exists(heartbeat)).toBe(1)
    })
  })
})
