// `ranktide verify` as a user runs it, against real servers: faults put into Redis by hand are found, repairs are the owner's.
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { VerifyResult } from '../../src/operate/verify-result.js'
import { command } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { RedisServer } from '../support/redis-server.js'
import { canalTopic, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topic = canalTopic('mariadb', 'webook')
const feed = `vt:{feed:${topic}}`

// The steps build on each other, in this order.
describe('verify', () => {
  let table: Interactives
  let server: RedisServer
  let redis: Redis
  let worker: WorkerProcess | undefined

  // The cut of `likes` falls between two rows of the same score: 72 is in, 56 is out.
  const yaml = (more = ''): string => `kafka: { brokers: "${stack.kafka}", group: "vt-${table.table}" }
database: { url: "${databaseUrl('mariadb', 'webook')}", audit: off, refill: { perMinute: 1000 }${more} }
redis: { url: "${server.url}", prefix: vt }
http: { port: 0 }
boards:
  likes: { topic: ${topic}, table: webook.${table.table}, score: like_cnt, size: 5, columns: [biz, read_cnt, like_cnt] }
  split: { topic: ${topic}, table: webook.${table.table}, score: like_cnt, per: biz, size: 2, columns: [like_cnt] }
`

  const verify = async (
    ...words: readonly string[]
  ): Promise<{ code: number; result: VerifyResult; error: string }> => {
    const { code, out, error } = await command(['verify', '--json', ...words], yaml(), 60_000)
    expect(out, error).not.toBe('')
    return { code, error, result: JSON.parse(out) as VerifyResult }
  }

  const foundIn = ({ boards }: VerifyResult): readonly string[] =>
    boards.flatMap(({ board, per, differences }) =>
      differences.map(({ member, what }) => `${board}${per === null ? '' : `/${per}`} ${member} ${what}`),
    )

  const startWorker = async (more = ''): Promise<void> => {
    const started = await WorkerProcess.start(yaml(more))
    worker = started
    await until('the boards', () => started.ready(), 40_000)
    const exact = async (board: string) => (await redis.hget(`vt:{${board}}:meta`, 'state')) === 'exact'
    await until('both are exact', async () => (await exact('likes')) && (await exact('split')), 40_000)
  }

  /** Faults of all kinds; the tie at the cut is the other way round. */
  const spoil = async (): Promise<void> => {
    const row = JSON.parse((await redis.hget('vt:{likes}:rows', '58')) ?? '{}') as object
    await redis
      .multi()
      .zrem('vt:{likes}', '78')
      .hdel('vt:{likes}:rows', '78')
      .zadd('vt:{likes}', 9_999, '999')
      .hset('vt:{likes}:rows', '999', '{"id":999,"biz":"no","read_cnt":0,"like_cnt":9999}')
      .zadd('vt:{likes}', 109, '20')
      .hset('vt:{likes}:rows', '58', JSON.stringify({ ...row, read_cnt: 77 }))
      .zrem('vt:{likes}', '72')
      .hdel('vt:{likes}:rows', '72')
      .zadd('vt:{likes}', 80, '56')
      .hset('vt:{likes}:rows', '56', '{"id":56,"biz":"wq2","read_cnt":0,"like_cnt":80}')
      .exec()
    await redis.zadd('vt:{split/et}', 1, '78')
  }

  const spoilt = [
    'likes 20 score',
    'likes 56 foreign',
    'likes 58 read_cnt',
    'likes 72 missing',
    'likes 78 missing',
    'likes 999 foreign',
    'split/et 78 score',
  ]

  beforeAll(async () => {
    table = await Interactives.create('mariadb')
    await table.insert(acceptanceRows)
    server = await RedisServer.start()
    redis = server.client()
    redis.on('error', () => {})
    await startWorker(', verify: 10s')
  }, 120_000)

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    redis?.disconnect()
    await server?.down()
    await table?.drop()
  })

  test('boards that are right: exit 0, the same digest on both sides', async () => {
    const { code, result } = await verify()
    expect(code).toBe(0)
    expect(result).toMatchObject({ ok: true, heals: [] })
    expect(result.boards.filter(({ board }) => board === 'likes')).toHaveLength(1)
    expect(result.boards.filter(({ board }) => board === 'split').map(({ per }) => per)).toHaveLength(12)
    for (const { status, state, digest, looks } of result.boards) {
      expect({ status, state, looks }).toEqual({ status: 'ok', state: 'exact', looks: 1 })
      expect(digest.redis).toBe(digest.table)
    }
  })

  test('silent while rows change all the time, in the background too', async () => {
    let stop = false
    const writing = (async () => {
      for (let i = 0; !stop; i++) {
        await table.sql(`UPDATE ${table.table} SET like_cnt = like_cnt + 1, read_cnt = ? WHERE id = 78`, [i])
        await table.sql(`UPDATE ${table.table} SET like_cnt = IF(like_cnt = 80, 500, 80) WHERE id = ?`, [
          56 + 16 * (i % 2),
        ])
        await table.sql(`UPDATE ${table.table} SET biz = ? WHERE id = 60`, [`moved ${i % 3}`])
        await delay(4)
      }
    })()
    try {
      const end = performance.now() + 20_000
      while (performance.now() < end) {
        const { code, result } = await verify()
        expect({ code, found: foundIn(result) }).toEqual({ code: 0, found: [] })
      }
      await until(
        'a verification in the background',
        async () => /ranktide_verify_total\{board="split",outcome="ok"\} [1-9]/.test((await metrics()) ?? ''),
        20_000,
      )
    } finally {
      stop = true
      await writing
    }
    expect(await metrics()).not.toMatch(/ranktide_verify_total\{board="\w+",outcome="(differs|stale|not-there)"/)
    await table.sql(`UPDATE ${table.table} SET like_cnt = 80 WHERE id IN (56, 72)`)
    await table.sql(`UPDATE ${table.table} SET like_cnt = 450 WHERE id = 78`)
  }, 90_000)

  const metrics = async (): Promise<string | undefined> => (await worker?.fetch('/metrics'))?.text()

  test('a frozen owner: stale, since when, and what it has not heard of', async () => {
    worker?.signal('SIGSTOP')
    try {
      await table.sql(`UPDATE ${table.table} SET like_cnt = 291 WHERE id = 58`)
      const { code, result } = await verify('--board', 'likes', '--timeout', '10s')
      expect(code).toBe(1)
      expect(result.boards).toMatchObject([{ board: 'likes', status: 'stale', state: 'exact' }])
      expect(result.boards[0]?.reason).toMatch(/^not confirmed since 20\d\d-.*Z; nobody owns the feed$/)
      expect(foundIn(result)).toContain('likes 58 score')
    } finally {
      worker?.signal('SIGCONT')
    }
  }, 60_000)

  test('what is wrong in Redis is found, each by its name, in a split board too', async () => {
    await until('the owner has come back', async () => (await verify()).code === 0, 40_000)
    await worker?.stop()
    await spoil()
    const confirming = confirm()
    const { code, result } = await verify()
    await confirming()
    expect(code).toBe(1)
    expect([...foundIn(result)].sort()).toEqual(spoilt)
    expect(result.boards.filter(({ status }) => status === 'differs').map(({ board, per }) => [board, per])).toEqual([
      ['likes', null],
      ['split', 'et'],
    ])
    const likes = result.boards.find(({ board }) => board === 'likes')
    expect(likes?.digest.redis).not.toBe(likes?.digest.table)
    const one = await verify('--board', 'split', '--per', 'wq3', '--timeout', '1s')
    expect(one.result.boards.map(({ per }) => per)).toEqual(['wq3'])
  }, 90_000)

  /** As an owner that believes in what is there. */
  const confirm = (): (() => Promise<void>) => {
    let stop = false
    const confirming = (async () => {
      const last = JSON.parse((await redis.get(`${feed}:heartbeat`)) ?? '{}') as object
      while (!stop) {
        const [seconds, micros] = await redis.time()
        const at = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
        await redis.set(
          `${feed}:heartbeat`,
          JSON.stringify({ ...last, at }).replace(/^\{(.*),("at":\d+)\}$/, '{$2,$1}'),
        )
        await redis.set(`${feed}:lease`, 'test:1', 'PX', 3_000)
        await delay(100)
      }
      await redis.del(`${feed}:lease`)
    })()
    return async () => {
      stop = true
      await confirming
    }
  }

  test('without an owner --heal says that there is none', async () => {
    const { code, result } = await verify('--heal', '--board', 'likes')
    expect(code).toBe(1)
    expect(result.boards).toMatchObject([{ status: 'stale' }])
    expect(result.heals).toMatchObject([{ boards: ['likes'], outcome: 'no owner' }])
  }, 60_000)

  test('an owner that has taken wrong boards for its own is found out, and repairs them when it is asked to', async () => {
    await startWorker()
    const found = await verify()
    expect(found.code).toBe(1)
    expect(foundIn(found.result)).toContain('likes 58 read_cnt')
    const healed = await verify('--heal')
    expect(healed.result.heals).toMatchObject([{ outcome: 'healed' }])
    expect(healed.code).toBe(0)
    expect(await redis.zrevrange('vt:{likes}', 0, -1)).toEqual(['78', '58', '20', '60', '72'])
    expect((await verify()).code).toBe(0)
  }, 120_000)

  test('usage, and servers that cannot be reached', async () => {
    expect(await command(['verify', '--board', 'like'], yaml())).toMatchObject({
      code: 2,
      error: expect.stringContaining('did you mean likes?'),
    })
    expect(await command(['verify', '--board', 'likes', '--per', 'et'], yaml())).toMatchObject({ code: 2 })
    const nowhere = yaml().replace(server.url, 'redis://127.0.0.1:1')
    expect(await command(['verify'], nowhere)).toMatchObject({ code: 1, error: expect.stringContaining('REDIS_') })
    const noDatabase = yaml().replace(/(mysql:\/\/[^:]+:[^@]+@)[^/]+/, '$1127.0.0.1:1')
    expect(await command(['verify'], noDatabase)).toMatchObject({
      code: 1,
      error: expect.stringContaining('DATABASE_UNREACHABLE'),
    })
  }, 60_000)
})
