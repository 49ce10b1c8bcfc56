// The stack itself: a row written by SQL comes out of Kafka as Canal's flat JSON, and servers obey their controls.
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import {
  type BinlogPosition,
  canalPosition,
  canalTopic,
  control,
  controllable,
  type DatabaseName,
  databaseUrl,
  rewindCanal,
  stack,
} from '../support/stack.js'
import { type TopicTail, tailTopic } from '../support/topic-tail.js'
import { until } from '../support/until.js'

interface FlatRows {
  readonly type: string
  readonly isDdl: boolean
  readonly database: string
  readonly table: string
  readonly pkNames: readonly string[] | null
  readonly data: readonly Record<string, string | null>[] | null
}

/** The row messages of one table among everything that was read. */
function rowsOf(tail: TopicTail, table: string): FlatRows[] {
  return tail.records
    .map(({ value }) => JSON.parse(value) as FlatRows)
    .filter((message) => message.table === table && message.data !== null)
}

async function withTable(
  server: DatabaseName,
  database: 'webook' | 'webook3',
  run: (sql: (statement: string) => Promise<unknown>, table: string, tail: TopicTail) => Promise<void>,
): Promise<void> {
  const table = `stack_${randomUUID().slice(0, 8)}`
  const tail = await tailTopic(stack.kafka, canalTopic(server, database))
  const connection = await createConnection(databaseUrl(server, database))
  try {
    await connection.query(`CREATE TABLE ${table} (id BIGINT UNSIGNED PRIMARY KEY, like_cnt BIGINT)`)
    await run((statement) => connection.query(statement), table, tail)
  } finally {
    await connection.query(`DROP TABLE ${table}`)
    await connection.end()
    await tail.close()
  }
}

describe.each<DatabaseName>(['mariadb', 'mysql'])('%s', (server) => {
  test('an inserted row arrives in Kafka as flat JSON', async () => {
    await withTable(server, 'webook', async (sql, table, tail) => {
      await sql(`INSERT INTO ${table} VALUES (18446744073709551614, 450)`)
      await until('the row in Kafka', () => rowsOf(tail, table).length > 0)
      expect(rowsOf(tail, table)[0]).toMatchObject({
        type: 'INSERT',
        isDdl: false,
        database: 'webook',
        pkNames: ['id'],
        data: [{ id: '18446744073709551614', like_cnt: '450' }],
      })
    })
  })

  test('the three-partition topic spreads rows by primary key', async () => {
    await withTable(server, 'webook3', async (sql, table, tail) => {
      for (let id = 1; id <= 12; id += 1) await sql(`INSERT INTO ${table} VALUES (${id}, ${id})`)
      await until('twelve rows in Kafka', () => rowsOf(tail, table).length === 12)
      const used = new Set(tail.records.filter(({ value }) => value.includes(table)).map(({ partition }) => partition))
      expect([...used].sort()).toEqual([0, 1, 2])
    })
  })

  test('the user reader can read and cannot write', async () => {
    await withTable(server, 'webook', async (sql, table) => {
      await sql(`INSERT INTO ${table} VALUES (1, 1)`)
      const reader = await createConnection(databaseUrl(server, 'webook', 'reader'))
      try {
        const [rows] = await reader.query(`SELECT CAST(like_cnt AS CHAR) AS likes FROM ${table}`)
        expect(rows).toEqual([{ likes: '1' }])
        await expect(reader.query(`INSERT INTO ${table} VALUES (2, 2)`)).rejects.toThrow(/denied/)
        await expect(reader.query('CREATE TABLE reader_marker (id INT)')).rejects.toThrow(/denied/)
      } finally {
        await reader.end()
      }
    })
  })
})

/** Canal writes its place down once a second: one that stayed the same for longer covers all that was sent. */
async function settledPosition(): Promise<BinlogPosition> {
  let seen: { at: number; place: BinlogPosition } | undefined
  await until('a settled position of Canal', async () => {
    const place = await canalPosition('mariadb', 'webook').catch(() => undefined)
    if (place === undefined) return false
    if (seen?.place.position !== place.position) seen = { at: performance.now(), place }
    return performance.now() - seen.at > 1_500
  })
  if (seen === undefined) throw new Error('no position')
  return seen.place
}

test.runIf(controllable('canal'))('a rewound Canal sends the same changes again', async () => {
  await withTable('mariadb', 'webook', async (sql, table, tail) => {
    await sql(`INSERT INTO ${table} VALUES (1, 1)`)
    await until('the first row in Kafka', () => rowsOf(tail, table).length === 1)
    const before = await settledPosition()
    await sql(`UPDATE ${table} SET like_cnt = 2`)
    await until('the update in Kafka', () => rowsOf(tail, table).length === 2)
    await rewindCanal('mariadb', 'webook', before)
    const updates = () => rowsOf(tail, table).filter(({ type }) => type === 'UPDATE')
    await until('the update once more', () => updates().length >= 2, 20_000)
    expect(updates().map(({ data }) => data?.[0]?.like_cnt)).toEqual(['2', '2'])
  })
})

test.runIf(controllable('redis'))('a paused server is silent until it is resumed, and keeps what it had', async () => {
  const redis = new Redis(stack.redis, { commandTimeout: 300, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  const server = control('redis')
  try {
    await redis.set('stack:pause', 'kept')
    await server.pause()
    await expect(redis.get('stack:pause')).rejects.toThrow(/timed out/)
    await server.resume()
    await until('the value again', async () => (await redis.get('stack:pause').catch(() => null)) === 'kept')
  } finally {
    if (await server.running()) await server.resume()
    redis.disconnect()
  }
})

const ours = (['redis', 'kafka', 'mariadb', 'mysql', 'postgres', 'canal'] as const).filter(controllable)
test.runIf(ours.length > 0).each(ours)('%s comes back after kill -9', async (name) => {
  const server = control(name)
  await server.kill()
  expect(await server.running()).toBe(false)
  await server.start()
  expect(await server.running()).toBe(true)
})

test('rows still arrive after every server was killed', async () => {
  await withTable('mysql', 'webook', async (sql, table, tail) => {
    await sql(`INSERT INTO ${table} VALUES (7, 7)`)
    await until('the row in Kafka', () => rowsOf(tail, table).length > 0, 60_000)
  })
})
