// Canal stands still, and so does what no marker can be written to: boards say so with their true age, and go on by themselves.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { TestTopics, uniqueName } from '../support/kafka-server.js'
import { RedisBoard } from '../support/redis-board.js'
import { TopicRelay } from '../support/topic-relay.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
const topic = uniqueName('silent')
let table: Interactives
let yaml: (instance: string) => string
let owner: WorkerProcess
let standby: WorkerProcess
let relay: TopicRelay
let redis: RedisBoard

beforeAll(async () => {
  table = await Interactives.create('mariadb')
  const prefix = `silent-${table.table}`
  await table.insert(acceptanceRows)
  await table.insert(Array.from({ length: 200 }, (_, i) => [1000 + i, i, 'low', 0, -i]))
  await topics.create(1, {}, topic)
  relay = await TopicRelay.start('maria.webook', topic, [table.table, 'ranktide_marker'])
  redis = new RedisBoard(prefix, topic)
  yaml = (instance) => table.yaml({ prefix, instance }).replace('maria.webook', topic)
  owner = await WorkerProcess.start(yaml('a'))
  await settled(owner)
  standby = await WorkerProcess.start(yaml('b'))
})

afterAll(async () => {
  await standby?.stop()
  await owner?.stop()
  await relay?.stop()
  await topics.close()
  redis?.close()
  await table?.drop()
})

const settled = async (worker: WorkerProcess): Promise<void> => {
  const expected = await table.expectedBody()
  const there = async () => {
    const { state, body } = await worker.board('likes')
    return state === 'exact' && body === expected
  }
  await until('the board', there, 40_000).catch(async () => {
    expect(await worker.board('likes')).toMatchObject({ state: 'exact', body: expected })
  })
}

const metric = async (worker: WorkerProcess, name: string): Promise<number> => {
  const text = await (await worker.fetch('/metrics')).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.]+)`, 'm').exec(text)?.[1] ?? 0)
}

test('a quiet feed is exact and young, and nothing is read for it', async () => {
  await settled(standby)
  const reads = async () =>
    (await metric(owner, 'ranktide_rebuilds_total')) + (await metric(owner, 'ranktide_refills_total'))
  const before = await reads()
  const ages: number[] = []
  for (let i = 0; i < 60; i++) {
    ages.push((await owner.board('likes')).age ?? Number.POSITIVE_INFINITY)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  // Most of them: the machine of a test may be busy.
  expect(ages.sort((a, b) => a - b)[45]).toBeLessThan(3)
  expect(await reads()).toBe(before)
})

test('Canal stands still: everyone is told since when, and the age is that of the silence; then all is well by itself', async () => {
  const begun = Date.now()
  relay.mode = 'hold'
  await table.sql(`UPDATE ${table.table} SET like_cnt = 7777 WHERE id = 70`)
  const reason = new RegExp(`^the feed ${topic.replaceAll('.', '\\.')} is silent since \\d{4}-.*Z: FEED_SILENT$`)
  for (const worker of [owner, standby]) {
    const silent = async () => reason.test((await worker.board('likes')).reason ?? '')
    await until('a board that says so', silent, 20_000)
    const { state, age = 0 } = await worker.board('likes')
    expect(state).toBe('stale')
    expect(age).toBeGreaterThan((Date.now() - begun) / 1_000 - 1)
    expect(age).toBeLessThan((Date.now() - begun) / 1_000 + 4)
  }
  const meta = await redis.redis.hgetall(redis.meta)
  expect(meta).toMatchObject({ state: 'stale', reason: expect.stringMatching(reason) })
  expect(Number(meta.confirmed_at)).toBeLessThan(begun + 1_000)
  expect(await metric(owner, 'ranktide_lag_seconds')).toBeGreaterThan(4)
  relay.mode = 'pass'
  await settled(owner)
  await settled(standby)
})

test('an owner that starts while Canal stands still does not claim to be of the present', async () => {
  relay.mode = 'hold'
  await until('silence', async () => (await owner.board('likes')).reason?.includes('silent') === true, 20_000)
  await standby.stop()
  await owner.stop()
  owner = await WorkerProcess.start(yaml('a'))
  const silent = async () => (await owner.board('likes')).reason?.includes('is silent since') === true
  await until('the new owner says so', silent, 20_000)
  expect((await owner.board('likes')).age).toBeGreaterThan(5)
  relay.mode = 'pass'
  await settled(owner)
})
