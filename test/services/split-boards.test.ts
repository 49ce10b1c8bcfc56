// Split boards from end to end: SQL in, Canal and Kafka between, one board a value in Redis and by HTTP.
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RedisServer } from '../support/redis-server.js'
import { SplitTable } from '../support/split-table.js'
import { canalTopic, type DatabaseName } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const groups = 5_000
const size = 5
const perOf = (value: string) => `?per=${encodeURIComponent(value)}`

// The steps build on each other, in this order.
describe.each<DatabaseName>(['mariadb', 'mysql'])('a split board on %s', (server) => {
  let table: SplitTable
  let redisServer: RedisServer
  let redis: Redis
  let worker: WorkerProcess
  let standby: WorkerProcess | undefined
  const prefix = `split-${server}`

  const start = (instance: string) =>
    WorkerProcess.start(table.yaml({ redis: redisServer.url, prefix, instance, size }))

  beforeAll(async () => {
    table = await SplitTable.create(server)
    redisServer = await RedisServer.start()
    redis = redisServer.client()
    redis.on('error', () => {})
    const many = Array.from({ length: 2 * groups }, (_, i) => [i + 1, `g${i % groups}`, i % 97] as const)
    await table.insert(many)
    await table.insert(Array.from({ length: 30 }, (_, i) => [20_001 + i, i % 2 === 0 ? 'article' : 'Article', i * 3]))
    await table.insert([[30_001, null, 999_999]])
    worker = await start('one')
    await until('the whole board', async () => (await stateOfWhole()) === 'exact', 120_000)
  }, 180_000)

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await standby?.stop('SIGKILL')
    redis?.disconnect()
    await redisServer?.down()
    await table?.drop()
  })

  const stateOfWhole = () => redis.hget(`${prefix}:{likes}:meta`, 'state')
  const keysOf = async (name: string) =>
    (await redis.keys(`${prefix}:{likes/${name}}*`)).map((key) => key.slice(prefix.length + 1))

  const arrives = async (value: string, on: WorkerProcess = worker): Promise<void> => {
    const expected = await table.bodyOf(value, size)
    await until(
      `the board of ${value}`,
      async () => {
        const { body, state } = await on.board('likes', perOf(value))
        return body === expected && state === 'exact'
      },
      40_000,
    ).catch(() => undefined)
    const answer = await on.board('likes', perOf(value))
    expect(answer.body).toBe(expected)
    expect(answer).toMatchObject({ status: 200, state: 'exact', reason: '' })
  }

  test('has a board for each value, letter case apart, in Redis, in the registry and by HTTP', async () => {
    for (const value of ['article', 'Article', 'g0', 'g4999', 'g2345']) await arrives(value)
    expect(await redis.hlen(`${prefix}:{likes}:groups`)).toBe(groups + 2)
    expect(await keysOf('g77')).toHaveLength(3)
    const zset = await redis.zrevrange(`${prefix}:{likes/article}`, 0, -1)
    expect(zset).toEqual(['20029', '20027', '20025', '20023', '20021'])
  })

  test('answers what is no board of it', async () => {
    expect(await worker.board('likes', perOf('nobody'))).toMatchObject({ status: 200, state: 'exact' })
    expect(JSON.parse((await worker.board('likes', perOf('nobody'))).body)).toMatchObject({ data: [] })
    expect((await worker.board('likes')).status).toBe(400)
    expect((await worker.fetch('/readyz?verbose')).status).toBe(200)
    expect(await (await worker.fetch('/readyz?verbose')).text()).toBe('[+]likes exact\nok\n')
    const metrics = await (await worker.fetch('/metrics')).text()
    expect(metrics).toContain(`ranktide_board_groups{board="likes"} ${groups + 2}`)
    expect(metrics).not.toContain('likes/')
  })

  test('is listed by pages, each group once', async () => {
    const seen: string[] = []
    for (let url: string | undefined = '/boards?board=likes&limit=900'; url !== undefined; ) {
      const page = await worker.fetch(url)
      for (const { per } of ((await page.json()) as { data: { per: string }[] }).data) seen.push(per)
      url = /^<([^>]+)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1]
    }
    expect(seen).toHaveLength(groups + 2)
    expect(new Set(seen).size).toBe(groups + 2)
    const all = (await (await worker.fetch('/boards?limit=2')).json()) as { data: object[] }
    expect(all.data).toMatchObject([
      { name: 'likes', groups: groups + 2 },
      { name: 'likes', per: 'Article', n: size },
    ])
  })

  test('a row that moves leaves one board and enters the other at once', async () => {
    await table.sql(`UPDATE ${table.table} SET biz = 'g7' WHERE id = 20029`)
    await arrives('g7')
    await arrives('article')
    const times = await Promise.all(
      ['g7', 'article'].map((name) => redis.hget(`${prefix}:{likes/${name}}:meta`, 'updated_at')),
    )
    expect(Math.abs(Number(times[0]) - Number(times[1]))).toBeLessThanOrEqual(20)
  })

  test('groups appear, and their keys leave Redis with their last row', async () => {
    await table.insert([[40_001, '新/{x} %', 5]])
    await arrives('新/{x} %')
    expect(await redis.hexists(`${prefix}:{likes}:groups`, '新/{x} %')).toBe(1)
    await table.sql(`DELETE FROM ${table.table} WHERE id = 40001`)
    await arrives('新/{x} %')
    await until('the keys gone', async () => (await redis.keys(`${prefix}:{likes/新*`)).length === 0)
    await until('not registered', async () => !(await redis.hexists(`${prefix}:{likes}:groups`, '新/{x} %')))
  })

  /** The last owner has confirmed the board of now. */
  const confirmed = async () => {
    const before = await redis.get(`${prefix}:{feed:${canalTopic(server, 'webook')}}:heartbeat`)
    await until('a heartbeat', async () => {
      const now = await redis.get(`${prefix}:{feed:${canalTopic(server, 'webook')}}:heartbeat`)
      return now !== before
    })
  }
  const readings = () => worker.logs.filter(({ msg }) => msg === 'Reading rows')

  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['kill -9', 'SIGKILL'],
  ] as const)('starts again warm after %s: no query, and what happened meanwhile', async (_, signal) => {
    await confirmed()
    await worker.stop(signal)
    const victim = signal === 'SIGTERM' ? 'g17' : 'g18'
    await table.sql(`DELETE FROM ${table.table} WHERE biz = '${victim}'`)
    await table.sql(`UPDATE ${table.table} SET like_cnt = like_cnt + 1000 WHERE id = 20003`)
    worker = await start('one')
    for (const value of ['article', victim, 'g4000']) await arrives(value)
    await until('the keys gone', async () => (await keysOf(victim)).length === 0)
    expect(readings()).toEqual([])
    expect(worker.logs.filter(({ msg }) => msg === 'Groups taken')).toHaveLength(1)
  })

  test('a standby serves the same boards, and goes on when the owner is killed', async () => {
    standby = await start('two')
    await until('the standby is ready', () => standby?.ready() ?? false)
    for (const value of ['article', 'g3', 'g4444']) await arrives(value, standby)
    expect(await standby.board('likes', perOf('nobody'))).toMatchObject({ status: 200 })
    await table.sql(`UPDATE ${table.table} SET like_cnt = 5000 WHERE id = 4`)
    await arrives('g3', standby)
    await until('the page of a standby', async () => {
      const page = (await (await standby?.fetch('/boards?board=likes&limit=1'))?.json()) as { data: object[] }
      return JSON.stringify(page.data).startsWith('[{"name":"likes","per":"Article","size":5,"state":"exact"')
    })
    await worker.stop('SIGKILL')
    await table.sql(`UPDATE ${table.table} SET biz = 'article' WHERE id = 4`)
    await until('the takeover', () => standby?.owns ?? false, 40_000)
    worker = standby
    standby = undefined
    await arrives('article')
    await arrives('g3')
    expect(readings()).toEqual([])
  })

  test('while Redis does not answer, the owner serves its boards from memory, and puts all back after a restart', async () => {
    redisServer.pause()
    await table.sql(`UPDATE ${table.table} SET like_cnt = 7000 WHERE id = 101`)
    const expected = await table.bodyOf('g100', size)
    await until('the board from memory', async () => (await worker.board('likes', perOf('g100'))).body === expected)
    redisServer.resume()
    await arrives('g100')
    await redisServer.down()
    await table.sql(`UPDATE ${table.table} SET like_cnt = 8000 WHERE id = 102`)
    const later = await table.bodyOf('g101', size)
    await until('the board from memory', async () => (await worker.board('likes', perOf('g101'))).body === later)
    await redisServer.up()
    const ours = await redis.hlen(`${prefix}:{likes}:groups`).catch(() => 0)
    expect(ours).toBeLessThanOrEqual(groups + 2)
    await until(
      'all groups',
      async () => (await redis.hlen(`${prefix}:{likes}:groups`).catch(() => 0)) === groups,
      60_000,
    )
    await until('the whole board', async () => (await stateOfWhole()) === 'exact', 60_000)
    await arrives('g101')
    expect(await redis.zrevrange(`${prefix}:{likes/g101}`, 0, 0)).toEqual(['102'])
  })
})
