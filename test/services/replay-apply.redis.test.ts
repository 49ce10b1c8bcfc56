// What a replay writes to Redis: boards that nobody keeps, and boards swapped in for live ones, under owners that publish.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { BoardStatus, Entry } from '../../src/core/board-content.js'
import { diffBoards } from '../../src/core/board-diff.js'
import { asRanktideError } from '../../src/core/errors.js'
import type { BoardMeta, PublishOutcome } from '../../src/operators/ports.js'
import { RedisBoardStore } from '../../src/redis/board-store.js'
import { RedisClient } from '../../src/redis/client.js'
import { boardKeys, feedKeys } from '../../src/redis/keys.js'
import { type LiveBoard, ReplayStore } from '../../src/redis/replay-store.js'
import type { ReplayResult } from '../../src/replay/replay-result.js'
import { applyResult, checkForeign, writeInto } from '../../src/replay/write-result.js'
import type { RedisConnection } from '../../src/runtime/config.js'
import { RedisServer } from '../support/redis-server.js'
import { RedisWrites } from '../support/redis-writes.js'
import { table } from '../support/simulated-world.js'
import { until } from '../support/until.js'

const prefix = 'ranktide'
const keys = boardKeys(prefix, 'likes')
const { lease } = feedKeys(prefix, 'shop.items')
const topics = ['shop.items']
const plainly = { topics, force: false }
const forced = { topics, force: true }
const part = 'shop.items/0'
const at = (offset: number): ReadonlyMap<string, number> => new Map([[part, offset]])
const es = 1_700_000_000_000

const entry = (member: string, score: number): Entry => ({
  member,
  score: String(score),
  row: `{"id":${member},"likes":${score}}`,
})

const resultOf = (entries: readonly Entry[], offset: number, status: BoardStatus = { state: 'exact', reason: '' }) =>
  ({
    spec: {
      name: 'likes',
      table,
      direction: 'desc',
      ties: 'newest',
      size: 100,
      display: [0, 1],
      score: { kind: 'column', column: 1 },
      where: undefined,
    },
    definition: 'likes of shop.items',
    boards: [{ name: 'likes', value: undefined, entries, complete: true }],
    status,
    from: at(0),
    positions: at(offset),
    newest: new Map([[part, es + offset * 1000]]),
    counts: { messages: offset, rows: offset, refused: 0, seconds: 1 },
  }) satisfies ReplayResult

const metaAt = (offset: number, status: BoardStatus = { state: 'exact', reason: '' }): BoardMeta => ({
  status,
  complete: true,
  positions: at(offset),
  newest: new Map([[part, es + offset * 1000]]),
  definition: 'likes of shop.items',
})

const byMember = (entries: readonly Entry[]) => [...entries].sort((a, b) => (a.member < b.member ? -1 : 1))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error: unknown) => asRanktideError(error).code,
  )

const suite = (name: string, start: () => Promise<{ server: RedisServer; connection: RedisConnection }>): void => {
  describe(`replays on ${name}`, () => {
    let server: RedisServer
    let client: RedisClient
    let plain: ReturnType<RedisServer['client']>
    let writes: RedisWrites | undefined
    let replay: ReplayStore
    let owner: RedisBoardStore
    beforeAll(async () => {
      const started = await start()
      server = started.server
      client = new RedisClient(started.connection)
      await client.connected()
      plain = server.client()
    })
    beforeEach(() => {
      replay = new ReplayStore({ client, prefix, feed: 'shop.items', board: 'likes' })
      owner = new RedisBoardStore({ client, prefix, feed: 'shop.items', owner: () => 'pod-1:aa' })
    })
    afterEach(async () => {
      writes?.stop()
      writes = undefined
      await plain.flushall()
    })
    afterAll(async () => {
      client.close()
      plain.disconnect()
      await server.down()
    })

    /** An owner has taken the board and published it as of an offset. */
    const published = async (entries: readonly Entry[], offset: number, status?: BoardStatus) => {
      const taken = await owner.take('likes')
      const diff = diffBoards(taken.entries, entries)
      const [outcome] = await owner.publish([
        { board: 'likes', epoch: taken.epoch, base: taken.version, diff, meta: metaAt(offset, status) },
      ])
      if (outcome?.kind !== 'published') throw new Error(`not published: ${outcome?.kind}`)
      return { epoch: taken.epoch, version: outcome.version }
    }
    const write = async ({ epoch, version }: { epoch: number; version: number }): Promise<PublishOutcome | undefined> =>
      (
        await owner.publish([
          { board: 'likes', epoch, base: version, diff: diffBoards([], [entry('99', 99)]), meta: metaAt(500) },
        ])
      )[0]
    const sent = async () => {
      const all = (await writes?.all()) ?? []
      // The script itself is told with its keys, whether or not it writes.
      return all.filter((command) => !/^(evalsha|eval) /i.test(command) && !/^(time|pttl|multi|exec)/i.test(command))
    }

    const older = [entry('3', 30), entry('2', 20), entry('1', 10)]
    const newer = [entry('4', 40), { ...entry('3', 30), row: '{"id":3,"likes":30,"kind":"x"}' }, entry('2', 25)]

    it('swap in only the difference, fence every earlier owner, and tell the version', async () => {
      const before = await published(older, 100)
      const told: string[] = []
      const listener = server.client()
      await listener.subscribe(keys.changes)
      listener.on('message', (_channel, version) => told.push(version))
      writes = await RedisWrites.start(server.url, '{likes}')
      const applied = await applyResult(replay, resultOf(newer, 200), plainly)
      expect(applied).toMatchObject({ changed: true, fenced: undefined, sent: { leave: 1, enter: 1, change: 2 } })
      expect((await sent()).slice(0, 4)).toEqual([
        `ZREM ${keys.zset} 1`,
        `HDEL ${keys.rows} 1`,
        `ZADD ${keys.zset} 40 4 25 2`,
        expect.stringMatching(`^HSET ${keys.rows} 4 .* 3 .*kind.* 2 `),
      ])
      const { stored, entries } = await replay.live()
      expect(byMember(entries)).toEqual(byMember(newer))
      expect(stored.meta).toEqual({ ...metaAt(200), status: { state: 'stale', reason: 'replayed' } })
      expect(stored.epoch).toBeGreaterThan(before.epoch)
      expect(stored.version).toBeGreaterThan(before.version)
      expect(await plain.hget(keys.meta, 'n')).toBe('3')
      await until('the version told', () => told.includes(String(stored.version)))
      listener.disconnect()
      expect(await write({ epoch: before.epoch, version: stored.version ?? 0 })).toEqual({ kind: 'fenced' })
      expect(await write(before)).toEqual({ kind: 'fenced' })
      expect(byMember((await replay.live()).entries)).toEqual(byMember(newer))
    })

    it('send nothing at all for what was applied already', async () => {
      await published(older, 100)
      await applyResult(replay, resultOf(newer, 200), plainly)
      writes = await RedisWrites.start(server.url, '{likes}')
      for (const options of [plainly, forced])
        expect(await applyResult(replay, resultOf(newer, 200), options)).toMatchObject({ changed: false })
      // Nor where an owner has published these very rows, of these offsets or later ones.
      expect(await writes.all()).toEqual([])
      await published(newer, 300)
      writes.stop()
      writes = await RedisWrites.start(server.url, '{likes}')
      for (const offset of [300, 250])
        expect(await applyResult(replay, resultOf(newer, offset), plainly)).toMatchObject({ changed: false })
      expect(await writes.all()).toEqual([])
    })

    it('leave a board that a worker starts from, at the offsets of the replay', async () => {
      const { version } = await published(older, 100)
      await owner.confirm(at(150), new Map([['likes', version]]))
      await applyResult(replay, resultOf(newer, 200), plainly)
      const taken = await owner.take('likes')
      expect(byMember(taken.entries)).toEqual(byMember(newer))
      expect(taken.meta).toMatchObject({ positions: at(200), definition: 'likes of shop.items', complete: true })
      // What the heartbeat says is said of another version.
      expect((await owner.confirmed()).versions.get('likes')).not.toBe(taken.version)
    })

    it('date the board from the newest commit that it has, and never earlier than what it follows', async () => {
      await applyResult(replay, resultOf(older, 100), plainly)
      expect(await plain.hget(keys.meta, 'confirmed_at')).toBe(String(es + 100_000))
      const { version } = await published(older, 200)
      await owner.confirm(at(300), new Map([['likes', version]]))
      const { confirmedAt = 0 } = await replay.live()
      expect(confirmedAt).toBeGreaterThan(es + 400_000)
      await applyResult(replay, resultOf(newer, 400), plainly)
      expect(await plain.hget(keys.meta, 'confirmed_at')).toBe(String(confirmedAt))
      await applyResult(replay, resultOf(older, 50), forced)
      expect(await plain.hget(keys.meta, 'confirmed_at')).toBe(String(es + 50_000))
    })

    it('make a board that never was', async () => {
      const applied = await applyResult(replay, resultOf(newer, 200), plainly)
      expect(applied).toMatchObject({ changed: true, sent: { leave: 0, enter: 3, change: 0 } })
      const taken = await owner.take('likes')
      expect(byMember(taken.entries)).toEqual(byMember(newer))
      expect(taken.version).toBe(applied.version)
    })

    it('put right what others wrote to a board', async () => {
      await published(newer, 200)
      await plain.zadd(keys.zset, 1, 'thief')
      await plain.hset(keys.rows, 'stray', '{}')
      await plain.hset(keys.rows, '2', '{"id":2}')
      const { sent: pairs } = await applyResult(replay, resultOf(newer, 200), plainly)
      expect(pairs).toEqual({ leave: 2, enter: 0, change: 1 })
      expect(byMember((await replay.live()).entries)).toEqual(byMember(newer))
      await plain.set(keys.rows, 'no hash')
      await plain.del(keys.zset)
      await plain.set(keys.zset, 'no zset')
      await applyResult(replay, resultOf(newer, 200), plainly)
      expect(byMember((await replay.live()).entries)).toEqual(byMember(newer))
    })

    it('touch no sorted set’s name that was never a board’s', async () => {
      await plain.set(keys.zset, 'somebody’s')
      await expect(applyResult(replay, resultOf(newer, 200), forced)).rejects.toThrow(/FOREIGNKEY .* holds a string/)
      expect(await plain.get(keys.zset)).toBe('somebody’s')
      expect(await plain.exists(keys.meta)).toBe(0)
    })

    it('are refused while a replica holds the lease, saying who, unless forced', async () => {
      await published(older, 100)
      await plain.set(lease, 'pod-1:aa', 'PX', 2_500)
      writes = await RedisWrites.start(server.url, '{likes}')
      const refusal = applyResult(replay, resultOf(newer, 200), plainly)
      await expect(refusal).rejects.toThrow(/pod-1 holds the lease for another \d+ ms .*--force/)
      expect(await codeOf(applyResult(replay, resultOf(newer, 200), plainly))).toBe('FEED_OWNED')
      expect(await writes.all()).toEqual([])
      expect(await applyResult(replay, resultOf(newer, 200), forced)).toMatchObject({ changed: true, fenced: 'pod-1' })
    })

    it('turn no board back unless forced', async () => {
      await published(newer, 200)
      await expect(applyResult(replay, resultOf(older, 100), plainly)).rejects.toThrow(
        /shop\.items\/0 at 100, Redis has it as of 200.*--to.*--force/,
      )
      const { version } = await published(older, 50)
      await owner.confirm(at(150), new Map([['likes', version]]))
      expect(await codeOf(applyResult(replay, resultOf(newer, 149), plainly))).toBe('REPLAY_REFUSED')
      expect(await applyResult(replay, resultOf(newer, 149), forced)).toMatchObject({ changed: true })
      expect((await replay.live()).stored.meta?.positions).toEqual(at(149))
    })

    it.each([
      ['degraded', 'PARSE: 3 messages could not be read'],
      ['assumed', 'rows written before the range are not in it'],
    ] as const)('never swap in what is %s, forced or not', async (state, reason) => {
      await published(older, 100)
      for (const options of [plainly, forced])
        await expect(applyResult(replay, resultOf(newer, 200, { state, reason }), options)).rejects.toThrow(
          new RegExp(`${state} .${reason}`),
        )
      expect(byMember((await replay.live()).entries)).toEqual(byMember(older))
    })

    it('never swap in what does not name every partition that a worker reads', async () => {
      await published(older, 100)
      const several = { topics: [...topics, 'shop.other'], force: true }
      await expect(applyResult(replay, resultOf(newer, 200), several)).rejects.toThrow(/not read shop\.other/)
      await plain.hset(keys.meta, 'positions', '{"shop.items/0":100,"shop.items/1":7}')
      await expect(applyResult(replay, resultOf(newer, 200), forced)).rejects.toThrow(/not read shop\.items\/1/)
    })

    it('are made from what is there, however often an owner publishes meanwhile', async () => {
      let mine = await published(older, 100)
      let interruptions = 3
      const racing = {
        owner: () => replay.owner(),
        swap: (swap: Parameters<ReplayStore['swap']>[0]) => replay.swap(swap),
        live: async (): Promise<LiveBoard> => {
          const live = await replay.live()
          if (interruptions-- > 0) mine = await published([...older, entry('7', 70 + interruptions)], 110)
          return live
        },
      }
      await applyResult(racing, resultOf(newer, 200), forced)
      expect(byMember((await replay.live()).entries)).toEqual(byMember(newer))
      expect(await write(mine)).toEqual({ kind: 'fenced' })
      interruptions = Number.POSITIVE_INFINITY
      await expect(applyResult(racing, resultOf(older, 210), forced)).rejects.toThrow(/written by others/)
      expect((await replay.live()).entries.map(({ member }) => member)).toContain('7')
    })

    it('lose the race against a replica that takes the board after the lease was found to be free', async () => {
      await published(older, 100)
      let epoch = 0
      const racing = {
        live: () => replay.live(),
        swap: (swap: Parameters<ReplayStore['swap']>[0]) => replay.swap(swap),
        owner: async () => {
          const found = await replay.owner()
          await plain.set(lease, 'pod-2:bb', 'PX', 3_000)
          epoch = (await owner.take('likes')).epoch
          return found
        },
      }
      expect(await codeOf(applyResult(racing, resultOf(newer, 200), plainly))).toBe('FEED_OWNED')
      expect((await replay.live()).stored.epoch).toBe(epoch)
      expect(byMember((await replay.live()).entries)).toEqual(byMember(older))
    })

    it('swap in thousands of rows at once, and out again', async () => {
      const many = Array.from({ length: 5_000 }, (_, i) => entry(String(i), i))
      const others = Array.from({ length: 5_000 }, (_, i) => entry(String(i + 4_000), i))
      await applyResult(replay, resultOf(many, 100), plainly)
      await applyResult(replay, resultOf(others, 200), plainly)
      expect(diffBoards((await replay.live()).entries, others)).toEqual({ leave: [], scores: [], rows: [] })
      expect(await plain.zcard(keys.zset)).toBe(5_000)
    })

    describe.each(['ranktide:{likes}:yesterday', 'yesterday'])('into %s', (key) => {
      const stem = key.includes('{') ? key : `{${key}}`

      it('write a board that nobody keeps, replaced as a whole, and not sent again', async () => {
        expect(await writeInto(replay, resultOf(older, 100), key, false)).toEqual({ key, changed: true, members: 3 })
        expect(await plain.zrevrange(key, 0, -1, 'WITHSCORES')).toEqual(['3', '30', '2', '20', '1', '10'])
        expect(await plain.hget(`${stem}:rows`, '3')).toBe('{"id":3,"likes":30}')
        expect(await plain.hgetall(`${stem}:meta`)).toMatchObject({
          ...{ shadow: 'likes', state: 'exact', reason: '', complete: '1', n: '3' },
          ...{ positions: '{"shop.items/0":100}', es: JSON.stringify({ [part]: es + 100_000 }) },
        })
        writes = await RedisWrites.start(server.url, 'yesterday')
        expect(await writeInto(replay, resultOf(older, 100), key, false)).toMatchObject({ changed: false })
        expect(await writes.all()).toEqual([])
        const partly = resultOf(newer, 200, { state: 'degraded', reason: 'PARSE' })
        expect(await writeInto(replay, partly, key, false)).toMatchObject({ changed: true })
        expect(await plain.zrevrange(key, 0, -1)).toEqual(['4', '3', '2'])
        expect((await plain.hkeys(`${stem}:rows`)).sort()).toEqual(['2', '3', '4'])
        expect(await plain.hgetall(`${stem}:meta`)).toMatchObject({ state: 'degraded', reason: 'PARSE' })
      })

      it('leave what no replay wrote alone, unless forced', async () => {
        for (const make of [
          () => plain.set(key, 'text'),
          () => plain.zadd(key, 1, 'x'),
          () => plain.hset(`${stem}:rows`, 'x', 'y'),
          () => plain.hset(`${stem}:meta`, 'x', 'y'),
          () => plain.set(`${stem}:meta`, 'text'),
        ]) {
          await make()
          await expect(checkForeign(replay, key)).rejects.toThrow(/no replay wrote/)
          writes = await RedisWrites.start(server.url, 'yesterday')
          const refusal = writeInto(replay, resultOf(older, 100), key, false)
          await expect(refusal).rejects.toThrow(/holds something that no replay wrote .*--force/)
          expect(await sent()).toEqual([])
          writes.stop()
          await writeInto(replay, resultOf(older, 100), key, true)
          expect(await plain.zcard(key)).toBe(3)
          await checkForeign(replay, key)
          await plain.del(key)
          await plain.del(`${stem}:rows`)
          await plain.del(`${stem}:meta`)
        }
      })

      it('write an empty board', async () => {
        await writeInto(replay, resultOf(older, 100), key, false)
        expect(await writeInto(replay, resultOf([], 200), key, false)).toMatchObject({ changed: true, members: 0 })
        expect(await plain.exists(key)).toBe(0)
        expect(await writeInto(replay, resultOf([], 200), key, false)).toMatchObject({ changed: false })
      })
    })
  })
}

suite('one server', async () => {
  const server = await RedisServer.start()
  return { server, connection: { kind: 'url', url: server.url } }
})

// A cluster of one node refuses keys of different slots in one command just as a large one does.
suite('a cluster', async () => {
  const server = await RedisServer.start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  const plain = server.client()
  await plain.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until('the cluster', async () => String(await plain.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  plain.disconnect()
  const nodes = [{ host: '127.0.0.1', port: server.port }]
  return { server, connection: { kind: 'cluster', nodes, login: { tls: false } } }
})
