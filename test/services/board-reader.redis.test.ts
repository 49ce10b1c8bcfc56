import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BoardState, Entry } from '../../src/core/board-content.js'
import { diffBoards, emptyDiff } from '../../src/core/board-diff.js'
import { BoardReader } from '../../src/redis/board-reader.js'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys } from '../../src/redis/keys.js'
import { redisKinds, type TestRedis } from '../support/built-in-server.js'
import { until } from '../support/until.js'

const entry = (member: string, score: string): Entry => ({ member, score, row: `{"id":"${member}"}` })
const metaOf = (state: BoardState) => ({
  status: { state, reason: state === 'exact' ? '' : 'refilling' },
  complete: true,
  positions: new Map([['webook/0', 1]]),
  definition: 'd',
})

describe.each(redisKinds)('a reader of boards, on %s', (_name, start) => {
  let server: TestRedis
  let plain: Redis
  let clients: RedisClient[]
  let store: RedisBoardStore
  let reader: BoardReader
  let skew = 0
  let at = { epoch: 0, version: 0 }
  let content: readonly Entry[] = []

  const connect = async () => {
    const client = new RedisClient({ kind: 'url', url: server.url })
    clients.push(client)
    await client.connected()
    return client
  }
  const readerOf = async (pollEvery: number) =>
    new BoardReader({
      client: await connect(),
      subscriber: await connect(),
      prefix: 'ranktide',
      feed: 'webook',
      boards: ['likes'],
      now: () => performance.now() + skew,
      pollEvery,
    })
  const publish = async (next: readonly Entry[], state: BoardState = 'exact') => {
    const request = {
      board: 'likes',
      epoch: at.epoch,
      base: at.version,
      diff: diffBoards(content, next),
      meta: metaOf(state),
    }
    const [outcome] = await store.publish([request])
    if (outcome?.kind !== 'published') throw new Error(`not published: ${JSON.stringify(outcome)}`)
    at = { ...at, version: outcome.version }
    content = next
  }
  const takeBoard = async () => {
    const taken = await store.take('likes')
    at = taken
    content = taken.entries
  }
  const ageOf = () => reader.read('likes')?.age ?? Number.POSITIVE_INFINITY

  beforeEach(async () => {
    server = await start()
    plain = server.client()
    plain.on('error', () => {})
    clients = []
    skew = 0
    store = new RedisBoardStore({ client: await connect(), prefix: 'ranktide', feed: 'webook', owner: () => 'a:1' })
    reader = await readerOf(200)
    await takeBoard()
  })
  afterEach(async () => {
    reader.stop()
    for (const client of clients) client.close()
    plain.disconnect()
    await server.down()
  })

  it('has nothing before the first publish, then the whole board with its status', async () => {
    reader.start()
    await until(
      'a look',
      async () => Number((await plain.info('commandstats')).match(/cmdstat_hget:calls=(\d+)/)?.[1]) > 1,
    )
    expect(reader.read('likes')).toBeUndefined()
    expect(reader.read('other')).toBeUndefined()
    await publish([entry('1', '10'), entry('2', '5')])
    await until('the board', () => reader.read('likes') !== undefined)
    expect(reader.read('likes')).toMatchObject({
      entries: [
        { member: '2', score: '5', row: '{"id":"2"}' },
        { member: '1', score: '10', row: '{"id":"1"}' },
      ],
      version: at.version,
      meta: { status: { state: 'exact', reason: '' }, complete: true },
    })
  })

  it('knows a board that the owner of now does not keep from one that is not read yet', async () => {
    reader = new BoardReader({
      client: await connect(),
      subscriber: await connect(),
      prefix: 'ranktide',
      feed: 'webook',
      boards: ['likes', 'reads'],
      pollEvery: 50,
    })
    const unkept = () => ['likes', 'reads', 'other'].filter((board) => reader.isUnkept(board))
    expect(unkept()).toEqual([])
    reader.start()
    await publish([entry('1', '10')])
    await until('the board', () => reader.read('likes') !== undefined)
    // Nobody has confirmed anything: the feed's first owner may be about to publish it.
    expect(unkept()).toEqual([])
    await store.confirm(new Map())
    await until('the heartbeat', () => unkept().length > 0)
    expect(unkept()).toEqual(['reads'])
  })

  it('follows each change within a moment, by the messages alone', async () => {
    reader = await readerOf(3_600_000)
    await publish([entry('1', '1')])
    reader.start()
    const changes: string[] = []
    reader.changes$.subscribe((board) => changes.push(board))
    await until('the board', () => reader.read('likes')?.version === at.version)
    for (let score = 2; score < 20; score++) await publish([entry('1', String(score))])
    await until('the last change', () => reader.read('likes')?.version === at.version)
    expect(reader.read('likes')?.entries).toEqual([entry('1', '19')])
    expect(new Set(changes)).toEqual(new Set(['likes']))
    await publish([entry('1', '19')], 'stale')
    await until('the status', () => reader.read('likes')?.meta.status.state === 'stale')
  })

  it('follows a change whose message was lost, by polling', async () => {
    await publish([entry('1', '1')])
    reader.start()
    await until('the board', () => reader.read('likes')?.version === at.version)
    // Written past the script: no message.
    const { zset, meta } = boardKeys('ranktide', 'likes')
    await plain
      .multi()
      .zadd(zset, 7, '1')
      .hset(meta, 'version', at.version + 1)
      .exec()
    await until('the change', () => reader.read('likes')?.version === at.version + 1)
    expect(reader.read('likes')?.entries[0]?.score).toBe('7')
  })

  it('tells the time since the last confirmation, for boards that are the table', async () => {
    await publish([entry('1', '1')])
    reader.start()
    await until('the board', () => reader.read('likes') !== undefined)
    await until('an age from the publish', () => ageOf() < 2_000)
    await until('the age to grow', () => ageOf() > 700)
    await store.confirm(new Map())
    await until('the heartbeat', () => ageOf() < 500)
    // A board that is stale is not confirmed by the heartbeat of its feed.
    await publish(content, 'stale')
    await until('the status', () => reader.read('likes')?.meta.status.state === 'stale')
    await until('the age to grow', async () => {
      await store.confirm(new Map())
      return ageOf() > 1_000
    })
  })

  it('keeps the last board with its true age while Redis hangs and while it is down', async () => {
    await publish([entry('1', '1')])
    reader.start()
    await until('the board', () => ageOf() < 2_000)
    const before = reader.read('likes')
    server.pause()
    const first = ageOf()
    await until('the age to grow', () => ageOf() > first + 300)
    server.resume()
    await server.down()
    skew += 60_000
    expect(reader.read('likes')?.entries).toEqual(before?.entries)
    expect(ageOf()).toBeGreaterThan(60_000)
    // Back, but empty: the last board stays until the owner has put it back.
    await server.up()
    await until('the server', async () => (await plain.ping().catch(() => '')) === 'PONG')
    await until(
      'a look at the empty server',
      async () => Number((await plain.info('commandstats')).match(/cmdstat_hgetall:calls=(\d+)/)?.[1]) > 1,
    )
    expect(reader.read('likes')?.entries).toEqual(before?.entries)
    await until('the store to answer', () =>
      takeBoard().then(
        () => true,
        () => false,
      ),
    )
    await publish([entry('9', '9')])
    await until('the new board', () => reader.read('likes')?.entries[0]?.member === '9')
    await until('a young age', () => ageOf() < 5_000)
  })

  it('does not count a confirmation for content that Redis no longer holds', async () => {
    await publish([entry('1', '1')])
    reader.start()
    await until('the board', () => reader.read('likes') !== undefined)
    const [outcome] = await store.publish([
      { board: 'likes', epoch: at.epoch, base: at.version, diff: emptyDiff, meta: metaOf('exact') },
    ])
    expect(outcome).toEqual({ kind: 'published', version: at.version })
    await plain.hdel(boardKeys('ranktide', 'likes').meta, 'version', 'epoch')
    const before = ageOf()
    await until('the age to grow in spite of heartbeats', async () => {
      await store.confirm(new Map())
      return ageOf() > before + 1_000
    })
  })
})
