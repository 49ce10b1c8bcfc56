// What the doctor makes of what servers say, and that it says of every fault what to do.
import { describe, expect, test } from 'vitest'
import { errorTable, RanktideError } from '../../src/core/errors.js'
import { adviceFor } from '../../src/operate/doctor-advice.js'
import { judgeCounter } from '../../src/operate/doctor-counters.js'
import { clockFinding } from '../../src/operate/doctor-database.js'
import { advised, failed } from '../../src/operate/doctor-finding.js'
import { judgePlace, topicFinding } from '../../src/operate/doctor-kafka.js'
import { judgeTrip } from '../../src/operate/doctor-marker.js'
import { type Sample, sampleFindings } from '../../src/operate/doctor-messages.js'
import { boardFinding, workerFindings } from '../../src/operate/doctor-owners.js'
import { judgeRights, serverFindings } from '../../src/operate/doctor-redis.js'
import type { BoardInRedis } from '../../src/redis/board-status.js'

test('a line of config check comes apart into what is so and what to do', () => {
  const detail = "binlog_row_image is MINIMAL; run: SET GLOBAL binlog_row_image = 'FULL'; then reconnect all clients"
  expect(advised({ name: 'BINLOG_FORMAT', level: 'error', detail })).toEqual({
    name: 'BINLOG_FORMAT',
    level: 'error',
    detail: 'binlog_row_image is MINIMAL',
    advice: "run: SET GLOBAL binlog_row_image = 'FULL'; then reconnect all clients",
  })
  const missing = { name: 'board likes', level: 'error', detail: 'KEY_NOT_UNIQUE: the key is …: id' } as const
  expect(advised(missing)).toMatchObject({ detail: missing.detail, advice: adviceFor('KEY_NOT_UNIQUE') })
})

test('every error of servers, settings and messages has an advice of its own', () => {
  const general = adviceFor('no code')
  const codes = Object.keys(errorTable)
  const needed = codes.filter((code) =>
    /^(DATABASE_|REDIS_|KAFKA_(UN|DE|TO|FA)|BINLOG_|INDEX_|TABLE_(M|E)|COLUMN_|MIGRATION_MISSING)/.test(code),
  )
  expect(needed.length).toBeGreaterThan(15)
  for (const code of [...needed, 'PARSE', 'UTF8', 'SHAPE', 'ROW_IMAGE', 'STATEMENT_FORMAT', 'SCORE_PARSE'])
    expect(adviceFor(code), code).not.toBe(general)
  const denied = new RanktideError('DATABASE_DENIED', 'may not read; run: GRANT SELECT …')
  expect(failed('x', denied)).toMatchObject({ advice: 'run: GRANT SELECT …' })
  expect(failed('x', new Error('boom'))).toMatchObject({ level: 'error', detail: expect.stringContaining('boom') })
})

test('clocks: what lies between question and answer is right, and seconds apart are a doubt', () => {
  expect(clockFinding('c', 1_000, 990, 1_010)).toMatchObject({ level: 'ok', detail: 'the same as here' })
  expect(clockFinding('c', 500, 1_000, 1_010)).toMatchObject({ level: 'ok', detail: '0.5 s behind the clock here' })
  expect(clockFinding('c', 9_000, 1_000, 1_010)).toMatchObject({
    level: 'warning',
    detail: expect.stringContaining('8.0 s ahead'),
  })
})

describe('a marker', () => {
  const marker = { database: 'webook', table: 'ranktide_marker' }
  const at = (position: number) => ({ file: 'bin.1', position })
  const arrival = { name: 'f', topics: ['t'], after: undefined, moved: false }
  const told = (change: Partial<typeof arrival>, before: number | undefined, after: number | undefined) =>
    judgeTrip(
      [{ ...arrival, ...change }],
      { before: before === undefined ? undefined : at(before), after: after === undefined ? undefined : at(after) },
      marker,
      5_000,
    )[0]

  test('that comes back tells the latency', () => {
    const [finding] = judgeTrip([{ ...arrival, after: 41.6 }], { before: at(1), after: at(2) }, marker, 5_000)
    expect(finding).toMatchObject({ level: 'ok', detail: expect.stringContaining('after 42 ms') })
  })

  test('that does not tells which hop is broken', () => {
    expect(told({}, 1, 1)).toMatchObject({
      detail: expect.stringContaining('did not move'),
      advice: expect.stringContaining('log_bin'),
    })
    expect(told({}, 1, 2)).toMatchObject({
      detail: expect.stringContaining('topic is silent'),
      advice: expect.stringContaining('whether Canal runs'),
    })
    expect(told({ moved: true }, 1, 2)).toMatchObject({
      detail: expect.stringContaining('other messages came'),
      advice: expect.stringContaining('canal.instance.filter.regex'),
    })
    expect(told({}, undefined, undefined)).toMatchObject({ detail: expect.stringContaining('REPLICATION CLIENT') })
  })

  test('that comes through another feed only is a doubt', () => {
    const both = [arrival, { ...arrival, name: 'g', topics: ['u'], after: 5 }]
    const found = judgeTrip(both, { before: at(1), after: at(2) }, marker, 5_000)
    expect(found.map(({ level }) => level)).toEqual(['warning', 'ok'])
    expect(found[0]).toMatchObject({ detail: expect.stringContaining('in u') })
  })
})

describe('the last messages', () => {
  const now = 1_000_000
  const message = (value: unknown, partition = 0, bytes?: number) => ({
    topic: 't',
    partition,
    offset: 0,
    key: null,
    value: new TextEncoder().encode(bytes === undefined ? JSON.stringify(value) : 'x'.repeat(bytes)),
    timestamp: now - 3_000,
  })
  const row = (table: string) => ({
    type: 'INSERT',
    database: 'shop',
    table,
    isDdl: false,
    data: [{ id: '1' }],
    sql: '',
  })
  const sample = (change: Partial<Sample>): Sample => ({
    topic: 't',
    partitions: 1,
    messages: [],
    tables: ['shop.items'],
    specs: [],
    marker: { database: 'shop', table: 'ranktide_marker' },
    now,
    ...change,
  })
  const found = (change: Partial<Sample>, name: string) =>
    sampleFindings(sample(change)).find((one) => one.name === name)

  test('none, garbage, and their age', () => {
    expect(found({}, 'messages t')).toMatchObject({ level: 'warning' })
    expect(found({ messages: [message(undefined, 0, 5)] }, 'messages t')).toMatchObject({
      level: 'error',
      advice: expect.stringContaining('flatMessage'),
    })
    expect(found({ messages: [message(row('items'))] }, 'messages t')).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining('3.0 s ago'),
    })
  })

  test('of other tables alone are a doubt, with the one that was meant; markers alone are none', () => {
    const name = 'changes shop.items'
    expect(found({ messages: [message(row('itmes'))] }, name)).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('did you mean shop.itmes?'),
    })
    expect(found({ messages: [message(row('ranktide_marker'))] }, name)).toMatchObject({ level: 'ok' })
  })

  test('of one table in several partitions are a doubt', () => {
    const messages = [message(row('items')), message(row('items'), 1)]
    expect(found({ messages, partitions: 2 }, 'changes shop.items')).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('partitionHash'),
    })
  })

  test('that come near to what Canal may send are a doubt', () => {
    const messages = [message(row('items')), message(undefined, 0, 900_000)]
    expect(found({ messages }, 'sizes t')).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('kafka.max.request.size'),
    })
  })
})

describe('Kafka', () => {
  const partition = { id: 0, leader: 1, replicas: [1], isrs: [1] }
  const cluster = (change: Partial<typeof partition>, brokers = ['a:1']) => ({
    brokers,
    topics: [{ name: 'webook', partitions: [{ ...partition, ...change }] }],
  })

  test('a topic that is missing, without a leader, behind, or with one copy on several brokers', () => {
    expect(topicFinding('webook', cluster({}))).toMatchObject({ level: 'ok' })
    expect(topicFinding('wbook', cluster({}))).toMatchObject({
      level: 'error',
      advice: expect.stringContaining('did you mean webook?'),
    })
    expect(topicFinding('webook', cluster({ leader: -1 }))).toMatchObject({
      level: 'error',
      detail: expect.stringContaining('no leader'),
    })
    expect(topicFinding('webook', cluster({ replicas: [1, 2] }))).toMatchObject({ level: 'warning' })
    expect(topicFinding('webook', cluster({}, ['a:1', 'b:1']))).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('replication factor'),
    })
  })

  const place = (first: number, end: number, since: number, committed?: number) => ({
    beginnings: new Map([['t/0', first]]),
    ends: new Map([['t/0', end]]),
    since: new Map([['t/0', since]]),
    committed: new Map(committed === undefined ? [] : [['t/0', committed]]),
  })

  test('a group: how far behind, in front of what is there, and a retention that is too short', () => {
    expect(judgePlace('f', 'g', place(0, 10, 0, 7))).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining('3 message(s) behind'),
    })
    expect(judgePlace('f', 'g', place(5, 10, 6, 4))).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('retention.ms of t'),
    })
    expect(judgePlace('f', 'g', place(5, 10, 5, 7))).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('5 min'),
    })
    expect(judgePlace('f', 'g', place(5, 10, 6))).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining('nothing yet'),
    })
    const counter = { group: 'g', onLoss: 'stop' } as const
    expect(judgeCounter('c', counter, place(5, 10, -1, 4))).toMatchObject({
      level: 'error',
      detail: expect.stringContaining('the counter stops'),
    })
    expect(judgeCounter('c', counter, place(5, 10, -1, 9))).toMatchObject({
      level: 'ok',
      detail: expect.stringContaining('1 event(s) behind'),
    })
  })

  test('a group that stands past the end: the topic was made anew, or its end is lost', () => {
    expect(judgePlace('f', 'g', place(0, 10, 0, 11))).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('boards are read anew'),
    })
    expect(judgeCounter('c', { group: 'g', onLoss: 'skip' }, place(0, 10, -1, 11))).toMatchObject({
      level: 'error',
      detail: expect.stringContaining('made anew'),
    })
  })
})

describe('Redis', () => {
  const url = { connection: { kind: 'url', url: 'redis://h' } } as const
  const server = (fields: Record<string, string>) =>
    serverFindings(new Map(Object.entries({ redis_version: '7.0.15', ...fields })), url, 'h:6379')
  const level = (fields: Record<string, string>, name: string) => server(fields).find((one) => one.name === name)?.level

  test('version, mode, role, memory and the last save', () => {
    expect(server({}).map((one) => one.level)).toEqual(['ok', 'ok', 'ok'])
    expect(level({ redis_version: '4.0.14' }, 'redis')).toBe('error')
    expect(level({ cluster_enabled: '1' }, 'redis mode')).toBe('error')
    expect(level({ role: 'slave' }, 'redis role')).toBe('error')
    expect(level({ maxmemory: '0', maxmemory_policy: 'allkeys-lru' }, 'redis memory')).toBe('ok')
    expect(level({ maxmemory: '100', maxmemory_policy: 'volatile-ttl' }, 'redis memory')).toBe('warning')
    expect(level({ maxmemory: '100', used_memory: '95' }, 'redis memory')).toBe('warning')
    expect(level({ rdb_last_bgsave_status: 'err' }, 'redis persistence')).toBe('error')
  })

  test('refused commands: which, and the ACL', () => {
    expect(judgeRights('r', [], 'p')).toMatchObject({ level: 'ok' })
    const refused = [{ command: 'ZADD', why: 'NOPERM' }]
    expect(judgeRights('r', refused, 'p')).toMatchObject({
      level: 'error',
      advice: expect.stringContaining('~p:* &p:* +zadd'),
    })
  })

  test('keys of boards: foreign types, a set of somebody else, a board that says it is not well', () => {
    const none = { zset: 'none', rows: 'none', meta: 'none' }
    const board = (types: Partial<typeof none>) =>
      boardFinding({ name: 'likes', per: undefined }, 'p:{likes}', { ...none, ...types }, undefined)
    expect(board({})).toMatchObject({ level: 'ok' })
    expect(board({ zset: 'string' })).toMatchObject({
      level: 'error',
      advice: expect.stringContaining('DEL p:{likes}'),
    })
    expect(board({ zset: 'zset' })).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('boards.likes.zset'),
    })
    expect(board({ meta: 'list' })).toMatchObject({ level: 'error' })
    const there = { stored: { meta: { status: { state: 'exact', reason: '' } } }, rows: 0 } as unknown as BoardInRedis
    const kept = { zset: 'none', rows: 'none', meta: 'hash' }
    // The rows of a split board are under other keys: "0 members" would be no news of it.
    expect(boardFinding({ name: 'split', per: 'biz' }, 'p:{split}', kept, there).detail).toBe('exact, split by biz')
  })

  test('an owner that confirms nothing, and two of them', () => {
    const feed = { name: 'f', topics: ['t'], boards: [{ name: 'likes' }] } as unknown as Parameters<
      typeof workerFindings
    >[0]
    const found = (age: number) => ({
      now: 100_000,
      heartbeat: { at: 100_000 - age, owner: 'a:1', positions: new Map(), versions: new Map(), readings: new Map() },
      lease: { owner: 'a:1', leftMs: 2_000 },
    })
    const boards = (owner: string) =>
      new Map([
        ['likes', { stored: { epoch: 1, owner, version: 1, confirmedAt: 1, meta: undefined }, rows: 1, updatedAt: 1 }],
      ])
    expect(workerFindings(feed, found(1_000), boards('a:1')).map(({ level }) => level)).toEqual(['ok'])
    expect(workerFindings(feed, found(60_000), boards('a:1')).map(({ level }) => level)).toEqual(['warning'])
    expect(workerFindings(feed, found(1_000), boards('b:2')).map(({ level }) => level)).toEqual(['ok', 'warning'])
  })
})
