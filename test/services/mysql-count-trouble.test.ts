// What a real server and the way to it can do to a batch: cut at every step, killed, locked, deadlocked.
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Increment } from '../../src/core/count-batch.js'
import { RanktideError } from '../../src/core/errors.js'
import { MysqlCountStore } from '../../src/databases/mysql/count-store.js'
import type { Claim } from '../../src/operators/batch-store.js'
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
import { countedSpec, openMysqlWorld } from '../support/mysql-batch-world.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { until } from '../support/until.js'

const group = 'counter.reads'
const hour = Date.UTC(2026, 10, 21, 13)
const spec = { ...countedSpec, buckets: ['hour', 'day'] } as const
const items = [item('article', 1, 3), item('article', 2, 1), item('video', 9, 2)]
/** More text than goes into one message, also when they are known: of each kind there are few. */
const many = Array.from({ length: 2_000 }, (_, i) => item(`${'long'.repeat(15)}${i % 500}`, i + 1))

const codeOf = (error: unknown): string => (error instanceof RanktideError ? error.code : String(error))

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let world: BatchWorld
  let proxy: CutProxy
  let store: MysqlCountStore
  beforeEach(async () => {
    sandbox = await openSandbox(name, 'trouble')
    world = await openMysqlWorld(sandbox)
    proxy = await CutProxy.open(sandbox.url)
    store = new MysqlCountStore({ url: proxy.url, timeoutMs: 2_000, spec })
  })
  afterEach(async () => {
    await store.close()
    proxy.close()
    await world.close()
    await sandbox.close()
  })

  const take = (): Promise<Claim> => retried(() => store.take(group, ['reads/0'], positions({ 'reads/0': 0 })))
  const writeRound = (claim: Claim, round: number, increments = items) =>
    store.write(claim, spanOf({ 'reads/0': [round, round + 1] }), bucketed(increments, hour))
  /** As a pipeline: again until it is written; the codes of what failed. */
  const persist = async (
    claim: Claim,
    round: number,
    increments = items,
  ): Promise<{ codes: readonly string[]; repeated: boolean }> => {
    const codes: string[] = []
    for (;;) {
      try {
        const outcome = await writeRound(claim, round, increments)
        if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome))
        return { codes, repeated: outcome.repeated }
      } catch (error) {
        codes.push(codeOf(error))
        if (!codeOf(error).startsWith('DATABASE_') || codes.length > 20) throw error
      }
    }
  }

  test.each([
    ['one message', items, ['COMMIT']],
    ['several messages', many, ['UPDATE consumer_offsets', 'COMMIT']],
  ])('a connection that is cut before or after any of %s costs nothing and counts nothing twice', async (...given) => {
    const [, increments, steps] = given
    const claim = await take()
    let round = 0
    for (const damage of ['cut-before', 'cut-after'] as const) {
      for (const step of steps) {
        proxy.plan(step, damage)
        const { codes, repeated } = await persist(claim, round++, increments)
        expect([step, damage, codes]).toEqual([step, damage, ['DATABASE_UNREACHABLE']])
        // Only an answer to COMMIT that was lost leaves something that is there already.
        expect([step, damage, repeated]).toEqual([step, damage, step === 'COMMIT' && damage === 'cut-after'])
      }
    }
    expect(proxy.done).toBe(round)
    expect(await readCounts(world)).toEqual(summed(...Array.from({ length: round }, () => increments)))
    await expectBucketsEqualTotals(world)
    expect((await world.offsets(group)).get('reads/0')?.next).toBe(round)
  })

  test('a write whose way to the server went silent before COMMIT is made again once the server has let go', async () => {
    const claim = await take()
    proxy.plan('COMMIT', 'silence-before')
    const { codes, repeated } = await persist(claim, 0, many)
    expect(repeated).toBe(false)
    expect(codes[0]).toBe('DATABASE_TIMEOUT')
    expect(new Set(codes.slice(1))).toEqual(new Set(['DATABASE_CONFLICT']))
    expect(await readCounts(world)).toEqual(summed(many))
  })

  test('a connection that is killed in the middle leaves nothing, and the next call writes', async () => {
    const claim = await take()
    expectWritten(await writeRound(claim, 0))
    const held = await world.hold(item('article', 2))
    const writing = writeRound(claim, 1).catch(codeOf)
    await until('the write waits', async () => (await held.waiting()) === 1)
    const { rows } = await sandbox.query(
      "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%counted%'",
    )
    for (const [id] of rows) await sandbox.run(`KILL ${id}`)
    expect(await writing).toBe('DATABASE_UNREACHABLE')
    await held.release()
    expectWritten(await writeRound(claim, 1))
    expect(await readCounts(world)).toEqual(summed(items, items))
  })

  test('a connection serves batch after batch, and is closed before the server would', async () => {
    const claim = await take()
    const connections = async (): Promise<readonly (string | null)[]> => {
      const { rows } = await sandbox.query(
        "SELECT id FROM information_schema.processlist WHERE db = ? AND command = 'Sleep' AND id <> CONNECTION_ID() ORDER BY id",
        [sandbox.database],
      )
      return rows.map(([id]) => id ?? null)
    }
    expectWritten(await writeRound(claim, 0))
    // The server answers first, and shows the connection as sleeping a moment later.
    await until('the connection sleeps', async () => (await connections()).length > 0)
    const before = await connections()
    // The pool looks for idle connections once a second.
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expectWritten(await writeRound(claim, 1))
    await until('the same one sleeps again', async () => isDeepStrictEqual(await connections(), before))
    const others = before.length - 1
    await until('the idle connection is closed', async () => (await connections()).length <= others, 8_500)
    expectWritten(await writeRound(claim, 2))
  })

  test('a lock that is not given in time is a conflict, after which the same connection serves', async () => {
    const claim = await take()
    expectWritten(await writeRound(claim, 0))
    const held = await world.hold(item('article', 1))
    const start = performance.now()
    expect(await writeRound(claim, 1).catch(codeOf)).toBe('DATABASE_CONFLICT')
    expect(performance.now() - start).toBeLessThan(2_000)
    // Its transaction is over: whoever takes the partition need not wait until the connection is closed for its silence.
    const other = world.countStore()
    const taken = performance.now()
    const next = await result(other.take(group, ['reads/0'], positions({ 'reads/0': 0 })))
    expect(performance.now() - taken).toBeLessThan(3_000)
    expect(next.positions).toEqual(positions({ 'reads/0': 1 }))
    await held.release()
    expect(await writeRound(claim, 1)).toEqual({ kind: 'fenced', partitions: ['reads/0'] })
  })

  test('forty workers on the same items, some in the wrong order, end with exact sums', async () => {
    const workers = 40
    const rounds = 6
    // Each statement's rows in another order: what fixed orders avoid.
    const shuffled = (worker: number, round: number): readonly Increment[] =>
      Array.from({ length: 30 }, (_, i) => item('article', (i * 7 + worker * 11 + round * 3) % 37, worker + 1))
    let conflicts = 0
    const work = async (worker: number): Promise<readonly Increment[]> => {
      const own = world.countStore()
      const id = `reads/${worker}`
      const claim = await retried(() => own.take(group, [id], positions({ [id]: 0 })))
      const sent: Increment[] = []
      for (let round = 0; round < rounds; round++) {
        const increments = shuffled(worker, round)
        for (;;) {
          try {
            const write = own.write(claim, spanOf({ [id]: [round, round + 1] }), { increments, buckets: [] })
            expectWritten(await result(write))
            break
          } catch (error) {
            if (codeOf(error) !== 'DATABASE_CONFLICT') throw error
            conflicts++
            await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 90))
          }
        }
        sent.push(...increments)
      }
      return sent
    }
    const sent = await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
    expect(await readCounts(world)).toEqual(summed(...sent))
    const offsets = [...(await world.offsets(group)).values()]
    expect(offsets.map(({ next }) => next)).toEqual(Array.from({ length: workers }, () => rounds))
    // Else the storm was none.
    expect(conflicts).toBeGreaterThan(0)
  })
})
