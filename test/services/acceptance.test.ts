// The board worker from end to end: SQL in, Canal and Kafka between, HTTP and Redis out.
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { RedisWrites } from '../support/redis-writes.js'
import { sqlBody } from '../support/sql-body.js'
import { canalTopic, type DatabaseName, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const body = (...rows: readonly string[]): string => `{"code":200,"msg":"查询成功","data":[${rows.join(',')}]}`

const row = (id: number, bizId: number, biz: string, likes: number): string =>
  `{"id":${id},"biz_id":${bizId},"biz":"${biz}","read_cnt":0,"like_cnt":${likes}}`

const tail = [
  row(20, 4, 'c', 108),
  row(60, 7, 'rt', 98),
  row(72, 8, 'et', 80),
  row(56, 7, 'wq2', 80),
  row(62, 7, 'ry', 79),
  row(64, 7, 'ry2', 55),
  row(68, 8, 'a', 54),
]
const start = body(row(78, 11, 'et', 450), row(58, 7, 'wq3', 290), ...tail, row(70, 8, 'b', 53))
const second = body(row(78, 11, 'et', 450), row(82, 100, 'et', 400), row(58, 7, 'wq3', 290), ...tail)
const third = body(row(78, 11, 'et', 650), row(82, 100, 'et', 550), row(58, 7, 'wq3', 290), ...tail)
const fourth = body(row(58, 7, 'wq3', 700), row(78, 11, 'et', 650), row(82, 100, 'et', 550), ...tail)
const fifth = body(
  row(58, 7, 'wq3', 700),
  ...tail.slice(1),
  row(70, 8, 'b', 53),
  row(78, 11, 'et', 40),
  row(20, 4, 'c', 31),
)

// The steps build on each other, in this order.
describe.each<DatabaseName>(['mariadb', 'mysql'])('the acceptance scenarios on %s', (server) => {
  const redis = new Redis(stack.redis)
  let table: Interactives
  let worker: WorkerProcess
  let prefix: string

  beforeAll(async () => {
    table = await Interactives.create(server)
    prefix = `acceptance-${table.table}`
    await table.insert(acceptanceRows)
    // More than the worker holds, so that it does not simply know the whole table.
    await table.insert(Array.from({ length: 200 }, (_, i) => [1000 + i, i, 'low', 0, -i]))
    const everything = `  everything: { topic: ${canalTopic(server, 'webook')}, table: webook.${table.table}, score: like_cnt, size: 500 }\n`
    worker = await WorkerProcess.start(table.yaml({ prefix }) + everything)
    await until('an exact board', async () => (await worker.board('likes')).state === 'exact', 30_000)
    await until('the other board', async () => (await worker.board('everything')).state === 'exact', 30_000)
  })

  afterAll(async () => {
    redis.disconnect()
    await worker?.stop()
    await table?.drop()
  })

  const key = (rest = ''): string => `${prefix}:{likes}${rest}`

  /** The board says `expected`, byte for byte, and so do SQL and Redis. */
  const arrives = async (expected: string): Promise<void> => {
    expect(await table.expectedBody()).toBe(expected)
    await until('the board', async () => (await worker.board('likes')).body === expected).catch(() => undefined)
    const answer = await worker.board('likes')
    expect(answer.body).toBe(expected)
    expect(answer).toMatchObject({ status: 200, state: 'exact', reason: '' })
    const rows = (JSON.parse(expected) as { data: readonly { id: number; like_cnt: number }[] }).data
    const zset = await redis.zrevrange(key(), 0, -1, 'WITHSCORES')
    const pairs = zset.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(zset[i + 1])] as const] : []))
    expect(new Map(pairs)).toEqual(new Map(rows.map(({ id, like_cnt }) => [String(id), like_cnt])))
    const hash = Object.fromEntries(rows.map((entry) => [String(entry.id), JSON.stringify(entry)]))
    expect(await redis.hgetall(key(':rows'))).toEqual(hash)
  }

  /** The other board shows the row: everything of its window has been handled, the board `likes` included. */
  const handled = async (): Promise<void> => {
    const expected = await sqlBody(
      table.connection,
      `SELECT * FROM ${table.table} WHERE like_cnt IS NOT NULL ORDER BY like_cnt DESC, id DESC`,
    )
    await until('the window', async () => (await worker.board('everything')).body === expected)
  }

  test('the start: ten rows, equal scores with the greater key first', () => arrives(start))

  test('(1) a row below the board changes nothing and writes none of its keys', async () => {
    const before = await worker.board('likes')
    const writes = await RedisWrites.start(stack.redis, key())
    try {
      await table.insert([[90, 500, 'et', 0, 12]])
      await handled()
      expect(await writes.all()).toEqual([])
    } finally {
      writes.stop()
    }
    await arrives(start)
    expect((await worker.board('likes')).version).toBe(before.version)
  })

  test('(2) a new row comes second; the last one leaves the set and the rows', async () => {
    const before = await worker.board('likes')
    const writes = await RedisWrites.start(stack.redis, key())
    try {
      await table.insert([[82, 100, 'et', 0, 400]])
      await arrives(second)
      // The watch does see writes: in (1) there were none.
      expect((await writes.all()).length).toBeGreaterThan(0)
    } finally {
      writes.stop()
    }
    expect(await redis.zscore(key(), '70')).toBeNull()
    expect(await redis.hexists(key(':rows'), '70')).toBe(0)
    expect((await worker.board('likes')).version).toBeGreaterThan(before.version ?? Number.POSITIVE_INFINITY)
  })

  test('(3) raises that change scores but no order', async () => {
    await table.sql(`UPDATE ${table.table} SET like_cnt = CASE id WHEN 78 THEN 650 ELSE 550 END WHERE id IN (78, 82)`)
    await arrives(third)
  })

  test('(4) a raise to the top', async () => {
    await table.sql(`UPDATE ${table.table} SET like_cnt = 700 WHERE id = 58`)
    await arrives(fourth)
  })

  test('(5) three rows fall; the right ones come up from below', async () => {
    await table.sql(`UPDATE ${table.table} SET like_cnt = 40 WHERE id = 78`)
    await table.sql(`UPDATE ${table.table} SET like_cnt = 3 WHERE id = 82`)
    await table.sql(`UPDATE ${table.table} SET like_cnt = 31 WHERE id = 20`)
    await arrives(fifth)
  })

  test('more rows fall than the worker holds: it reads on in the table', async () => {
    await table.sql(`UPDATE ${table.table} SET like_cnt = -1000 - biz_id ORDER BY like_cnt DESC LIMIT 120`)
    await arrives(await table.expectedBody())
    await handled()
  })

  test('the headers: numbers that tell the age and the version', async () => {
    const answer = await worker.board('likes')
    expect(answer).toMatchObject({ status: 200, state: 'exact', reason: '' })
    expect(answer.age).toBeGreaterThanOrEqual(0)
    expect(answer.age).toBeLessThan(3)
    expect(Number.isSafeInteger(answer.version)).toBe(true)
    const headers = (await worker.fetch('/boards/likes')).headers
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('x-board-age')).toMatch(/^\d+\.\d{3}$/)
    expect(headers.get('x-board-version')).toMatch(/^\d+$/)
  })

  test('GET /boards lists the boards; a limit cuts; what is wrong is refused', async () => {
    const { code, data } = (await (await worker.fetch('/boards')).json()) as {
      code: number
      data: readonly { name: string; size: number; state: string; n: number }[]
    }
    expect(code).toBe(200)
    expect(data.map(({ name, size, state }) => [name, size, state])).toEqual([
      ['everything', 500, 'exact'],
      ['likes', 10, 'exact'],
    ])
    expect((await worker.board('likes', '?limit=3')).body).toBe(await table.expectedBody(3))
    for (const [path, status] of [
      ['/boards/loves', 404],
      ['/boards/likes?limit=0', 400],
      ['/boards/likes?limit=11', 400],
      ['/boards/likes?limit=ten', 400],
    ] as const) {
      const answer = await worker.fetch(path)
      expect([path, answer.status]).toEqual([path, status])
      expect(await answer.json()).toEqual({ code: status, msg: expect.stringMatching(/\w/), data: null })
    }
    expect(await worker.ready()).toBe(true)
  })
})
