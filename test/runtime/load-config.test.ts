import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { Config } from '../../src/runtime/config.js'
import { loadConfig, parseConfig } from '../../src/runtime/load-config.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const parsed = (text: string, environment: Record<string, string> = {}): Config => {
  const result = parseConfig(text, 'ranktide.yaml', { environment, hostname: 'pod-1' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems, null, 2))
  return result.config
}

const servers = `
kafka: { brokers: localhost:9092 }
database: { url: mysql://user:password@localhost:3306/webook }
redis: { url: redis://localhost:6379 }
`
const threeLines = `
boards:
  likes:
    topic: webook.interactives
    table: interactives
    score: like_cnt
`

test('a board of three lines gets the documented defaults', () => {
  expect(parsed(servers + threeLines)).toEqual({
    file: 'ranktide.yaml',
    instance: 'pod-1',
    member: undefined,
    log: { level: 'info' },
    kafka: { brokers: ['localhost:9092'], group: 'ranktide', deadLetters: 'ranktide.dead-letters', client: {} },
    database: {
      url: 'mysql://user:password@localhost:3306/webook',
      dialect: 'mysql',
      refill: {
        timeoutMs: 5000,
        perMinute: 60,
        allowScan: false,
        concurrency: 2,
        url: 'mysql://user:password@localhost:3306/webook',
        overlapMs: 10_000,
      },
      marker: { table: 'ranktide_marker', write: 'auto' },
      auditMs: 600_000,
      verifyMs: undefined,
      timeZone: '+00:00',
    },
    redis: { prefix: 'ranktide', connection: { kind: 'url', url: 'redis://localhost:6379' } },
    http: { host: '127.0.0.1', port: 8081 },
    boards: [
      {
        name: 'likes',
        topics: ['webook.interactives'],
        format: 'canal-json',
        table: { database: 'webook', table: 'interactives' },
        key: undefined,
        score: 'like_cnt',
        order: 'desc',
        ties: 'newest',
        size: 10,
        columns: undefined,
        per: undefined,
        maxBoards: 10_000,
        window: { events: 5000, timeMs: 50 },
      },
    ],
    counters: [],
    history: undefined,
  })
})

const counting = `
kafka: { brokers: localhost:9092 }
database: { url: mysql://user:password@localhost:3306/webook }
`

test('a counter of three keys gets the documented defaults, and needs neither Redis nor boards', () => {
  const config = parsed(
    `${counting}counters: { reads: { topic: read_events, table: interactives, add: { read_cnt: 1 } } }`,
  )
  expect(config.redis).toBeUndefined()
  expect(config.boards).toEqual([])
  expect(config.history).toBeUndefined()
  expect(config.counters).toEqual([
    {
      topics: ['read_events'],
      group: 'ranktide.counter.reads',
      start: 'beginning',
      onLoss: 'stop',
      window: { events: 1000, timeMs: 200, most: 10_000 },
      spec: {
        name: 'reads',
        table: { schema: undefined, name: 'interactives' },
        key: { biz: 'biz', bizId: 'biz_id' },
        add: new Map([['read_cnt', 1]]),
        buckets: [],
        timeZone: 'UTC',
      },
    },
  ])
})

test('every key of a counter and of the history is taken as written, on Postgres too', () => {
  const config = parsed(`
kafka: { brokers: localhost:9092, group: g }
database: { url: "postgres://user:p%40ss@localhost:5432/webook" }
instance: blue-1
counters:
  reads:
    topic: [a, b]
    table: webook.interactives
    key: [kind, item]
    add: { read_cnt: 1, heat: -2 }
    window: { events: 8000, time: 1s }
    buckets: [hour, day]
    timeZone: Asia/Shanghai
    start: end
    onLoss: skip
  again: { topic: a, table: t, add: { n: 1 }, group: mine, window: { events: 5, most: 7 } }
history: { topic: a, retention: 30d, window: { time: 50ms } }
`)
  expect(config.member).toBe('blue-1')
  expect(config.database.dialect).toBe('postgres')
  expect(config.counters).toEqual([
    {
      topics: ['a', 'b'],
      group: 'g.counter.reads',
      start: 'end',
      onLoss: 'skip',
      window: { events: 8000, timeMs: 1000, most: 50_000 },
      spec: {
        name: 'reads',
        table: { schema: 'webook', name: 'interactives' },
        key: { biz: 'kind', bizId: 'item' },
        add: new Map([
          ['read_cnt', 1],
          ['heat', -2],
        ]),
        buckets: ['hour', 'day'],
        timeZone: 'Asia/Shanghai',
      },
    },
    expect.objectContaining({ group: 'mine', window: { events: 5, timeMs: 200, most: 7 } }),
  ])
  expect(config.history).toEqual({
    topics: ['a'],
    group: 'g.history',
    start: 'beginning',
    onLoss: 'stop',
    window: { events: 1000, timeMs: 50, most: 10_000 },
    retentionMs: 30 * 86_400_000,
  })
})

test.each([
  ['', 90 * 86_400_000],
  [', retention: 12h', 12 * 3_600_000],
  [', retention: off', undefined],
])('history%s', (retention, expected) => {
  expect(parsed(`${counting}history: { topic: a${retention} }`).history?.retentionMs).toBe(expected)
})

test('every key of the documented example is taken as written', () => {
  const config = parsed(
    `
kafka:    { brokers: [a:9092, "b:9092,c:9092"], group: g, client: { security.protocol: SASL_SSL, sasl.password: 007, socket.timeout.ms: 5 } }
database:
  url: mysql://u:p%40ss@db/x
  refill: { timeout: 1.5s, perMinute: 6, allowScan: true, concurrency: 1, url: "mysql://u:p@replica/x", overlap: 2m }
  marker: { table: ops.marks, write: never }
  timeZone: "+08:00"
redis:    { url: rediss://u:p@r:6380/2, prefix: "app:boards" }
http:     { host: 0.0.0.0, port: 80 }
instance: blue-1
boards:
  likes:
    topic: [one, two]
    format: canal-json
    table: webook.interactives
    key: [biz, biz_id]
    score: like_cnt
    order: asc
    ties: redis
    size: 10000
    columns: [read_cnt, like_cnt]
    per: biz
    maxBoards: 500
    window: { events: 100, time: 1s }
`,
    { LOG_LEVEL: 'DEBUG' },
  )
  expect(config.kafka.brokers).toEqual(['a:9092', 'b:9092', 'c:9092'])
  expect(config.kafka.client).toEqual({
    'security.protocol': 'SASL_SSL',
    'sasl.password': 7,
    'socket.timeout.ms': 5,
  })
  expect(config.database.refill).toEqual({
    timeoutMs: 1500,
    perMinute: 6,
    allowScan: true,
    concurrency: 1,
    url: 'mysql://u:p@replica/x',
    overlapMs: 120_000,
  })
  expect(config.database.marker).toEqual({ table: 'ops.marks', write: 'never' })
  expect(config.database.timeZone).toBe('+08:00')
  expect(config.redis).toEqual({
    prefix: 'app:boards',
    connection: { kind: 'url', url: 'rediss://u:p@r:6380/2' },
  })
  expect(config.http).toEqual({ host: '0.0.0.0', port: 80 })
  expect(config.instance).toBe('blue-1')
  expect(config.log.level).toBe('debug')
  expect(config.boards[0]).toEqual({
    name: 'likes',
    topics: ['one', 'two'],
    format: 'canal-json',
    table: { database: 'webook', table: 'interactives' },
    key: ['biz', 'biz_id'],
    score: 'like_cnt',
    order: 'asc',
    ties: 'redis',
    size: 10_000,
    columns: ['read_cnt', 'like_cnt'],
    per: 'biz',
    maxBoards: 500,
    window: { events: 100, timeMs: 1000 },
  })
})

test('sentinels and cluster nodes may be mappings or host:port, with the usual ports', () => {
  const withRedis = (redis: string) => parsed(servers.replace('{ url: redis://localhost:6379 }', redis) + threeLines)
  expect(
    withRedis('{ sentinels: [{ host: s1 }, "s2:5000"], name: main, password: "1", sentinelPassword: "2", db: 3 }')
      .redis,
  ).toEqual({
    prefix: 'ranktide',
    connection: {
      kind: 'sentinels',
      sentinels: [
        { host: 's1', port: 26379 },
        { host: 's2', port: 5000 },
      ],
      name: 'main',
      login: { password: '1', db: 3, tls: false },
      sentinelLogin: { password: '2' },
    },
  })
  expect(withRedis('{ cluster: [{ host: c1, port: 7000 }, c2], username: u, tls: true }').redis?.connection).toEqual({
    kind: 'cluster',
    nodes: [
      { host: 'c1', port: 7000 },
      { host: 'c2', port: 6379 },
    ],
    login: { username: 'u', tls: true },
  })
})

test('variables fill strings; a default stands in for unset and empty; numbers appear where numbers are expected', () => {
  const config = parsed(
    `
kafka: { brokers: "\${HOST:-localhost}:\${KAFKA_PORT}", client: { sasl.password: "\${SECRET}" } }
database:
  url: mysql://root:\${SECRET}@\${HOST:-localhost}/webook
  refill: { allowScan: "\${SCAN:-true}" }
redis: { url: "redis://h", prefix: "\${EMPTY:-fallback}" }
http:
  port: \${PORT:-9001}
instance: "\${EMPTY}a"
${threeLines}`,
    { KAFKA_PORT: '9092', SECRET: '0123', EMPTY: '' },
  )
  expect(config.kafka).toEqual({
    brokers: ['localhost:9092'],
    group: 'ranktide',
    deadLetters: 'ranktide.dead-letters',
    client: { 'sasl.password': '0123' },
  })
  expect(config.database.url).toBe('mysql://root:0123@localhost/webook')
  expect(config.database.refill.allowScan).toBe(true)
  expect(config.redis?.prefix).toBe('fallback')
  expect(config.instance).toBe('a')
  expect(config.http.port).toBe(9001)
})

test('a doubled dollar sign is a literal one', () => {
  const client = `client: { sasl.password: "a$\${b}" }`
  const config = parsed(servers.split('9092 }').join(`9092, ${client} }`) + threeLines)
  expect(config.kafka.client['sasl.password']).toBe(`a\${b}`)
})

test('boards can share settings by anchors and merge keys', () => {
  const config = parsed(`${servers}
boards:
  likes: &likes { topic: t, table: a.b, score: like_cnt, size: 5 }
  reads: { <<: *likes, score: read_cnt }
`)
  expect(config.boards.map(({ name, score, size }) => [name, score, size])).toEqual([
    ['likes', 'like_cnt', 5],
    ['reads', 'read_cnt', 5],
  ])
})

const failureOf = (file: string): Promise<unknown> =>
  loadConfig(file, { environment: {}, hostname: 'h' }).then(
    () => 'no failure',
    (error: unknown) => error,
  )

test('a file that cannot be read is told with the way to name another', async () => {
  const missing = await failureOf(join(folder, 'none.yaml'))
  expect(missing).toBeInstanceOf(RanktideError)
  expect((missing as RanktideError).code).toBe('CONFIG_READ')
  expect((missing as RanktideError).message).toBe(
    `the configuration file cannot be read: ${join(folder, 'none.yaml')} does not exist; name another with --config FILE`,
  )
  expect(((await failureOf(folder)) as RanktideError).detail).toBe(
    `${folder} is a directory; name another with --config FILE`,
  )
})

test('a wrong file fails with all problems as the detail, a right one loads', async () => {
  const file = join(folder, 'ranktide.yaml')
  writeFileSync(file, `${servers}${threeLines}    siez: 5\n    order: down\n`)
  const error = (await failureOf(file)) as RanktideError
  expect(error.code).toBe('CONFIG_INVALID')
  expect(error.detail.split('\n')).toEqual([
    `${file}:11: boards.likes.siez is not a known key; did you mean size? allowed: topic, format, table, key, score, where, order, ties, size, columns, per, maxBoards, zset, window`,
    `${file}:12: boards.likes.order is "down"; allowed: desc, asc`,
  ])
  writeFileSync(file, servers + threeLines)
  expect((await loadConfig(file, { environment: {}, hostname: 'h' })).boards).toHaveLength(1)
})

test.each([
  ['30s', 30_000],
  ['24h', 86_400_000],
  ['off', undefined],
])('database.audit: %s', (audit, expected) => {
  const text = (servers + threeLines).replace(/^database:.*$/m, (line) => line.replace(/\}\s*$/, `, audit: ${audit} }`))
  expect(text).toContain(`audit: ${audit}`)
  expect(parsed(text).database.auditMs).toBe(expected)
})
