/** The example application on real servers: its transactions, its cache behind the real feed, and what is away. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CountsCache } from '../../examples/webook/counts-cache.js'
import { migrate } from '../../examples/webook/migrate.js'
import { RedisClient } from '../../src/redis/client.js'
import { closedPort } from '../support/closed-port.js'
import { TestTopics } from '../support/kafka-server.js'
import { databaseNames, openSandbox } from '../support/mysql-sandbox.js'
import { RedisServer } from '../support/redis-server.js'
import { type DatabaseName, stack } from '../support/stack.js'
import { tailTopic } from '../support/topic-tail.js'
import { until } from '../support/until.js'
import { startWebook, tokenOf, tokenSecret, type WebookApp, WebookTables } from '../support/webook-app.js'
import { runWebook, WebookProcess } from '../support/webook-process.js'

const largest = '18446744073709551615'

/** A user of this run alone: the table of reads is shared. */
const newUser = (): string => String(BigInt(`0x${randomUUID().replaceAll('-', '').slice(0, 15)}`))

describe.each(databaseNames)('likes and collects on %s', (server) => {
  let redis: RedisServer
  let tables: WebookTables
  let app: WebookApp

  beforeAll(async () => {
    redis = await RedisServer.start()
    tables = await WebookTables.create(server)
    app = await startWebook(server, tables, { redisUrl: redis.url })
  })
  afterAll(async () => {
    await app.close()
    await tables.drop()
    await redis.down()
  })

  test('a like counts once, says so when it was there, and is taken back by an update', async () => {
    const like = '/interactions/article/1/like'
    const data = (liked: boolean, changed: boolean, like_cnt: number) => ({
      code: 200,
      msg: '操作成功',
      data: { liked, changed, like_cnt },
    })
    expect((await app.ask('7', `DELETE ${like}`)).body).toEqual(data(false, false, 0))
    expect((await app.ask('7', `POST ${like}`)).body).toEqual(data(true, true, 1))
    expect((await app.ask('7', `POST ${like}`)).body).toEqual(data(true, false, 1))
    expect((await app.ask(largest, `POST ${like}`)).body).toEqual(data(true, true, 2))
    expect((await app.ask('7', `DELETE ${like}`)).body).toEqual(data(false, true, 1))
    expect((await app.ask('7', `DELETE ${like}`)).body).toEqual(data(false, false, 1))
    const records = `SELECT uid, status FROM ${tables.names.like} WHERE biz_id = 1 ORDER BY uid`
    expect(await tables.query(records)).toEqual([
      ['7', '0'],
      [largest, '1'],
    ])
  })

  test.each([largest, '9007199254740993'])('likes and collects are counted apart; the id %s is exact', async (id) => {
    const item = `/interactions/article/${id}`
    await app.ask('1', `POST ${item}/like`)
    const collected = await app.ask('1', `POST ${item}/collect`)
    expect(collected.body.data).toEqual({ collected: true, changed: true, collect_cnt: 1 })
    await app.ask('2', `POST ${item}/collect`)
    const neighbour = `/interactions/article/${BigInt(id) - 1n}`
    expect((await app.ask('1', `GET ${neighbour}`)).body.data).toMatchObject({ like_cnt: 0, liked: false })
    expect((await app.ask('1', `GET ${item}`)).body).toEqual({
      code: 200,
      msg: '查询成功',
      data: {
        biz: 'article',
        biz_id: id,
        read_cnt: 0,
        like_cnt: 1,
        collect_cnt: 2,
        liked: true,
        collected: true,
      },
    })
  })

  test('many items at once, in the order asked, with the marks of who asks', async () => {
    await app.ask('31', 'POST /interactions/video/5/like')
    await app.ask('32', 'POST /interactions/video/6/collect')
    const { body } = await app.ask('31', 'GET /interactions?biz=video&ids=6,404,5')
    expect(body.data).toMatchObject([
      { biz_id: 6, like_cnt: 0, collect_cnt: 1, liked: false, collected: false },
      { biz_id: 404, like_cnt: 0, collect_cnt: 0, liked: false, collected: false },
      { biz_id: 5, like_cnt: 1, collect_cnt: 0, liked: true, collected: false },
    ])
  })

  test('a count that somebody set to 0 stays there', async () => {
    await app.ask('7', 'POST /interactions/article/3/like')
    await tables.query(`UPDATE ${tables.names.interactives} SET like_cnt = 0 WHERE biz_id = 3`)
    const { body } = await app.ask('7', 'DELETE /interactions/article/3/like')
    expect(body.data).toEqual({ liked: false, changed: true, like_cnt: 0 })
  })

  test('50 users at a time, to and fro on three items: counts are the numbers of records', async () => {
    const seed = Number(process.env.RANKTIDE_SEED ?? Date.now() % 2 ** 31)
    let state = seed
    const draw = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const answers: (readonly [string, number, boolean])[] = []
    const user = async (uid: number, lines: readonly string[]): Promise<void> => {
      for (const line of lines) {
        const { status, body } = await app.ask(String(uid), line)
        answers.push([line, status, body.data?.changed])
      }
    }
    const users = Array.from({ length: 50 }, (_, uid) => {
      const lines = Array.from({ length: 6 }, () => {
        const kind = draw(2) === 0 ? 'like' : 'collect'
        return `${draw(3) === 0 ? 'DELETE' : 'POST'} /interactions/storm/${draw(3)}/${kind}`
      })
      return user(uid, lines)
    })
    await Promise.all(users)
    expect(answers.filter(([, status]) => status !== 200)).toEqual([])
    const { interactives, like, collect } = tables.names
    const records = (table: string) =>
      `(SELECT COUNT(*) FROM ${table} r WHERE r.biz = i.biz AND r.biz_id = i.biz_id AND status = 1)`
    const rows = await tables.query(
      `SELECT biz_id, like_cnt, collect_cnt, ${records(like)}, ${records(collect)} FROM ${interactives} i WHERE biz = 'storm'`,
    )
    expect(rows.length, `seed ${seed}`).toBe(3)
    for (const [id, likes, collects, liked, collected] of rows) {
      expect([id, likes, collects], `seed ${seed}`).toEqual([id, liked, collected])
    }
    // Each answer that said "changed" moved a count by one, the others by nothing.
    const moved = (kind: string) =>
      answers
        .filter(([line, , changed]) => changed && line.endsWith(kind))
        .reduce((sum, [line]) => sum + (line.startsWith('POST') ? 1 : -1), 0)
    const sum = (column: number) => rows.reduce((total, row) => total + Number(row[column]), 0)
    expect([sum(1), sum(2)], `seed ${seed}`).toEqual([moved('like'), moved('collect')])
  })

  test('the same like 20 times at once changes once', async () => {
    const likes = Array.from({ length: 20 }, () => app.ask('99', 'POST /interactions/article/77/like'))
    const changed = (await Promise.all(likes)).filter(({ body }) => body.data.changed)
    expect(changed).toHaveLength(1)
    expect((await app.ask('99', 'POST /interactions/article/77/like')).body.data.like_cnt).toBe(1)
  })

  test('the same like taken back 20 times at once is taken back once', async () => {
    const users = Array.from({ length: 30 }, (_, uid) => app.ask(String(uid), 'POST /interactions/article/78/like'))
    await Promise.all(users)
    const back = Array.from({ length: 20 }, () => app.ask('3', 'DELETE /interactions/article/78/like'))
    const changed = (await Promise.all(back)).filter(({ body }) => body.data.changed)
    expect(changed.map(({ body }) => body.data.like_cnt)).toEqual([29])
    expect((await app.ask('3', 'DELETE /interactions/article/78/like')).body.data.like_cnt).toBe(29)
  })

  test('a deadlock that the server resolves against a like is not noticed by who likes', async () => {
    const { interactives, like } = tables.names
    await app.ask('70', 'POST /interactions/article/80/like')
    await app.ask('70', 'DELETE /interactions/article/80/like')
    const heavy = Array.from({ length: 50 }, (_, i) => `('heavy', ${i})`).join()
    const liking = await tables.use(async (session) => {
      await session.query('begin', 'START TRANSACTION')
      // The server rolls back the transaction that has changed less.
      await session.query('weight', `INSERT INTO ${interactives} (biz, biz_id) VALUES ${heavy}`)
      await session.query('item', `UPDATE ${interactives} SET utime = 1 WHERE biz = 'article' AND biz_id = 80`)
      const answer = app.ask('70', 'POST /interactions/article/80/like')
      await until('the like waits for the item', reached)
      await session.query('record', `SELECT id FROM ${like} WHERE uid = 70 AND biz_id = 80 FOR UPDATE`)
      await session.query('commit', 'COMMIT')
      return answer
    })
    expect([liking.status, liking.body.data]).toEqual([200, { liked: true, changed: true, like_cnt: 1 }])
  })

  test('an item that is locked for longer than a like waits is asked for again, on another connection', async () => {
    const { interactives } = tables.names
    await app.ask('71', 'POST /interactions/article/81/like')
    const liking = await tables.use(async (session) => {
      await session.query('begin', 'START TRANSACTION')
      await session.query('item', `UPDATE ${interactives} SET utime = 1 WHERE biz = 'article' AND biz_id = 81`)
      const answer = app.ask('72', 'POST /interactions/article/81/like')
      const tries = new Set<string | null | undefined>()
      await until('a second try', async () => {
        for (const id of await counting()) tries.add(id)
        return tries.size > 1
      })
      await session.query('commit', 'COMMIT')
      return answer
    })
    expect([liking.status, liking.body.data]).toEqual([200, { liked: true, changed: true, like_cnt: 2 }])
  })

  /** The connections of likes that have come to their item: they hold their record then. */
  const counting = async (): Promise<readonly (string | null | undefined)[]> => {
    const processes = await tables.query('SHOW FULL PROCESSLIST')
    const text = `INSERT INTO ${tables.names.interactives} (`
    return processes.filter((row) => row[7]?.startsWith(text)).map(([id]) => id)
  }
  const reached = async (): Promise<boolean> => (await counting()).length > 0
})

describe.each(databaseNames)('the cache on %s', (server) => {
  let redis: RedisServer
  let client: Redis
  let tables: WebookTables
  let app: WebookApp

  beforeAll(async () => {
    redis = await RedisServer.start()
    client = redis.client()
    // It is stopped on purpose.
    client.on('error', () => {})
    tables = await WebookTables.create(server)
    app = await startWebook(server, tables, { redisUrl: redis.url })
    // Items that are changed once the feed is there are what shows that it is.
    await app.ask('1', 'GET /interactions/article/1')
    await until('the feed reads', () => app.served.feeder.reached.size > 0, 20_000)
  })
  afterAll(async () => {
    client.disconnect()
    await app.close()
    await tables.drop()
    await redis.down()
  })

  const key = (id: number | string) => `${tables.names.interactives}:counts:article:${id}`
  const cached = (id: number | string) => client.hgetall(key(id))
  const shown = async (id: number) => (await app.ask('1', `GET /interactions/article/${id}`)).body.data.like_cnt
  const setLikes = (id: number, likes: number) =>
    tables.query(
      `INSERT INTO ${tables.names.interactives} (biz, biz_id, like_cnt) VALUES ('article', ${id}, ${likes})
       ON DUPLICATE KEY UPDATE like_cnt = ${likes}`,
    )

  test('follows the table, whoever changes it, and keeps its time', async () => {
    await setLikes(10, 3)
    expect(await shown(10)).toBe(3)
    const time = await client.pttl(key(10))
    expect(time).toBeGreaterThan(50_000)
    expect(time).toBeLessThanOrEqual(60_000)
    await setLikes(10, 4)
    await until('the change is cached', async () => (await cached(10)).like_cnt === '4')
    expect(await client.pttl(key(10))).toBeLessThanOrEqual(time)
    expect(await shown(10)).toBe(4)
  })

  test('an item that is not there is cached as zeros, until it is there', async () => {
    expect(await shown(11)).toBe(0)
    expect(await cached(11)).toEqual({ read_cnt: '0', like_cnt: '0', collect_cnt: '0' })
    await setLikes(11, 1)
    await until('the row is cached', async () => (await cached(11)).like_cnt === '1')
  })

  test('what nobody asked for is not cached', async () => {
    await shown(13)
    await setLikes(12, 5)
    await setLikes(13, 6)
    await until('the later change is through', async () => (await cached(13)).like_cnt === '6')
    expect(await client.exists(key(12))).toBe(0)
  })

  test('a row that is deleted, a table that is emptied', async () => {
    for (const id of [14, 15]) {
      await setLikes(id, 2)
      expect(await shown(id)).toBe(2)
    }
    await tables.query(`DELETE FROM ${tables.names.interactives} WHERE biz_id = 14`)
    await until('the deleted row is gone', async () => (await client.exists(key(14))) === 0)
    expect((await cached(15)).like_cnt).toBe('2')
    await tables.query(`TRUNCATE TABLE ${tables.names.interactives}`)
    await until('the emptied table is gone', async () => (await client.exists(key(15))) === 0)
    expect(await shown(15)).toBe(0)
  })

  test('a foreign value is mended by the next change; nothing is added to it', async () => {
    await setLikes(16, 2)
    await shown(16)
    await client.hset(key(16), 'like_cnt', '1000')
    await setLikes(16, 3)
    await until('the count is the table’s', async () => (await cached(16)).like_cnt === '3')
  })

  test('a claim is withdrawn by a change that comes meanwhile', async () => {
    await client.hset(key(17), 'filling', 'of a process that is slow')
    await setLikes(17, 9)
    await until('the claim is gone', async () => (await client.exists(key(17))) === 0)
    expect(await shown(17)).toBe(9)
  })

  test('a crowd at an item that is not cached, while it changes: what stays is what the table has', async () => {
    for (let likes = 1; likes <= 8; likes++) {
      await Promise.all([
        setLikes(18, likes),
        ...Array.from({ length: 10 }, () => shown(18)),
        likes % 3 === 0 ? client.del(key(18)) : undefined,
      ])
    }
    await until('cache and table agree', async () => (await shown(18)) === 8)
    await setLikes(19, 1)
    await shown(19)
    await setLikes(19, 2)
    await until('everything before is through', async () => (await cached(19)).like_cnt === '2')
    expect(await shown(18)).toBe(8)
  })

  test('Redis gone: answered from the table; back and empty: cached and followed again', async () => {
    await setLikes(20, 5)
    await shown(20)
    await redis.down()
    await setLikes(20, 6)
    for (let i = 0; i < 5; i++) {
      const { status, body } = await app.ask('1', 'GET /interactions/article/20')
      expect([status, body.data.like_cnt]).toEqual([200, 6])
    }
    expect((await app.ask('2', 'POST /interactions/article/20/like')).body.data.like_cnt).toBe(7)
    await redis.up()
    await until('it is cached again', async () => {
      expect(await shown(20)).toBe(7)
      return (await cached(20)).like_cnt === '7'
    })
    await setLikes(20, 30)
    await until('it is followed again', async () => (await cached(20)).like_cnt === '30', 20_000)
  })

  test('Redis hangs: answered from the table within a second', async () => {
    redis.pause()
    try {
      const began = performance.now()
      expect((await app.ask('1', 'GET /interactions/article/21')).body.data.like_cnt).toBe(0)
      expect(performance.now() - began).toBeLessThan(1_000)
    } finally {
      redis.resume()
    }
  })

  test('a restart goes on where the last one stopped: changes made between are not missed', async () => {
    await setLikes(22, 1)
    await until('it is cached', async () => {
      await shown(22)
      return (await cached(22)).like_cnt === '1'
    })
    await setLikes(24, 1)
    await shown(24)
    await setLikes(24, 2)
    await until('what came before is through', async () => (await cached(24)).like_cnt === '2')
    await app.close()
    await client.hset(key(24), 'like_cnt', '1000')
    await setLikes(22, 2)
    app = await startWebook(server, tables, { redisUrl: redis.url })
    await until('the change is cached', async () => (await cached(22)).like_cnt === '2', 20_000)
    // Nothing was read again: what was written by hand after the last change of its item stays until the next.
    expect((await cached(24)).like_cnt).toBe('1000')
    await client.del(`${tables.names.interactives}:counts-feed:positions`)
    await app.close()
    await setLikes(22, 3)
    app = await startWebook(server, tables, { redisUrl: redis.url })
    // What is read again may empty the cache, as a TRUNCATE does; the old count must not stay.
    const mended = async () => [undefined, '3'].includes((await cached(22)).like_cnt)
    await until('it does not stay, without positions too', mended, 20_000)
    await app.ask('1', 'GET /interactions/article/23')
    await setLikes(23, 1)
    await until('the feed has come up to the present', async () => {
      await shown(23)
      return (await cached(23)).like_cnt === '1'
    })
    expect(await shown(22)).toBe(3)
  })
})

describe('the scripts of the cache', () => {
  let redis: RedisServer
  let client: Redis
  let connection: RedisClient
  let cache: CountsCache
  const counts = (like_cnt: string) => ({ read_cnt: '0', like_cnt, collect_cnt: '0' })
  const item = (like_cnt: string) => ({ biz: 'article', bizId: '1', counts: counts(like_cnt) })
  const held = () => client.hgetall('w:counts:article:1')
  const claim = async (token: string) => (await cache.claim('article', ['1'], token))[0]

  beforeAll(async () => {
    redis = await RedisServer.start()
    client = redis.client()
    connection = new RedisClient({ kind: 'url', url: redis.url })
    await connection.connected()
    cache = new CountsCache({ client: connection, prefix: 'w', life: 60_000, claimLife: 5_000 })
  })
  beforeEach(() => client.flushall())
  afterAll(async () => {
    client.disconnect()
    connection.close()
    await redis.down()
  })

  test('a claim is one process’s; what it fills is found, for its time', async () => {
    expect(await claim('a')).toEqual({ kind: 'claimed', token: 'a' })
    expect(await claim('b')).toEqual({ kind: 'busy' })
    expect(await client.pttl('w:counts:article:1')).toBeLessThanOrEqual(5_000)
    await cache.fill('article', new Map([['1', counts('18446744073709551615')]]), 'a')
    expect(await claim('b')).toEqual({ kind: 'cached', counts: counts('18446744073709551615') })
    expect(await client.pttl('w:counts:article:1')).toBeGreaterThan(50_000)
  })

  test('a change withdraws the claim: what was read before it is not filled', async () => {
    await claim('a')
    await cache.change([item('2')])
    await cache.fill('article', new Map([['1', counts('1')]]), 'a')
    expect(await held()).toEqual({})
  })

  test('who comes too late does not fill what another has claimed or filled', async () => {
    await claim('a')
    await cache.change([item('2')])
    await claim('b')
    await cache.fill('article', new Map([['1', counts('1')]]), 'a')
    expect(await held()).toEqual({ filling: 'b' })
    await cache.fill('article', new Map([['1', counts('2')]]), 'b')
    await cache.fill('article', new Map([['1', counts('1')]]), 'a')
    expect(await held()).toEqual(counts('2'))
  })

  test('half an entry, which somebody else has left, is filled anew', async () => {
    await client.hset('w:counts:article:1', 'like_cnt', '5')
    expect(await claim('a')).toEqual({ kind: 'claimed', token: 'a' })
  })

  test('emptying takes all entries and leaves other keys', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => String(i))
    await cache.claim('article', ids, 'a')
    await cache.keepPositions(new Map([['t/0', 7]]))
    await cache.clear()
    expect(await client.keys('*')).toEqual(['w:counts-feed:positions'])
    expect(await cache.positions()).toEqual(new Map([['t/0', 7]]))
  })
})

describe('reads, history, profile', () => {
  const server: DatabaseName = 'mariadb'
  const topics = new TestTopics()
  let topic: string
  let redis: RedisServer
  let tables: WebookTables
  let app: WebookApp

  beforeAll(async () => {
    topic = await topics.create(3)
    redis = await RedisServer.start()
    tables = await WebookTables.create(server)
    const file = new URL('../../src/databases/mysql/migrations/003.do.read-history.sql', import.meta.url)
    await tables.query(readFileSync(file, 'utf8'))
    app = await startWebook(server, tables, { redisUrl: redis.url, readTopic: topic })
  })
  afterAll(async () => {
    await app.close()
    await tables.drop()
    await redis.down()
    await topics.close()
  })

  test('a read that is acknowledged is in the topic; the reads of an item are in one partition', async () => {
    const tail = await tailTopic(stack.kafka, topic)
    try {
      const asked = Array.from({ length: 30 }, (_, i) => app.ask(largest, `POST /interactions/article/${i % 5}/read`))
      for (const { status, body } of await Promise.all(asked)) {
        expect([status, body]).toEqual([202, { code: 202, msg: '已接受', data: null }])
      }
      await until('all are in the topic', () => tail.records.length >= 30)
      expect(tail.records).toHaveLength(30)
      const partitions = new Map<number, Set<number>>()
      for (const { value, partition } of tail.records) {
        const event = JSON.parse(value)
        expect(event).toEqual({ uid: largest, biz: 'article', biz_id: event.biz_id, ts: expect.any(Number) })
        partitions.set(event.biz_id, (partitions.get(event.biz_id) ?? new Set()).add(partition))
      }
      expect([...partitions.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1, 1])
    } finally {
      await tail.close()
    }
  })

  test('Kafka away: 503 within the bound, with the time to ask again; all else goes on', async () => {
    const port = await closedPort()
    const without = await startWebook(server, tables, {
      redisUrl: redis.url,
      readTopic: topic,
      producerBrokers: `127.0.0.1:${port}`,
    })
    try {
      const began = performance.now()
      const refused = await Promise.all(
        [1, 2, 3].map((id) => without.ask('7', `POST /interactions/article/${id}/read`)),
      )
      expect(performance.now() - began).toBeLessThan(3_000)
      for (const { status, headers, body } of refused) {
        expect([status, headers.get('retry-after')]).toEqual([503, '1'])
        expect(body).toEqual({ code: 503, msg: 'no Kafka broker can be reached; ask again in a moment', data: null })
      }
      expect((await without.ask('7', 'POST /interactions/article/1/like')).status).toBe(200)
    } finally {
      expect(await without.close()).toBe(true)
    }
  })

  test('a history is paged to its end, and erased, and nobody else’s', async () => {
    const [ann, bob] = [newUser(), newUser()]
    const rows = [ann, bob].flatMap((uid) =>
      Array.from(
        { length: 5 },
        (_, i) => `(${uid}, 'article', ${i}, '2026-11-0${1 + Math.floor(i / 2)} 08:00:00.125')`,
      ),
    )
    await tables.query(`INSERT INTO read_history (uid, biz, biz_id, read_at) VALUES ${rows.join(',')}`)
    const seen: number[] = []
    for (let path = '/history?limit=2'; ; ) {
      const { reads, next } = (await app.ask(ann, `GET ${path}`)).body.data
      for (const { biz_id } of reads) seen.push(biz_id)
      if (next === null) {
        expect(reads.at(-1).read_at).toBe(Date.UTC(2026, 10, 1, 8, 0, 0, 125))
        break
      }
      path = `/history?limit=2&before=${next}`
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4])
    expect(seen[0]).toBe(4)
    expect((await app.ask(ann, 'DELETE /history')).body.data).toEqual({ erased: 5 })
    expect((await app.ask(ann, 'GET /history')).body.data).toEqual({ reads: [], next: null })
    expect((await app.ask(bob, 'GET /history')).body.data.reads).toHaveLength(5)
    expect((await app.ask(bob, 'DELETE /history')).body.data).toEqual({ erased: 5 })
  })

  test('a profile is put, put again, and read; texts as they were', async () => {
    expect((await app.ask('7', 'GET /profile')).status).toBe(404)
    const first = { nickname: `Ann 🦊 O'Hara`, birthday: '2000-02-29', about: 'a\n"b"\\' }
    expect((await app.ask('7', 'PUT /profile', first)).body.data).toEqual(first)
    expect((await app.ask('7', 'GET /profile')).body.data).toEqual(first)
    const second = { nickname: '🦊'.repeat(24), birthday: null, about: '字'.repeat(200) }
    await app.ask('7', 'PUT /profile', second)
    expect((await app.ask('7', 'GET /profile')).body.data).toEqual(second)
    const refused = await app.ask('7', 'PUT /profile', { nickname: 'Ann', birthday: '2001-02-29' })
    expect(refused.body).toEqual({
      code: 400,
      msg: 'birthday is "2001-02-29"; allowed: a day from 1900-01-01 to yesterday, as YYYY-MM-DD, or null',
      data: null,
    })
    expect((await app.ask('7', 'GET /profile')).body.data).toEqual(second)
  })

  test('without a token that counts nothing is answered', async () => {
    for (const authorization of [undefined, 'Bearer e30.e30.', 'Bearer x']) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await fetch(`${app.served.address}/profile?uid=7`, { headers })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Bearer realm/),
      ])
    }
  })

  test('the log holds nothing of anybody', () => {
    const logged = app.logged()
    expect(logged).toContain('"route":"/profile"')
    expect(logged).not.toMatch(/O'Hara|2000-02-29|18446744073709551615|Bearer/)
  })
})

describe.each(databaseNames)('the migrations on %s', (server) => {
  test('make the tables once', async () => {
    const sandbox = await openSandbox(server, 'webook')
    try {
      expect(await migrate(sandbox.pool)).toEqual([
        '001.do.interactives.sql',
        '002.do.user-likes.sql',
        '003.do.user-collects.sql',
        '004.do.users.sql',
      ])
      expect(await migrate(sandbox.pool)).toEqual([])
      const { rows } = await sandbox.query('SHOW TABLES')
      expect(rows.flat()).toEqual(['interactives', 'user_collects', 'user_likes', 'users', 'webook_migrations'])
    } finally {
      await sandbox.close()
    }
  })
})

describe('the process', () => {
  test('tells what it takes, and what it lacks', async () => {
    const help = await runWebook(['--help'], {})
    expect(help).toMatchObject({ code: 0, error: '' })
    expect(help.out).toMatch(/^Usage: main\.js \[serve \| migrate \| --help\]/)
    const lacking = await runWebook([], { DATABASE_URL: '', TOKEN_SECRET: 'short' })
    expect(lacking.code).toBe(2)
    expect(lacking.error).toContain('DATABASE_URL is not set')
    expect(lacking.error).toContain('TOKEN_SECRET is not valid; allowed: at least 32 bytes')
    expect(await runWebook(['launch'], {})).toMatchObject({
      code: 2,
      error: 'launch: unknown; allowed: serve, migrate, --help\n',
    })
  })

  test('migrates, serves while everything is away, and ends on SIGTERM with what is under way answered', async () => {
    const sandbox = await openSandbox('mariadb', 'webook_process')
    const closed = await closedPort()
    const environment = {
      DATABASE_URL: sandbox.url,
      TOKEN_SECRET: tokenSecret,
      REDIS_URL: `redis://127.0.0.1:${closed}`,
      KAFKA_BROKERS: `127.0.0.1:${closed}`,
      READ_TIMEOUT: '1s',
      HTTP_PORT: '0',
    }
    try {
      expect(await runWebook(['migrate'], environment)).toMatchObject({
        code: 0,
        out: expect.stringContaining('Applied 004'),
      })
      const process = await WebookProcess.start(environment)
      const headers = { authorization: `Bearer ${await tokenOf('7')}` }
      const ask = (method: string, path: string) => fetch(`${process.address}${path}`, { method, headers })
      expect((await ask('POST', '/interactions/article/1/like')).status).toBe(200)
      expect((await ask('GET', '/interactions/article/1')).status).toBe(200)
      const read = ask('POST', '/interactions/article/1/read')
      await process.logs('Request answered')
      const began = performance.now()
      const ended = process.end()
      expect((await read).status).toBe(503)
      expect(await ended, process.output).toBe(0)
      expect(performance.now() - began).toBeLessThan(9_000)
    } finally {
      await sandbox.close()
    }
  })
})
