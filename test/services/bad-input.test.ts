// What can be wrong before a board starts: one clear sentence each, and the exit code or what is waited for.
import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../support/command.js'
import { Interactives } from '../support/interactives.js'
import { send, TestTopics } from '../support/kafka-server.js'
import { RedisServer } from '../support/redis-server.js'
import { stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

let table: Interactives
let yaml: string
let locked: RedisServer
let taken: Server
let takenPort: number

beforeAll(async () => {
  table = await Interactives.create('mariadb')
  yaml = table.yaml({ prefix: `bad-${table.table}` })
  await table.sql(`CREATE TABLE ${table.table}_keyless (id BIGINT NOT NULL, like_cnt BIGINT, KEY (like_cnt))`)
  await table.sql('SET SESSION sql_log_bin = 0')
  await table.sql(`CREATE TABLE ${table.table}_large (id BIGINT PRIMARY KEY, like_cnt BIGINT, biz INT)`)
  await table.sql(`INSERT INTO ${table.table}_large SELECT seq, seq, 1 FROM seq_1_to_200000`)
  await table.sql(`ANALYZE TABLE ${table.table}_large`)
  await table.sql('SET SESSION sql_log_bin = 1')
  locked = await RedisServer.start('--requirepass', 'right-word')
  taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const address = taken.address()
  takenPort = typeof address === 'object' && address !== null ? address.port : 0
})

afterAll(async () => {
  await new Promise((resolve) => taken?.close(resolve))
  await locked?.down()
  for (const rest of ['keyless', 'large']) await table?.sql(`DROP TABLE IF EXISTS ${table.table}_${rest}`)
  await table?.drop()
})

/** The configuration with one thing changed. */
const changed = (from: string | RegExp, to: string): string => {
  const result = yaml.replace(from, to)
  expect(result).not.toBe(yaml)
  return result
}
const onTable = (name: string, score = 'like_cnt'): string =>
  changed(/table: .+\n.+\n/, `table: ${name}\n    score: ${score}\n`).replace(/columns: .+/, '')

/** An address where nobody listens: the port of a server that has just been closed would do, 1 is never used. */
const nobody = '127.0.0.1:1'

describe('what no waiting mends ends the process', () => {
  const wrong: readonly (readonly [what: string, yaml: () => string, code: number, sentence: () => RegExp])[] = [
    [
      'an unknown key',
      () => changed('size: 10', 'sizes: 10'),
      2,
      () => /ranktide\.yaml:\d+.*boards\.likes\.sizes.*size/,
    ],
    [
      'a value that is not allowed',
      () => changed('size: 10', 'size: ten'),
      2,
      () => /ranktide\.yaml:\d+.*size.*ten.*allowed: a whole number/,
    ],
    ['text that is no YAML', () => changed('kafka: {', 'kafka: [{'), 2, () => /ranktide\.yaml:\d+/],
    [
      'a missing table',
      () => onTable(`${table.table.slice(0, -1)}`),
      1,
      () => new RegExp(`there is no such table: webook\\..*did you mean ${table.table}\\?`),
    ],
    [
      'a missing column',
      () => changed('score: like_cnt', 'score: like_count'),
      1,
      () => /the column does not exist: .*no column like_count: did you mean like_cnt\?/,
    ],
    [
      'a column that cannot rank',
      () => changed('score: like_cnt', 'score: biz'),
      1,
      () => /\.biz \(varchar\(128\)\): a score is an integer, DECIMAL, DOUBLE or YEAR column/,
    ],
    [
      'no unique key',
      () => onTable(`${table.table}_keyless`),
      1,
      () => /not a unique key.*has no primary key and no other unique key of NOT NULL columns: add one/,
    ],
    [
      'a key that is not unique',
      () => changed('score: like_cnt', 'score: like_cnt\n    key: biz_id'),
      1,
      () => /has no unique key \[biz_id\].*possible: \[id\]/,
    ],
    [
      'many rows without an index',
      () => onTable(`${table.table}_large`),
      1,
      () =>
        new RegExp(
          `no index serves the order.*CREATE INDEX \`ranktide_likes\` ON \`webook\`\\.\`${table.table}_large\` \\(\`like_cnt\`\\)`,
        ),
    ],
    [
      'a port that is in use',
      () => changed('port: 0', `port: ${takenPort}`),
      1,
      () => /the HTTP port cannot be listened on: 127\.0\.0\.1:\d+ is in use/,
    ],
  ]

  test.each(wrong)('%s', async (_what, make, code, sentence) => {
    const ended = await command(['run'], make())
    expect(ended.error).toMatch(sentence())
    expect(ended.code).toBe(code)
    // A sentence on standard error, no stack trace.
    expect(ended.error).not.toMatch(/^ +at /m)
    expect(ended.error.trim().split('\n')).toHaveLength(1)
  })

  test('a large table without an index is accepted with allowScan, or with the index that was named', async () => {
    const large = onTable(`${table.table}_large`)
    const scanning = large.replace(/(database: \{ url: "[^"]+")/, '$1, refill: { allowScan: true, timeout: 30s }')
    await exactIn(scanning)
    const { error } = await command(['run'], large)
    const statement = /CREATE INDEX [^(]+\([^)]+\)/.exec(error)?.[0] ?? ''
    await table.sql(statement)
    await exactIn(large)
  })

  const exactIn = async (config: string): Promise<void> => {
    const worker = await WorkerProcess.start(config)
    try {
      await until('an exact board', async () => (await worker.board('likes')).state === 'exact', 30_000)
      expect((await worker.board('likes', '?limit=1')).body).toContain('"data":[{"id":200000,')
    } finally {
      await worker.stop()
    }
  }
})

describe('what may pass is waited for', () => {
  const waits: readonly (readonly [what: string, yaml: () => string, msg: string, code: string])[] = [
    ['no broker', () => changed(stack.kafka, nobody), 'Waiting for Kafka', 'KAFKA_UNREACHABLE'],
    [
      'no database',
      () => changed(/app:app@[^/]+/, `app:hidden-word@${nobody}`),
      'Waiting for the database',
      'DATABASE_UNREACHABLE',
    ],
    [
      'a wrong password for the database',
      () => changed('app:app@', 'app:hidden-word@'),
      'Waiting for the database',
      'DATABASE_DENIED',
    ],
    [
      'no Redis',
      () => changed(stack.redis, `redis://:hidden-word@${nobody}`),
      'Waiting for Redis',
      'REDIS_UNREACHABLE',
    ],
    [
      'a wrong password for Redis',
      () => changed(stack.redis, `redis://:hidden-word@127.0.0.1:${locked.port}`),
      'Waiting for Redis',
      'REDIS_DENIED',
    ],
  ]

  test.each(waits)('%s', async (_what, make, msg, code) => {
    // Under names of its own: there is no board from before that could be served.
    const config = make().replaceAll('bad-', 'waiting-')
    const worker = await WorkerProcess.start(config)
    try {
      const told = () => worker.logs.filter((line) => line.msg === msg && line.code === code)
      await until('the worker says what it waits for', () => told().length > 0, 20_000)
      expect(told()[0]?.detail).toMatch(/\w/)
      // It goes on trying and telling, answers probes, and serves nothing yet.
      await until('another attempt', () => told().length > 1, 20_000)
      expect((await worker.fetch('/livez')).status).toBe(200)
      expect((await worker.fetch('/readyz')).status).toBe(503)
      expect((await worker.board('likes')).status).toBe(503)
    } finally {
      expect(await worker.stop()).toBe(0)
    }
    expect(worker.output).not.toContain('hidden-word')
    const checked = await command(['config', 'check', '--connect'], config)
    expect(checked.code).toBe(1)
    expect(checked.out).toMatch(/^\[-\]/m)
    expect(checked.out + checked.error).not.toContain('hidden-word')
  })

  test('Redis that comes later is used when it is there', async () => {
    const redis = await RedisServer.start()
    await redis.down()
    const worker = await WorkerProcess.start(changed(stack.redis, redis.url))
    try {
      await until('the worker waits', () => worker.logs.some(({ code }) => code === 'REDIS_UNREACHABLE'), 20_000)
      await redis.up()
      await until('an exact board', async () => (await worker.board('likes')).state === 'exact', 30_000)
    } finally {
      await worker.stop()
      await redis.down()
    }
  })
})

describe('config check', () => {
  test('0 for a good configuration, with and without asking the servers', async () => {
    const checked = await command(['config', 'check'], yaml)
    expect(checked).toMatchObject({ code: 0, error: '' })
    expect(checked.out).toMatch(/likes/)
    const connected = await command(['config', 'check', '--connect'], yaml)
    expect(connected).toMatchObject({ code: 0, error: '' })
    for (const name of ['topic maria.webook', 'redis', 'board likes', 'marker'])
      expect(connected.out).toContain(`[+]${name} `)
  })

  test('1 for what the servers lack: all of it at once', async () => {
    const config = `${yaml}
  loves: { topic: maria.nowhere, table: ${table.table}_large, score: biz }
  hates: { topic: maria.webook, table: ${table.table}_nowhere, score: like_cnt }
`
    const checked = await command(['config', 'check', '--connect'], config)
    expect(checked.code).toBe(1)
    expect(checked.out).toMatch(/^\[-\]topic maria\.nowhere KAFKA_TOPIC: the topic does not exist: maria\.nowhere$/m)
    expect(checked.out).toMatch(/^\[-\]board hates TABLE_MISSING: there is no such table/m)
    expect(checked.out).toMatch(/^\[-\]INDEX_MISSING .*CREATE INDEX/m)
    expect(checked.out).toMatch(/^\[\+\]board likes /m)
  })

  test('a misspelt topic and a misspelt database: the names that were probably meant', async () => {
    const topic = await command(['config', 'check', '--connect'], changed('topic: maria.webook', 'topic: maria.webok'))
    expect(topic.code).toBe(1)
    expect(topic.out).toMatch(
      /^\[-\]topic maria\.webok KAFKA_TOPIC: the topic does not exist: maria\.webok; did you mean maria\.webook\?$/m,
    )
    const database = await command(['config', 'check', '--connect'], changed(/\/webook"/, '/webok"'))
    expect(database.code).toBe(1)
    expect(database.out).toMatch(/^\[-\]board likes .*Unknown database 'webok' \(1049\); did you mean webook\?$/m)
  })

  test('what does not keep a board from starting is a warning, and exits with 0', async () => {
    const checked = await command(['config', 'check', '--connect'], changed('app:app@', 'reader:reader@'))
    expect(checked).toMatchObject({ code: 0, error: '' })
    expect(checked.out).toMatch(
      /^\[!\]marker webook\.\w+ may not be written: .*; run: GRANT CREATE, SELECT, INSERT, UPDATE ON `webook`\.`\w+` TO 'reader'@'127\.0\.0\.1'$/m,
    )
  })

  test("a topic that carries other tables' messages only is asked about", async () => {
    const topics = new TestTopics()
    try {
      const topic = await topics.create(1)
      const config = changed('topic: maria.webook', `topic: ${topic}`)
      const empty = await command(['config', 'check', '--connect'], config)
      expect(empty.out).toContain(`[+]topic ${topic} 1 partition(s)\n`)
      const value = JSON.stringify({ data: [], database: 'shop', table: 'offers', type: 'INSERT', isDdl: false })
      await send(topic, [{ partition: 0, value }])
      const foreign = await command(['config', 'check', '--connect'], config)
      expect(foreign.code).toBe(0)
      expect(foreign.out).toMatch(
        /^\[!\]topic .* 1 partition\(s\); its last 1 messages are of shop\.offers, none of webook\.\w+: is it the topic that Canal writes\?$/m,
      )
    } finally {
      await topics.close()
    }
  })

  test('2 for a wrong file, and nothing is asked', async () => {
    const checked = await command(['config', 'check', '--connect'], changed('size: 10', 'size: 0'))
    expect(checked.code).toBe(2)
    expect(checked.out).toBe('')
    expect(checked.error).toMatch(/ranktide\.yaml:\d+.*boards\.likes\.size/)
  })
})
