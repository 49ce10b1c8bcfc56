// How `explain` asks the three and puts them together, with a table and a stream in memory and the built-in Redis.
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import { groupName } from '../../src/core/group-name.js'
import type { Image } from '../../src/core/table.js'
import type { Session } from '../../src/databases/mysql/connection.js'
import { BuiltInRedis } from '../../src/demo/redis/built-in-redis.js'
import { explain } from '../../src/operate/explain.js'
import { openServers, type Servers } from '../../src/operate/open-servers.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys, feedKeys } from '../../src/redis/keys.js'
import { canalMessage, scores } from '../support/canal-messages.js'
import { configOf } from '../support/inspected-boards.js'

vi.mock('../../src/operate/open-servers.js', () => ({ openServers: vi.fn() }))

const config = configOf(`
kafka: { brokers: localhost:9092 }
database: { url: mysql://root:hunter2@localhost/shop }
redis: { url: redis://localhost, prefix: p }
boards:
  top: { topic: t, table: scores, score: score, size: 2 }
  each: { topic: t, table: scores, score: score, size: 2, per: name }
`)

const plain: BoardSpec = {
  name: 'top',
  table: scores,
  direction: 'desc',
  ties: 'newest',
  size: 2,
  display: [0, 1, 2],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

let redis: BuiltInRedis
let client: RedisClient

const meta = (version: number, positions: number) => ({
  state: 'exact',
  reason: '',
  epoch: '1',
  owner: 'pod-1:a',
  version: String(version),
  confirmed_at: '1000',
  positions: JSON.stringify({ 't/0': positions }),
  complete: '1',
  definition: 'another',
})

beforeAll(async () => {
  redis = await BuiltInRedis.start()
  client = new RedisClient({ kind: 'url', url: `redis://127.0.0.1:${redis.port}` })
  await client.connected()
  const [top, each] = [boardKeys('p', 'top'), boardKeys('p', 'each')]
  const ofAnn = boardKeys('p', groupName('each', 'ann'))
  await client.call(async (raw) => {
    await raw.hset(top.meta, meta(7, 3))
    await raw.hset(each.meta, meta(8, 3))
    await raw.hset(ofAnn.meta, { ...meta(4, 2), owner: 'pod-1:b' })
    for (const { zset, rows } of [top, ofAnn]) {
      await raw.zadd(zset, 50, '1')
      await raw.hset(rows, '1', '{"id":1,"score":50,"name":"ann"}')
    }
  })
})

beforeEach(async () => {
  const versions = { top: 7, each: 8 }
  const heartbeat = { at: Date.now(), owner: 'pod-1:a', positions: { 't/0': 5 }, versions }
  await client.call((raw) => raw.set(feedKeys('p', 't').heartbeat, JSON.stringify(heartbeat)))
})

afterAll(async () => {
  client.close()
  await redis.close()
})

/** Rows that the table has, one look after the other; the stream holds five messages, all of them of row 1. */
const serve = (spec: BoardSpec | undefined, ...rows: readonly (Image | null)[]) => {
  const left = [...rows]
  const session = {
    query: () => Promise.resolve({ rows: [left.shift() ?? rows.at(-1)].filter((row) => row !== null) }),
  }
  const value = canalMessage({ data: [{ id: '1', score: '50', name: 'ann' }] })
  const servers = {
    database: {
      resolve: () =>
        spec === undefined
          ? Promise.reject(new RanktideError('DATABASE_UNREACHABLE', 'refused'))
          : Promise.resolve([spec]),
      primary: { use: <T>(work: (one: Session) => T) => work(session as unknown as Session) },
    },
    redis: client,
    kafka: {
      partitions: () => Promise.resolve(['t/0']),
      ends: () => Promise.resolve(new Map([['t/0', 5]])),
      beginnings: () => Promise.resolve(new Map([['t/0', 0]])),
      offsetsAt: () => Promise.resolve(new Map([['t/0', 0]])),
      read: (from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>, each: (message: unknown) => void) => {
        for (let offset = from.get('t/0') ?? 0; offset < (to.get('t/0') ?? 0); offset += 1)
          each({ topic: 't', partition: 0, offset, key: null, value, timestamp: 1_000 + offset })
        return Promise.resolve()
      },
    },
    close: () => Promise.resolve(),
  }
  vi.mocked(openServers).mockResolvedValue(servers as unknown as Servers)
}

const ask = (board: string, per?: string) => explain(config, { board, key: '1', per, scanMs: 60_000 }, () => {})

test('a member: table, stream, and Redis as of the heartbeat that vouches for it', async () => {
  serve(plain, ['1', '50', 'ann'])
  expect(await ask('top')).toMatchObject({
    conclusion: { verdict: 'on-board', sentence: 'on the board: rank 1 of 1, score 50' },
    standing: { rank: 1, ties: 0, last: null, needs: null },
    stream: { searched: 5, change: { offset: 4, sameAsTable: true, applied: true } },
    redis: { state: 'exact', version: 7, owner: 'pod-1:a', positions: { 't/0': 5 }, entry: { rank: 1 } },
    notes: [expect.stringContaining('another definition')],
    problems: [],
  })
})

test('the group of a split board has a version and an owner of its own, and what vouches for the board counts for it', async () => {
  serve({ ...plain, name: 'each', per: 2 }, ['1', '50', 'ann'])
  expect(await ask('each')).toMatchObject({
    per: 'ann',
    conclusion: { verdict: 'on-board' },
    redis: { state: 'exact', version: 4, owner: 'pod-1:b', positions: { 't/0': 5 }, rows: 1 },
  })
  serve({ ...plain, name: 'each', per: 2 }, ['1', '50', 'ann'])
  // A group that is not there has no rows; the board says how it is.
  expect((await ask('each', 'bob')).redis).toMatchObject({ state: 'exact', version: null, owner: 'pod-1:a', rows: 0 })
})

test('what differs is looked at once more, and only what came since is searched again', async () => {
  serve(plain, ['1', '60', 'ann'], ['1', '50', 'ann'])
  expect(await ask('top')).toMatchObject({
    conclusion: { verdict: 'on-board' },
    stream: { searched: 5, change: { offset: 4 } },
  })
})

test('without the table: what Redis holds', async () => {
  serve(undefined)
  expect(await ask('top')).toMatchObject({
    table: null,
    conclusion: { verdict: 'unknown', sentence: 'the table could not be asked: Redis holds it with score 50' },
    redis: { entry: { rank: 1, score: '50' } },
    problems: [{ server: 'database', code: 'DATABASE_UNREACHABLE' }],
  })
})
