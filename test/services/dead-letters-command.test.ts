// `ranktide dead-letters` as an operator runs it: the built command on real Kafka, beside workers that count and that keep boards.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import kafka from 'node-rdkafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CountedTable, createCountedTable } from '../../scripts/bench/counted-table.js'
import { command, type Ended } from '../support/command.js'
import { lettersIn } from '../support/dead-letter-topic.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { openProducer, send, TestTopics, transact, uniqueName } from '../support/kafka-server.js'
import { stack } from '../support/stack.js'
import { TopicRelay } from '../support/topic-relay.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
afterAll(() => topics.close())

const event = (uid: number, bizId: number): string =>
  JSON.stringify({ uid, biz: 'article', biz_id: bizId, ts: Date.now() })

interface Listed {
  readonly letters: readonly {
    readonly id: string
    readonly code: string
    readonly feed: string
    readonly state: string
  }[]
  readonly more: number
  readonly counts: Readonly<Record<string, number>>
}

const listed = async (yaml: string, ...more: string[]): Promise<Listed> => {
  const { code, out, error } = await command(['dead-letters', 'list', '--json', ...more], yaml)
  expect([code, error]).toEqual([0, ''])
  return JSON.parse(out) as Listed
}

const run = (yaml: string, ...line: string[]): Promise<Ended> => command(['dead-letters', ...line], yaml)

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** Offset after the last record of partition 0, of transactions that are open as well. */
const written = async (topic: string): Promise<() => Promise<number>> => {
  const consumer = new kafka.KafkaConsumer(
    { 'metadata.broker.list': stack.kafka, 'group.id': 'any', 'isolation.level': 'read_uncommitted' },
    {},
  )
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve()))
  })
  return () =>
    new Promise((resolve, reject) => {
      consumer.queryWatermarkOffsets(topic, 0, 10_000, (error, { highOffset } = { highOffset: 0, lowOffset: 0 }) =>
        error ? reject(error) : resolve(highOffset),
      )
    })
}

/**
 * Starts a command and kills it once it has written so many records to the topic, ends of transactions among them.
 * Whether it died of that.
 */
const killedWriting = async (
  yaml: string,
  end: () => Promise<number>,
  records: number,
  line: string[],
): Promise<boolean> => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-killed-'))
  const file = join(directory, 'ranktide.yaml')
  await writeFile(file, yaml)
  const before = await end()
  const child = spawn(process.execPath, [main, 'dead-letters', ...line, '--config', file], { stdio: 'ignore' })
  const exited = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  while (child.exitCode === null && (await end()) < before + records);
  child.kill('SIGKILL')
  const signal = await exited
  await rm(directory, { recursive: true, force: true })
  return signal === 'SIGKILL'
}

test('without a topic, with an empty one and with wrong words it says what is there and what to type', async () => {
  const letters = uniqueName('letters')
  const yaml = `
kafka: { brokers: '${stack.kafka}', group: any, deadLetters: ${letters} }
database: { url: '${stack.mariadb}/none' }
counters: { reads: { topic: any, table: none.items, add: { read_cnt: 1 } } }
`
  const missing = await run(yaml, 'list')
  expect([missing.code, missing.out]).toEqual([1, ''])
  expect(missing.error).toContain(`ranktide: KAFKA_TOPIC: the topic does not exist: ${letters}`)
  expect(missing.error).toContain('ranktide run makes it when it starts')
  await topics.create(1, {}, letters)
  expect(await run(yaml, 'list')).toMatchObject({ code: 0, out: `no open letters in ${letters}\n` })
  const none = await run(yaml, 'show', '0/3')
  expect([none.code, none.error]).toEqual([
    1,
    `ranktide: LETTER_UNKNOWN: there is no such dead letter: 0/3; ${letters} is empty. ranktide dead-letters list --all lists them\n`,
  ])
  expect(await run(yaml, 'retry', '--all')).toMatchObject({ code: 0, out: 'no open letters match\n' })
  const wrong = await run(yaml, 'discard', '1/3', '--reason', 'x')
  expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining('All letters stand in partition 0')])
  const away = await run(yaml.replace(stack.kafka, '127.0.0.1:1'), 'list')
  expect([away.code, away.error]).toEqual([1, expect.stringContaining('KAFKA_UNREACHABLE')])
})

describe('letters of counters', () => {
  const group = uniqueName('settling')
  const letters = `${group}.dead-letters`
  let topic: string
  let table: CountedTable
  let yaml: string
  let worker: WorkerProcess

  const count = async (name: string, bizId: number): Promise<number> =>
    Number((await table.query(`SELECT read_cnt FROM DB.${name} WHERE biz_id = ${bizId}`))[0]?.[0] ?? 0)
  /** Of the narrow table and of the wide one. */
  const counts = async (bizId: number): Promise<readonly number[]> => [
    await count('interactives', bizId),
    await count('others', bizId),
  ]
  const metric = async (name: string): Promise<string | undefined> =>
    (await (await worker.fetch('/metrics')).text())
      .split('\n')
      .find((line) => line.startsWith(`${name}{feed="counters.reads"}`))
      ?.split(' ')[1]
  /** Read events behind everything that was sent: once it is counted, so is all before it. */
  const passedBy = async (bizId: number): Promise<void> => {
    await send(topic, [{ partition: 0, value: event(1, bizId) }])
    await until('a later event is counted', async () => (await counts(bizId)).every((n) => n === 1), 40_000)
  }

  beforeAll(async () => {
    topic = await topics.create(1)
    await topics.create(1, {}, letters)
    table = await createCountedTable(stack.mariadb, 'settling')
    await table.query('CREATE TABLE DB.others LIKE DB.interactives')
    await table.query('ALTER TABLE DB.interactives MODIFY read_cnt TINYINT UNSIGNED NOT NULL DEFAULT 0')
    await table.query(
      "INSERT INTO DB.interactives (biz, biz_id, read_cnt) VALUES ('article', 7, 255), ('article', 8, 255)",
    )
    const window = 'window: { events: 100, time: 20ms }'
    yaml = `
kafka: { brokers: '${stack.kafka}', group: ${group}, deadLetters: ${letters} }
database: { url: '${table.url}' }
http: { port: 0 }
counters:
  reads: { topic: ${topic}, table: ${table.table}, add: { read_cnt: 1 }, ${window} }
  others: { topic: ${topic}, table: ${table.table.replace('interactives', 'others')}, add: { read_cnt: 1 }, ${window} }
`
    expect((await command(['migrate'], yaml)).code).toBe(0)
    worker = await WorkerProcess.start(yaml)
    await send(topic, [
      { partition: 0, value: event(1, 7) },
      { partition: 0, value: '{"uid":1,"biz":' },
      ...Array.from({ length: 3 }, (_, i) => ({ partition: 0, value: event(i, 7) })),
    ])
    await passedBy(100)
  }, 60_000)

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await table?.close()
  })

  test('are listed, paged and counted by code; show tells what today makes of one', async () => {
    await until('both counters have passed all', async () => (await lettersIn(letters)).length === 12)
    const all = await listed(yaml)
    expect(all.counts).toEqual({ COUNT_OVERFLOW: 4, PARSE: 2 })
    const page = await listed(yaml, '--feed', 'counters.reads', '--code', 'COUNT_OVERFLOW', '--limit', '3')
    expect(page).toMatchObject({ more: 1, counts: { COUNT_OVERFLOW: 4 } })
    const last = page.letters.at(-1)?.id ?? ''
    const rest = await listed(yaml, '--code', 'COUNT_OVERFLOW', '--since', '1h', '--after', last)
    expect([rest.letters.length, rest.more]).toEqual([1, 0])
    expect((await listed(yaml, '--topic', 'another')).letters).toEqual([])

    const parse = all.letters.find(({ code }) => code === 'PARSE')?.id ?? ''
    const shown = await run(yaml, 'show', parse)
    expect(shown.out).toMatch(/^state {4}open; counters\.\w+ has gone on without it$/m)
    expect(shown.out).toMatch(/^today {4}still refused: PARSE: /m)
    expect(shown.out).toContain(`header   ranktide-topic: ${topic}`)
    expect((await run(yaml, 'show', parse, '--raw')).out).toBe('{"uid":1,"biz":')
    expect((await run(yaml, 'show', last)).out).toContain('would be accepted: an event that can be counted')
    await until('the metric', async () => (await metric('ranktide_dead_letters_unsettled')) === '5', 15_000)
    expect(Number(await metric('ranktide_dead_letters_oldest_age_seconds'))).toBeGreaterThan(0)
  })

  test('a dry run writes nothing; what is still refused stays open', async () => {
    const before = await lettersIn(letters)
    const dry = await run(yaml, 'retry', '--all', '--dry-run')
    expect(dry.code).toBe(1)
    expect(dry.out).toContain('dry run, nothing was done: 4 would be retried, 2 left open')
    expect(dry.out).toMatch(/still refused: PARSE/)
    expect(await lettersIn(letters)).toHaveLength(before.length)
  })

  test('a retried event is counted once, by its counter alone, however often it is retried', async () => {
    await table.query('ALTER TABLE DB.interactives MODIFY read_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0')
    const [first, second] = (await listed(yaml, '--code', 'COUNT_OVERFLOW')).letters
    const ids = [first?.id ?? '', second?.id ?? '']
    // Two at once: one of them may be told that the other was faster.
    await Promise.all([run(yaml, 'retry', ...ids), run(yaml, 'retry', ...ids)])
    const again = await run(yaml, 'retry', ...ids)
    expect([again.code, again.error]).toEqual([0, ''])
    const third = await run(yaml, 'retry', ...ids, '--json')
    expect(JSON.parse(third.out)).toMatchObject({ retried: 0, left: 0, already: [{ id: ids[0] }, { id: ids[1] }] })
    await passedBy(101)
    expect(await counts(7)).toEqual([257, 4])
    expect(await listed(yaml, '--all')).toMatchObject({ counts: { COUNT_OVERFLOW: 4, PARSE: 2 } })
  })

  test('what a command that died had written and not committed is never counted', async () => {
    const producer = await openProducer({ 'transactional.id': `${letters}.settle`, 'transaction.timeout.ms': 60_000 })
    await new Promise<void>((resolve, reject) => {
      producer.initTransactions(10_000, (error) => (error ? reject(error) : resolve()))
    })
    await new Promise<void>((resolve) => producer.beginTransaction(() => resolve()))
    producer.produce(topic, 0, Buffer.from(event(1, 7)), null, null, undefined, [
      { 'ranktide-retry': 'counters.reads' },
    ])
    await new Promise<void>((resolve) => producer.flush(10_000, () => resolve()))
    // Its events stand in the topic; the next command ends its transaction and does what it had not done.
    const retried = await run(yaml, 'retry', '--code', 'COUNT_OVERFLOW')
    expect([retried.code, retried.out, retried.error]).toEqual([0, '2 retried\n', ''])
    await passedBy(102)
    expect(await counts(7)).toEqual([259, 4])
    await expect(transact(producer, topic, [], 'commit')).rejects.toThrow()
    producer.disconnect()
  })

  test('killed again and again in the middle: each event is counted once', async () => {
    const events = 700
    const open = async () => (await listed(yaml, '--code', 'COUNT_OVERFLOW', '--limit', '1')).counts.COUNT_OVERFLOW ?? 0
    const before = await open()
    await table.query('ALTER TABLE DB.interactives MODIFY read_cnt SMALLINT UNSIGNED NOT NULL DEFAULT 0')
    await table.query('UPDATE DB.interactives SET read_cnt = 65535 WHERE biz_id = 8')
    await send(
      topic,
      Array.from({ length: events }, (_, i) => ({ partition: 0, value: event(i, 8) })),
    )
    await passedBy(103)
    await until('they are letters', async () => (await open()) === before + events, 20_000)
    await table.query('ALTER TABLE DB.interactives MODIFY read_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0')
    const end = await written(topic)
    const left: string[] = []
    // In the first transaction of 200 letters, about its end, and about that of the second.
    for (const records of [1, 201, 402]) {
      const died = await killedWriting(yaml, end, records, ['retry', '--code', 'COUNT_OVERFLOW'])
      left.push(`${died ? 'killed' : 'done'}: ${await open()}`)
    }
    expect(left.join()).toContain('killed')
    const last = await run(yaml, 'retry', '--code', 'COUNT_OVERFLOW')
    expect([last.code, last.error], `${left}`).toEqual([0, ''])
    await passedBy(104)
    expect(await counts(8), `${left}`).toEqual([65_535 + events, events])
  }, 90_000)

  test('an event that its counter has not passed may be counted yet: it is left, unless it is told otherwise', async () => {
    const source = { 'ranktide-code': 'EVENT_FIELD', 'ranktide-detail': 'by hand', 'ranktide-feed': 'counters.reads' }
    const place = { 'ranktide-topic': topic, 'ranktide-partition': '0', 'ranktide-offset': '0' }
    const producer = await openProducer()
    const headers = Object.entries({ ...source, ...place }).map(([name, value]) => ({ [name]: value }))
    producer.produce(letters, 0, Buffer.from(event(1, 9)), null, null, undefined, headers)
    await new Promise<void>((resolve) => producer.flush(10_000, () => resolve()))
    producer.disconnect()
    const left = await run(yaml, 'retry', '--code', 'EVENT_FIELD')
    expect([left.code, left.out]).toEqual([1, expect.stringContaining('so it may be counted: see --unconfirmed')])
    const done = await run(yaml, 'retry', '--code', 'EVENT_FIELD', '--unconfirmed')
    expect([done.code, done.out]).toEqual([0, '1 retried\n'])
    await passedBy(105)
    expect(await counts(9)).toEqual([1, 0])
  })

  test('discard needs a reason, keeps it with who and when, and never takes it back', async () => {
    expect(await run(yaml, 'discard', '--all')).toMatchObject({ code: 2, error: expect.stringContaining('--reason') })
    const [parse] = (await listed(yaml)).letters
    const id = parse?.id ?? ''
    const done = await run(yaml, 'discard', '--all', '--reason', 'a load test')
    expect([done.code, done.out, done.error]).toEqual([0, '2 discarded\n', ''])
    expect((await run(yaml, 'show', id)).out).toMatch(/^state {4}discarded at \S+Z by \S+@\S+: a load test$/m)
    expect((await run(yaml, 'retry', id)).out).toMatch(/^0\/\d+ was discarded at .*\n1 settled before\n$/)
    expect((await listed(yaml)).letters).toEqual([])
    await until('the metric', async () => (await metric('ranktide_dead_letters_oldest_age_seconds')) === '0', 15_000)
  })
})

describe('letters of boards', () => {
  const topic = uniqueName('shown')
  let table: Interactives
  let worker: WorkerProcess
  let relay: TopicRelay
  let yaml: string
  let narrow: string

  beforeAll(async () => {
    table = await Interactives.create('mariadb')
    await table.insert(acceptanceRows)
    await topics.create(1, {}, topic)
    relay = await TopicRelay.start('maria.webook', topic, [table.table, 'ranktide_marker'])
    const letters = `${topic}.letters`
    await topics.create(1, {}, letters)
    yaml = table
      .yaml({ prefix: `shown-${table.table}` })
      .replace('maria.webook', topic)
      .replace('kafka: {', `kafka: { deadLetters: "${letters}",`)
    narrow = yaml.replace('read_cnt, ', '')
    worker = await WorkerProcess.start(yaml)
    await until('the board', async () => (await worker.board('likes')).state === 'exact', 40_000)
  }, 60_000)

  afterAll(async () => {
    await worker?.stop()
    await relay?.stop()
    await table?.drop()
  })

  test('are never produced again: closed once they are understood and the boards were read anew', async () => {
    relay.mode = 'hold'
    const message = {
      data: [{ id: '78', biz_id: '11', biz: 'et', like_cnt: '1' }],
      database: 'webook',
      es: Date.now(),
      id: 1,
      isDdl: false,
      mysqlType: { id: 'bigint(20) unsigned', biz_id: 'bigint(20)', biz: 'varchar(128)', like_cnt: 'bigint(20)' },
      old: null,
      pkNames: ['id'],
      sql: '',
      sqlType: { id: -5, biz_id: -5, biz: 12, like_cnt: -5 },
      table: table.table,
      ts: Date.now(),
      type: 'INSERT',
    }
    await relay.put([JSON.stringify(message)])
    await until('a degraded board', async () => (await worker.board('likes')).state === 'degraded', 20_000)
    const still = await run(yaml, 'retry', '--all')
    expect([still.code, still.out]).toEqual([1, expect.stringContaining('still refused: ROW_IMAGE')])
    const early = await run(narrow, 'retry', '--all')
    expect([early.code, early.out]).toEqual([1, expect.stringContaining('its boards were not read anew yet: likes ')])
    relay.mode = 'pass'
    const expected = await table.expectedBody()
    await until('the board is exact again', async () => (await worker.board('likes')).state === 'exact', 30_000)
    await until(
      'it is closed',
      async () => (await run(narrow, 'retry', '--all')).out === '1 closed as healed\n',
      20_000,
    )
    const { letters } = await listed(narrow, '--all')
    expect(letters).toMatchObject([{ code: 'ROW_IMAGE', state: 'healed', feed: topic }])
    // The old image would have set the row to one like.
    expect((await worker.board('likes')).body).toBe(expected)
    expect((await lettersIn(topic)).filter(({ headers }) => 'ranktide-retry' in headers)).toEqual([])
  }, 60_000)
})
