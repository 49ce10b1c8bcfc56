// Every server of the stack goes away and comes back, under load: readers are answered throughout, only with boards
// that were true, with a true age; and afterwards the board is what SQL says.
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { CommittedSequence } from '../support/committed-sequence.js'
import { LoadedReplicas, seedOf } from '../support/loaded-replicas.js'
import type { Replica } from '../support/replica.js'
import { control, controllable } from '../support/stack.js'
import { until } from '../support/until.js'

let group: LoadedReplicas

beforeAll(async () => {
  // Without a limit on the lag: a server that is away is felt. What is claimed of it is looked at below.
  const rules = { lagLimit: Number.POSITIVE_INFINITY, mayBeStale: true }
  group = await LoadedReplicas.start({ seed: seedOf('outages'), rules, names: ['a', 'b'] })
})

beforeEach(() => {
  if (!group.writer.writing) group.writer.resume()
})

afterEach(async ({ task }) => {
  console.info(`${task.name}: ${group.summary()}`)
  if (task.result?.state !== 'fail') return
  group.printLogs()
  await bringBack()
})

/** What a test that failed has left stopped or paused. */
const bringBack = async (): Promise<void> => {
  for (const name of ['redis', 'kafka', 'mariadb', 'canal'] as const) {
    if (!controllable(name)) continue
    await control(name).start()
    await control(name).resume()
  }
}

afterAll(async () => {
  await group.stop()
})

/** The same board everywhere, that of SQL; the same processes as before; every answer on the way was right. */
const expectRecovered = async (limit: number): Promise<void> => {
  await group.caughtUp(limit)
  await group.settle()
  expect(group.faults).toEqual([])
  for (const { worker, starts } of group.replicas) {
    expect(worker.exitCode).toBeNull()
    expect(starts).toBe(1)
  }
}

/** Answers of a replica between two moments: there are some, none claims to be current, each is as old as it says. */
const expectTrueAges = (replica: Replica, began: number, from: number, to: number): void => {
  const answers = group.seenBy(replica).filter(({ at }) => at >= from && at <= to)
  expect(answers.length).toBeGreaterThan(0)
  for (const { at, state, age = 0, lag } of answers) {
    expect(state).toBe('stale')
    // A second between two confirmations, and one for the machine to be slow.
    expect(age * 1_000).toBeGreaterThan(at - began - 2_000)
    expect(lag).toBeLessThan(age * 1_000 + 2_000)
  }
}

/** Old enough an outage for boards to say that nobody has confirmed them, ms. */
const noticed = 5_500
const outage = 8_000

test.runIf(controllable('redis'))('Redis is restarted, empty', async () => {
  const redis = control('redis')
  const { owner, standby } = await group.roles()
  const began = performance.now()
  await redis.stop()
  await delay(outage)
  const ended = performance.now()
  await redis.start()
  expectTrueAges(owner, began, began + noticed, ended)
  expectTrueAges(standby, began, began + noticed, ended)
  // The owner goes on in memory: what it serves is not old, it only cannot know whether it still is the owner.
  const behind = group.seenBy(owner).filter(({ at, lag }) => at > began && at < ended && lag > 3_000)
  expect(behind).toEqual([])
  await expectRecovered(15_000)
})

test.runIf(controllable('redis'))('Redis is flushed', async () => {
  // Until the lease has changed hands twice: a new owner finds nothing, the old one puts back what it has.
  for (let round = 1, handed = 0; handed < 2; round += 1) {
    if (round > 12) throw new Error('the lease never changed hands')
    const { owner } = await group.roles()
    await group.board.redis.flushall()
    await until('somebody has the lease', async () => (await group.board.owner()).lease !== undefined)
    await group.caughtUp(15_000)
    if ((await group.roles()).owner !== owner) handed += 1
    await delay(1_000)
  }
  await expectRecovered(15_000)
})

test.runIf(controllable('redis'))('Redis hangs', async () => {
  const redis = control('redis')
  const committed = await CommittedSequence.watch(group)
  await delay(1_000)
  const published = group.newestIn(await group.board.answer())
  await redis.pause()
  // The feed is read on meanwhile; its offsets are not committed. Half a second for what was published since.
  await delay(2_000)
  expect(await committed.read()).toBeLessThanOrEqual(published + 5)
  await delay(3_000)
  await redis.resume()
  await committed.close()
  await expectRecovered(15_000)
})

test.runIf(controllable('mariadb'))('the database is stopped while rows are read from it', async () => {
  const database = control('mariadb')
  const { owner } = await group.roles()
  await group.writer.pause()
  await group.caughtUp(10_000)
  // Everything that the board holds falls while nobody can read the table: there is not enough left to be a board. It
  // holds 74 rows, and 148 or 296 where refills came close together.
  const { release } = await group.writer.dropBestUnderLock(300)
  await until('the board says that it is refilling', async () => (await owner.read())?.reason === 'refilling', 30_000)
  await database.stop()
  release()
  await delay(3_000)
  expect(await owner.read()).toMatchObject({ status: 200, state: 'stale', reason: 'refilling' })
  await database.start()
  // With nothing written meanwhile only another reading can fill the board. It waits for its marker to come through
  // Canal, which asks for the binlog again after 10 to 20 s.
  const expected = await group.table.expectedBody()
  await until('the board is filled again', async () => (await group.board.answer()).body === expected, 60_000)
  group.writer.resume()
  await expectRecovered(60_000)
})

test.runIf(controllable('kafka'))('Kafka is restarted', async () => {
  const kafka = control('kafka')
  const { owner, standby } = await group.roles()
  const began = performance.now()
  await kafka.stop()
  await delay(outage - 2_000)
  const ended = performance.now()
  expectTrueAges(owner, began, began + noticed, ended)
  expectTrueAges(standby, began, began + noticed, ended)
  await kafka.start()
  await expectRecovered(60_000)
})

test.runIf(controllable('canal'))('Canal is restarted', async () => {
  const canal = control('canal')
  await canal.stop()
  await delay(3_000)
  await canal.start()
  await expectRecovered(60_000)
})

/** A set of another type cannot even be read. */
const shows = async (expected: string): Promise<boolean> => {
  const answer = await group.board.answer().catch(() => undefined)
  return answer?.body === expected
}

const sameVersion = async (): Promise<boolean> => {
  const { version } = await group.board.answer()
  for (const replica of group.replicas) if ((await replica.read())?.version !== version) return false
  return true
}

test('foreign writes to the keys are healed', async () => {
  const { redis, zset, rows } = group.board
  const expected = await group.settle()
  const second = JSON.parse(expected).data[1].id as number
  const writes: readonly [what: string, write: () => Promise<unknown>][] = [
    ['a stranger in the set', () => redis.zadd(zset, 5, 'stranger')],
    ['a member that left', () => redis.zrem(zset, String(second))],
    ['a score that changed', () => redis.zincrby(zset, 1, String(second))],
    ['a row that changed', () => redis.hset(rows, String(second), '{"id":0,"like_cnt":0}')],
    ['a row without a member', () => redis.hset(rows, 'stranger', '{"id":0,"like_cnt":0}')],
    ['all rows gone', () => redis.del(rows)],
    ['the set gone', () => redis.del(zset)],
    ['the set a string', () => redis.set(zset, 'text')],
  ]
  await group.tampering(async () => {
    for (const [what, write] of writes) {
      // A standby that is just reading what was published last would read this along with it.
      await until('all readers have the newest version', sameVersion)
      await write()
      await until(`${what}: healed`, () => shows(expected), 5_000)
    }
  })
  await expectRecovered(5_000)
})
