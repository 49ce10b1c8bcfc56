// Boards and counters in one process: either can be down, and the other one does not notice.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { command } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { send, TestTopics, uniqueName } from '../support/kafka-server.js'
import { canalTopic, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
let topic: string
let group: string
let boards: Interactives
let counted: Interactives
let worker: WorkerProcess | undefined

const yaml = (): string => `kafka: { brokers: "${stack.kafka}", group: "${group}" }
database: { url: "${databaseUrl('mariadb', 'webook')}", audit: off }
redis: { url: "${stack.redis}", prefix: "${group}" }
http: { port: 0 }
boards:
  likes: { topic: ${canalTopic('mariadb', 'webook')}, table: webook.${boards.table}, score: like_cnt, columns: [biz_id, biz, read_cnt, like_cnt] }
counters:
  reads: { topic: ${topic}, table: webook.${counted.table}, add: { read_cnt: 1 }, window: { time: 20ms } }
`

beforeAll(async () => {
  topic = await topics.create(1)
  group = uniqueName('apart')
  boards = await Interactives.create('mariadb')
  counted = await Interactives.create('mariadb')
  await counted.sql(
    `ALTER TABLE ${counted.table} MODIFY biz VARCHAR(64) NOT NULL, MODIFY biz_id BIGINT UNSIGNED NOT NULL`,
  )
  const { code, error } = await command(['migrate'], yaml())
  expect([code, error]).toEqual([0, ''])
})

beforeEach(async () => {
  group = uniqueName('apart')
  await boards.sql(`DELETE FROM ${boards.table}`)
  await boards.insert(acceptanceRows)
  await counted.sql(`DELETE FROM ${counted.table}`)
})

afterEach(async () => {
  await worker?.stop()
  // A test that failed has left it away; what is in its place is told then.
  for (const table of [boards, counted]) await back(table).catch(() => {})
  worker = undefined
})

afterAll(async () => {
  await boards?.drop()
  await counted?.drop()
  await topics.close()
})

const away = (table: Interactives): Promise<void> => table.sql(`RENAME TABLE ${table.table} TO ${table.table}_away`)
const back = (table: Interactives): Promise<void> => table.sql(`RENAME TABLE ${table.table}_away TO ${table.table}`)

const at = (): WorkerProcess => {
  if (worker === undefined) throw new Error('no worker runs')
  return worker
}
const lines = async (): Promise<readonly string[]> =>
  (await (await at().fetch('/readyz?verbose')).text()).trim().split('\n')
const line = async (name: string): Promise<string> => (await lines()).find((one) => one.slice(3).startsWith(name)) ?? ''
const statusOf = async (path: string): Promise<number> => (await at().fetch(path)).status
/** All that this topic has ever been sent: the group of each test is new, and counts them again. */
let sent = 0
const count = async (events: number): Promise<void> => {
  sent += events
  await send(
    topic,
    Array.from({ length: events }, (_, i) => ({
      partition: 0,
      value: JSON.stringify({ uid: i, biz: 'article', biz_id: 1, ts: Date.now() }),
    })),
  )
}
const total = async (): Promise<number> => {
  const [rows] = await counted.connection.query(`SELECT SUM(read_cnt) AS n FROM ${counted.table}`)
  return Number((rows as { n: string | null }[])[0]?.n ?? 0)
}
const counts = async (events: number): Promise<void> => {
  await count(events)
  await until('all are counted', async () => (await total()) === sent, 30_000)
}
const boardFollows = async (): Promise<void> => {
  await boards.sql(`UPDATE ${boards.table} SET like_cnt = like_cnt + 1000 WHERE id = 12`)
  await until(
    'the board is what SQL has',
    async () => (await at().board('likes')).body === (await boards.expectedBody()),
    30_000,
  )
}

test('a counter whose table is gone leaves boards alive and ready, and comes back by itself', async () => {
  worker = await WorkerProcess.start(yaml())
  await until('the board is served', async () => (await at().board('likes')).state === 'exact', 30_000)
  await counts(5)

  await away(counted)
  await count(3)
  await until('the counter is not well', async () => (await line('counters.reads')).startsWith('[-]'), 30_000)
  await boardFollows()
  expect(await statusOf('/readyz')).toBe(200)
  expect(await statusOf('/readyz?only=boards')).toBe(200)
  expect(await statusOf('/readyz?only=counters')).toBe(503)
  expect(await line('likes')).toBe('[+]likes exact')

  await back(counted)
  await until('what came meanwhile is counted once', async () => (await total()) === sent, 60_000)
  await until('it says so', async () => (await line('counters.reads')).startsWith('[+]counters.reads counting'))
  expect(await statusOf('/readyz?only=counters')).toBe(200)
  expect(at().exitCode).toBeNull()
})

test('boards whose table is gone at the start leave the counter counting, and come back by themselves', async () => {
  await away(boards)
  worker = await WorkerProcess.start(yaml())
  await until('the feed is down', async () => (await line('feed ')).includes('down: TABLE_MISSING'), 30_000)
  // From the start of the topic, into an empty table.
  await until('the counter counts', async () => (await total()) === sent, 30_000)
  await counts(5)
  expect(await statusOf('/readyz')).toBe(200)
  expect(await statusOf('/readyz?only=boards')).toBe(503)
  expect(await statusOf('/readyz?only=counters')).toBe(200)
  expect((await at().board('likes')).status).toBe(503)

  await back(boards)
  await until('the board is served', async () => (await at().board('likes')).state === 'exact', 60_000)
  expect(await line('feed ')).toBe('')
  await boardFollows()
  await counts(5)
  expect(at().exitCode).toBeNull()
})

test('with nothing that can begin the process ends with 1', async () => {
  await away(boards)
  await away(counted)
  try {
    const ended = await WorkerProcess.launch(yaml())
    expect(await ended.exited()).toBe(1)
    expect(ended.output).toContain('ranktide: TABLE_MISSING')
    await ended.stop()
  } finally {
    await back(boards)
    await back(counted)
  }
})

test('--only runs one part of the file', async () => {
  worker = await WorkerProcess.start(yaml(), {}, ['--only', 'counters'])
  await until('it counts', async () => (await total()) === sent, 30_000)
  expect(await lines()).toEqual([expect.stringMatching(/^\[\+\]counters\.reads counting/), 'ok'])
  expect((await at().board('likes')).status).toBe(404)
  await worker.stop()

  await counted.sql(`DELETE FROM ${counted.table}`)
  group = uniqueName('apart')
  worker = await WorkerProcess.start(yaml(), {}, ['--only', 'boards'])
  await until('the board is served', async () => (await at().board('likes')).state === 'exact', 30_000)
  expect(await lines()).toEqual(['[+]likes exact', 'ok'])
  expect(await (await at().fetch('/metrics')).text()).not.toContain('ranktide_counter_')
  expect(await total()).toBe(0)
})

test('SIGTERM ends both with 0', async () => {
  worker = await WorkerProcess.start(yaml())
  await until('the board is served', async () => (await at().board('likes')).state === 'exact', 30_000)
  await until('the counter counts', async () => (await total()) === sent, 30_000)
  const begun = performance.now()
  expect(await worker.stop()).toBe(0)
  expect(performance.now() - begun).toBeLessThan(10_000)
  worker = undefined
})
