// What a real Postgres and the way to it can do to a batch: cut before and after, terminated, locked, deadlocked.
import { afterEach, beforeEach, expect, test } from 'vitest'
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
import { codeOf, persist } from '../support/persistent-write.js'
import { countedSpec, openPostgresWorld } from '../support/postgres-batch-world.js'
import { openPostgresSandbox, type PostgresSandbox, terminate } from '../support/postgres-sandbox.js'
import { until } from '../support/until.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)
const spec = { ...countedSpec, buckets: ['hour', 'day'] } as const
const items = [item('article', 1, 3), item('article', 2, 1), item('video', 9, 2)]

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
  await terminate(sandbox, "wait_event_type = 'Lock'")
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
    await terminate(sandbox)
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
