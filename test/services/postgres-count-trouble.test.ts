// What a real Postgres and the way to it can do to a batch: cut before and after, terminated, locked, deadlocked, killed.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomFrom } from '../../scripts/bench/zipf.js'
import type { Increment } from '../../src/core/count-batch.js'
import { RanktideError } from '../../src/core/errors.js'
import { PostgresCountStore } from '../../src/databases/postgres/count-store.js'
import { PostgresHistoryStore } from '../../src/databases/postgres/history-store.js'
import type { Claim, CountStore } from '../../src/operators/batch-store.js'
import {
  type BatchWorld,
  bucketed,
  expectBucketsEqualTotals,
  expectWritten,
  item,
  positions,
  readCounts,
  result,
  retried,
  spanOf,
  summed,
} from '../conformance/batch-world.js'
import { CutProxy } from '../support/cut-proxy.js'
import { seedOf } from '../support/loaded-replicas.js'
import { countedSpec, openPostgresWorld } from '../support/postgres-batch-world.js'
import { openPostgresSandbox, type PostgresSandbox } from '../support/postgres-sandbox.js'
import { control, controllable } from '../support/stack.js'
import { until } from '../support/until.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)
const spec = { ...countedSpec, buckets: ['hour', 'day'] } as const
const items = [item('article', 1, 3), item('article', 2, 1), item('video', 9, 2)]

const codeOf = (error: unknown): string => (error instanceof RanktideError ? error.code : String(error))

let sandbox: PostgresSandbox
let world: BatchWorld
let proxy: CutProxy
let store: PostgresCountStore
beforeEach(async () => {
  sandbox = await openPostgresSandbox('trouble')
  world = await openPostgresWorld(sandbox)
  proxy = await CutProxy.open(sandbox.url)
  store = new PostgresCountStore({ url: proxy.url, timeoutMs: 2_000, spec })
})
afterEach(async () => {
  await store.close()
  proxy.close()
  await world.close()
})

const take = (from: CountStore = store, id = 'reads/0'): Promise<Claim> =>
  retried(() => from.take(group, [id], positions({ [id]: 0 })))
const writeRound = (claim: Claim, round: number) =>
  store.write(claim, spanOf({ 'reads/0': [round, round + 1] }), bucketed(items, hour))

/** As a pipeline: the same call again until it is written; the codes of what failed. */
const persist = async (
  write: () => ReturnType<CountStore['write']>,
): Promise<{ codes: readonly string[]; repeated: boolean }> => {
  const codes: string[] = []
  for (;;) {
    try {
      const outcome = await result(write())
      if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome))
      return { codes, repeated: outcome.repeated }
    } catch (error) {
      codes.push(codeOf(error))
      if (!codeOf(error).startsWith('DATABASE_') || codes.length > 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Ends all other connections to the sandbox's database, or those that wait for a lock. */
const terminate = (which = 'true'): Promise<unknown> =>
  sandbox.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'ranktide' AND ${which}`,
  )

test('a connection that is cut before a batch or after it counts nothing twice and loses nothing', async () => {
  const claim = await take()
  let round = 0
  for (let i = 0; i < 3; i++) {
    for (const damage of ['cut-before', 'cut-after'] as const) {
      proxy.plan('standing AS', damage)
      const { codes, repeated } = await persist(() => writeRound(claim, round))
      expect(codes).toEqual(['DATABASE_UNREACHABLE'])
      // What was committed, though nobody was told, the same call finds.
      expect([damage, repeated]).toEqual([damage, damage === 'cut-after'])
      round++
    }
  }
  expect(proxy.done).toBe(round)
  expect(await readCounts(world)).toEqual(summed(...Array.from({ length: round }, () => items)))
  await expectBucketsEqualTotals(world)
  expect((await world.offsets(group)).get('reads/0')?.next).toBe(round)
})

test('a way that goes silent is given up in time, and blocks nobody', async () => {
  const claim = await take()
  expectWritten(await writeRound(claim, 0))
  proxy.plan('standing AS', 'silence-before')
  const start = performance.now()
  expect(await writeRound(claim, 1).catch(codeOf)).toBe('DATABASE_TIMEOUT')
  expect(performance.now() - start).toBeLessThan(3_000)
  // No transaction stands open behind the silence: whoever takes the partition need not wait for it.
  const next = await take(world.countStore())
  expect(next.positions).toEqual(positions({ 'reads/0': 1 }))
  expect(await writeRound(claim, 1)).toEqual({ kind: 'fenced', partitions: ['reads/0'] })
})

test('a backend that is terminated in the middle leaves nothing, and the next call writes', async () => {
  const claim = await take()
  expectWritten(await writeRound(claim, 0))
  const held = await world.hold(item('article', 2))
  const writing = writeRound(claim, 1).catch(codeOf)
  await until('the write waits', async () => (await held.waiting()) === 1)
  await terminate("wait_event_type = 'Lock'")
  expect(await writing).toBe('DATABASE_UNREACHABLE')
  await held.release()
  expectWritten(await writeRound(claim, 1))
  expect(await readCounts(world)).toEqual(summed(items, items))
})

test('idle connections that are terminated end nothing, and cost a call at most', async () => {
  const history = new PostgresHistoryStore({ url: sandbox.url, timeoutMs: 2_000 })
  try {
    await result(history.take('history', ['reads/0'], positions({ 'reads/0': 0 })))
    const claim = await take()
    await terminate()
    const { codes } = await persist(() => writeRound(claim, 0))
    expect(codes.length).toBeLessThanOrEqual(1)
    expect(await readCounts(world)).toEqual(summed(items))
  } finally {
    await history.close()
  }
})

test('a lock that is not given in time is a conflict, after which nothing is held', async () => {
  const claim = await take()
  expectWritten(await writeRound(claim, 0))
  const held = await world.hold(item('article', 1))
  const start = performance.now()
  expect(await writeRound(claim, 1).catch(codeOf)).toBe('DATABASE_CONFLICT')
  expect(performance.now() - start).toBeLessThan(2_000)
  const next = await take(world.countStore())
  expect(next.positions).toEqual(positions({ 'reads/0': 1 }))
  await held.release()
  expect(await writeRound(claim, 1)).toEqual({ kind: 'fenced', partitions: ['reads/0'] })
})

test('a deadlock is a conflict, and the batch is written when it is sent again', async () => {
  const patient = new PostgresCountStore({ url: sandbox.url, timeoutMs: 10_000, spec })
  try {
    const claim = await take(patient)
    const write = () => patient.write(claim, spanOf({ 'reads/0': [1, 2] }), bucketed(items, hour))
    expectWritten(await patient.write(claim, spanOf({ 'reads/0': [0, 1] }), bucketed(items, hour)))
    const other = await sandbox.connect()
    await other.query('BEGIN')
    await other.query("UPDATE counted SET small_cnt = 1 WHERE biz = 'article' AND biz_id = 2")
    const writing = write().catch(codeOf)
    await until('the write waits', async () => {
      const [row] = await sandbox.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      return row?.[0] === '1'
    })
    // It looks for deadlocks once it has waited for a second, by when this waits for it.
    await other.query("UPDATE counted SET small_cnt = 1 WHERE biz = 'article' AND biz_id = 1")
    expect(await writing).toBe('DATABASE_CONFLICT')
    await other.query('ROLLBACK')
    await other.end()
    expectWritten(await write())
    expect(await readCounts(world)).toEqual(summed(items, items))
  } finally {
    await patient.close()
  }
})

describe('storms', () => {
  let conflicts = 0
  beforeEach(() => {
    conflicts = 0
  })

  interface Work {
    readonly rounds: number
    readonly size: number
    /** Which of a few more items than `size` comes at a place of the batch: their order is the worker's own. */
    readonly order: (place: number) => number
    readonly bucketed?: boolean
  }

  const work = async (
    worker: number,
    own: CountStore,
    { rounds, size, order, bucketed: withBuckets = true }: Work,
  ): Promise<readonly Increment[]> => {
    const id = `reads/${worker}`
    const claim = await take(own, id)
    const sent: Increment[] = []
    for (let round = 0; round < rounds; round++) {
      const increments = Array.from({ length: size }, (_, i) => item('article', order(i + round), worker + 1))
      const batch = { buckets: withBuckets ? bucketed(increments, hour).buckets : [], increments }
      const { codes } = await persist(() => own.write(claim, spanOf({ [id]: [round, round + 1] }), batch))
      conflicts += codes.filter((code) => code === 'DATABASE_CONFLICT').length
      sent.push(...increments)
    }
    return sent
  }

  const expectSums = async (sent: readonly (readonly Increment[])[], rounds: number): Promise<void> => {
    expect(await readCounts(world)).toEqual(summed(...sent))
    await expectBucketsEqualTotals(world)
    expect([...(await world.offsets(group)).values()].map(({ next }) => next)).toEqual(sent.map(() => rounds))
  }

  test('thirty workers on the same items end with exact sums', async () => {
    const stores = Array.from({ length: 30 }, () => world.countStore({ buckets: ['hour', 'day'] }))
    const order = (place: number) => (place * 7) % 37
    await expectSums(await Promise.all(stores.map((own, i) => work(i, own, { rounds: 6, size: 30, order }))), 6)
  })

  test('workers whose batches come in opposite orders deadlock, and end with exact sums', async () => {
    const orders = [(place: number) => place, (place: number) => 3_010 - place]
    const sent = await Promise.all(
      // Without buckets, which all would wait for in their one order.
      orders.map((order, i) => work(i, world.countStore(), { rounds: 2, size: 3_000, order, bucketed: false })),
    )
    expect(await readCounts(world)).toEqual(summed(...sent))
    // Else there was nothing to survive.
    expect(conflicts).toBeGreaterThan(0)
  })

  test('workers whose connections are terminated and cut all the time end with exact sums', async () => {
    const random = randomFrom(seedOf('postgres storm'))
    const proxies = await Promise.all(Array.from({ length: 6 }, () => CutProxy.open(sandbox.url)))
    const stores = proxies.map(({ url }) => new PostgresCountStore({ url, timeoutMs: 2_000, spec }))
    let over = false
    let ended = 0
    const trouble = async (): Promise<void> => {
      while (!over) {
        proxies[Math.floor(random() * proxies.length)]?.plan('standing AS', random() < 0.5 ? 'cut-before' : 'cut-after')
        await new Promise((resolve) => setTimeout(resolve, random() * 20))
        if (random() < 0.3) {
          await terminate()
          ended++
        }
      }
    }
    const troubled = trouble()
    // Whoever takes fails, too, for as long as the trouble lasts.
    const sent = await Promise.all(
      stores.map((own, worker) => {
        const patient: CountStore = {
          take: (...told) => persistent(() => own.take(...told)),
          write: (...told) => own.write(...told),
        }
        return work(worker, patient, { rounds: 8, size: 30, order: (place) => (place * 7) % 37 })
      }),
    ).finally(() => {
      over = true
    })
    await troubled
    expect(ended + proxies.reduce((sum, { done }) => sum + done, 0)).toBeGreaterThan(10)
    await expectSums(sent, 8)
    for (const own of stores) await own.close()
    for (const one of proxies) one.close()
  })

  const persistent = async (call: () => Promise<Claim>): Promise<Claim> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await call()
      } catch (error) {
        if (!codeOf(error).startsWith('DATABASE_') || attempt > 100) throw error
      }
    }
  }

  test.runIf(controllable('postgres'))(
    'a server that is killed and comes back loses nothing that it confirmed',
    async () => {
      const server = control('postgres')
      const working = Promise.all(
        [0, 1, 2].map((worker) =>
          work(worker, world.countStore({ buckets: ['hour', 'day'] }), {
            rounds: 8,
            size: 30,
            order: (place) => (place * 7) % 37,
          }),
        ),
      )
      await until('something is written', async () => (await world.rows()).length > 0)
      await server.kill()
      await server.start()
      const sent = await working
      const again = await openWorldAgain()
      expect(await again('SELECT sum(read_cnt) FROM counted')).toEqual([
        [String(sent.flat().reduce((sum, { events }) => sum + events, 0))],
      ])
      expect(await again('SELECT sum(events), unit FROM count_buckets GROUP BY unit ORDER BY unit')).toEqual(
        ['day', 'hour'].map((unit) => [String(sent.flat().reduce((sum, { events }) => sum + events, 0)), unit]),
      )
    },
  )

  /** The sandbox's own connection is gone with the server that was killed. */
  const openWorldAgain = async () => {
    const client = await sandbox.connect()
    return async (text: string): Promise<unknown> => {
      const { rows } = await client.query({ text, rowMode: 'array' })
      return rows
    }
  }
})
