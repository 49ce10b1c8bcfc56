// What a topic may hold: nothing yet, garbage, the same messages twice, the whole history once more.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answersDuring } from '../support/answer-log.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { TestTopics, uniqueName } from '../support/kafka-server.js'
import { TopicRelay } from '../support/topic-relay.js'
import { until } from '../support/until.js'
import { type Answer, WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
const topic = uniqueName('relayed')
let table: Interactives
let worker: WorkerProcess
let relay: TopicRelay

beforeAll(async () => {
  table = await Interactives.create('mariadb')
  await table.insert(acceptanceRows)
  await table.insert(Array.from({ length: 200 }, (_, i) => [1000 + i, i, 'low', 0, -i]))
  worker = await WorkerProcess.start(table.yaml({ prefix: `messages-${table.table}` }).replace('maria.webook', topic))
})

afterAll(async () => {
  await worker?.stop()
  await relay?.stop()
  await topics.close()
  await table?.drop()
})

const settled = async (): Promise<void> => {
  const expected = await table.expectedBody()
  const there = async () => {
    const { state, body } = await worker.board('likes')
    return state === 'exact' && body === expected
  }
  await until('the board', there, 30_000).catch(async () => {
    expect(await worker.board('likes')).toMatchObject({ state: 'exact', body: expected })
  })
}

const like = (id: number, score: string): Promise<void> =>
  table.sql(`UPDATE ${table.table} SET like_cnt = ${score} WHERE id = ${id}`)

test('a topic that does not exist is waited for, and used once it is there', async () => {
  const told = () => worker.logs.filter(({ msg, code }) => msg === 'Waiting for the topic' && code === 'KAFKA_TOPIC')
  await until('the worker says what it waits for', () => told().length > 1, 20_000)
  expect(told()[0]?.detail).toContain(topic)
  expect((await worker.board('likes')).status).toBe(503)
  await topics.create(1, {}, topic)
  relay = await TopicRelay.start('maria.webook', topic, [table.table, 'ranktide_marker'])
  await settled()
  await like(70, '444')
  await settled()
})

/** A row message of the table, with some fields replaced. */
const message = (fields: Readonly<Record<string, unknown>>): string => {
  const example = relay.sent.find((value) => value.includes(table.table) && value.includes('"type":"UPDATE"'))
  return JSON.stringify({ ...JSON.parse(example ?? '{}'), ...fields })
}

const told = (answers: readonly Answer[]): string[] =>
  answers
    .map(({ state, reason }) => `${state} ${(reason ?? '').split(':')[0]}`.trim())
    .filter((text) => text !== 'stale its owner has not confirmed it lately')
    .filter((text, i, all) => text !== all[i - 1])

test.each<readonly [code: string, what: string, garbage: () => readonly (string | Buffer)[]]>([
  ['PARSE', 'half a message', () => [message({}).slice(0, 200)]],
  ['ROW_IMAGE', 'a row without its score', () => [message({ data: [{ id: '78' }] })]],
  [
    'UTF8',
    'hundreds of messages that are no text at all',
    () => Array.from({ length: 300 }, (_, i) => Buffer.from([0xff, i % 256, 0xfe])),
  ],
])('%s: %s: degraded with the code, the board as it was, then exact again', async (code, _what, garbage) => {
  const before = (await worker.board('likes')).body
  const answers = await answersDuring(worker, 'likes', async () => {
    // Nothing comes back until the board has been seen degraded.
    relay.mode = 'hold'
    await relay.put(garbage())
    await until('a degraded board', async () => (await worker.board('likes')).state === 'degraded')
    relay.mode = 'pass'
    await settled()
  })
  expect(told(answers)).toEqual(['exact', `degraded ${code}`, 'exact'])
  expect(new Set(answers.map(({ body }) => body))).toEqual(new Set([before]))
  expect(worker.exitCode).toBeNull()
  const refused = worker.logs.filter((line) => line.msg === 'Message refused' && line.code === code)
  expect(refused[0]).toMatchObject({
    topic,
    partition: 0,
    offset: expect.any(Number),
    detail: expect.stringMatching(/\w/),
  })
  await like(70, 'like_cnt + 1')
  await settled()
})

test('what a refused message stood for is read from the table', async () => {
  relay.mode = 'lose'
  await like(62, '5000')
  await like(78, '1')
  await until('both are lost', () => relay.lost >= 2)
  relay.mode = 'pass'
  await relay.put(['{"this":"stands for both of them"'])
  await settled()
})

test('a tombstone, a BOM, foreign tables and unknown fields disturb nobody', async () => {
  const answers = await answersDuring(worker, 'likes', async () => {
    await relay.put([
      null,
      Buffer.alloc(0),
      // No batch number: an old one would be a sign that Canal has gone back.
      message({ id: 0, table: 'another', data: [{ id: {} }] }),
      message({ id: 0, database: 'other' }),
    ])
    await like(70, 'like_cnt + 1')
    await settled()
  })
  expect(told(answers)).toEqual(['exact'])
})

/** While `run` sends again what was sent before, no answer that claims to be exact is of the past. */
const neverBackwards = async (run: () => Promise<void>, score: string): Promise<void> => {
  const before = await table.expectedBody()
  const answers = await answersDuring(worker, 'likes', async () => {
    await run()
    await like(60, score)
    await settled()
  })
  const after = await table.expectedBody()
  const exact = answers.filter(({ state }) => state === 'exact').map(({ body }) => body)
  expect(exact.filter((body) => body !== before && body !== after)).toEqual([])
  expect(told(answers)).toContain('stale rewinding')
}

test('the last hundred messages once more, and then everything from the start', async () => {
  for (let i = 0; i < 90; i++) await like([78, 58, 20, 60, 72, 56, 82, 64, 68, 70][i % 10] ?? 0, String((i * 37) % 600))
  await table.sql(`DELETE FROM ${table.table} WHERE id IN (58, 20)`)
  await table.sql(`UPDATE ${table.table} SET id = 3000 WHERE id = 70`)
  await settled()
  await neverBackwards(async () => {
    for (const value of relay.sent.slice(-100)) await relay.put([value])
  }, '601')
  const history = [...relay.sent]
  expect(history.length).toBeGreaterThan(100)
  await neverBackwards(() => relay.put(history), '602')
  // In the end, not only in passing.
  await relay.put(history)
  await until('all of it is handled', async () => {
    const metrics = await (await worker.fetch('/metrics')).text()
    return Number(/ranktide_messages_total\{[^}]*\} (\d+)/.exec(metrics)?.[1]) >= relay.total
  })
  await settled()
  expect(worker.exitCode).toBeNull()
})

test('a worker that is started on all this afterwards comes to the same board', async () => {
  expect(await worker.stop()).toBe(0)
  worker = await WorkerProcess.start(table.yaml({ prefix: `messages-${table.table}-2` }).replace('maria.webook', topic))
  await settled()
})
