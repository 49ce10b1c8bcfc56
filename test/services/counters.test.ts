// Counters as a user runs them: the built process on real Kafka and a real database, seen from outside.
import kafka from 'node-rdkafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CountedTable, createCountedTable } from '../../scripts/bench/counted-table.js'
import { command } from '../support/command.js'
import { lettersIn } from '../support/dead-letter-topic.js'
import { send, TestTopics, uniqueName } from '../support/kafka-server.js'
import { stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const event = (uid: number | string, bizId: number | string, ts = Date.parse('2026-03-01T15:59:59Z')): string =>
  JSON.stringify({ uid, biz: 'article', biz_id: bizId, ts })

/** The offsets that the group has committed in Kafka. */
const mirrored = async (group: string, topic: string, partitions: number): Promise<readonly (number | undefined)[]> => {
  const consumer = new kafka.KafkaConsumer({ 'metadata.broker.list': stack.kafka, 'group.id': group }, {})
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve()))
  })
  try {
    const wanted = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const found = await new Promise<readonly { offset?: number }[]>((resolve, reject) => {
      consumer.committed(wanted, 10_000, (error, offsets) => (error ? reject(error) : resolve(offsets)))
    })
    return found.map(({ offset }) => offset)
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
  }
}

const metricOf = async (worker: WorkerProcess, series: string): Promise<number> => {
  const text = await (await worker.fetch('/metrics')).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  )
}

const verbose = async (worker: WorkerProcess, more = ''): Promise<readonly string[]> =>
  (await (await worker.fetch(`/readyz?verbose${more}`)).text()).trim().split('\n')

describe.each(['mariadb', 'mysql', 'postgres'] as const)('counters on %s', (server) => {
  const topics = new TestTopics()
  const group = uniqueName('counters')
  const letters = `${group}.dead-letters`
  let topic: string
  let table: CountedTable
  let yaml: string
  let worker: WorkerProcess | undefined

  beforeAll(async () => {
    topic = await topics.create(3)
    await topics.create(1, {}, letters)
    table = await createCountedTable(stack[server], 'counters')
    yaml = `
kafka: { brokers: '${stack.kafka}', group: ${group}, deadLetters: ${letters} }
database: { url: '${table.url}' }
http: { port: 0 }
counters:
  reads:
    topic: ${topic}
    table: ${table.table}
    add: { read_cnt: 1 }
    window: { events: 100, time: 20ms }
    buckets: [hour, day]
    timeZone: Asia/Shanghai
history: { topic: ${topic}, window: { time: 20ms } }
`
  })

  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await table?.close()
    await topics.close()
  })

  const counts = async (): Promise<Readonly<Record<string, string | null | undefined>>> =>
    Object.fromEntries((await table.query('SELECT biz_id, read_cnt FROM DB.interactives')).map(([id, n]) => [id, n]))
  const sum = async (): Promise<number> =>
    Number((await table.query('SELECT SUM(read_cnt) FROM DB.interactives'))[0]?.[0] ?? 0)

  test('without migrate neither the check nor the start goes on, and both say what to run', async () => {
    const check = await command(['config', 'check', '--connect'], yaml)
    expect(check.code).toBe(1)
    expect(check.out).toMatch(/\[-\]MIGRATION_MISSING .*consumer_offsets.*ranktide migrate/)
    const run = await WorkerProcess.launch(yaml)
    expect(await run.exited()).toBe(1)
    expect(run.output).toMatch(/ranktide: MIGRATION_MISSING: .*ranktide migrate/)
    await run.stop()
    expect((await command(['migrate'], yaml)).code).toBe(0)
  })

  test('after it the check finds everything good', async () => {
    const { code, out } = await command(['config', 'check', '--connect'], yaml)
    expect(out).toContain(`[+]topic ${topic} 3 partition(s)`)
    expect(out).toContain(`[+]counter reads ${table.table}`)
    expect(out).toContain('[+]history read_history')
    expect(code).toBe(0)
  })

  test('events are counted with their buckets and offsets; poison goes aside, its neighbours count once', async () => {
    await send(topic, [
      { partition: 0, value: event(1, 7) },
      { partition: 0, value: '{"uid":1,"biz":"article","biz_id":-5,"ts":1}' },
      { partition: 0, value: event('18446744073709551615', '18446744073709551615') },
      { partition: 1, value: event(2, 7, Date.parse('2026-03-01T16:00:00Z')) },
      { partition: 2, value: event(2, 7, Date.parse('2026-03-01T16:00:01Z')) },
    ])
    worker = await WorkerProcess.start(yaml)
    await until('all are counted', async () => (await sum()) === 4, 30_000)
    expect(await counts()).toEqual({ 7: '3', '18446744073709551615': '1' })

    // Midnight in Shanghai is 16:00 UTC; the text of a time differs by server.
    const buckets = await table.query(
      'SELECT unit, biz_id, events FROM DB.count_buckets ORDER BY unit, bucket_start, biz_id',
    )
    expect(buckets).toEqual([
      ['day', '7', '1'],
      ['day', '18446744073709551615', '1'],
      ['day', '7', '2'],
      ['hour', '7', '1'],
      ['hour', '18446744073709551615', '1'],
      ['hour', '7', '2'],
    ])
    const offsets = () =>
      table.query(
        `SELECT partition_id, next_offset FROM DB.consumer_offsets WHERE consumer_group = '${group}.counter.reads' ORDER BY 1`,
      )
    expect(await offsets()).toEqual([
      ['0', '3'],
      ['1', '1'],
      ['2', '1'],
    ])
    await until('Kafka shows them, too', async () => {
      return JSON.stringify(await mirrored(`${group}.counter.reads`, topic, 3)) === '[3,1,1]'
    })
    const latest = async () => (await table.query('SELECT uid, biz_id FROM DB.read_history ORDER BY uid')).length
    await until('the history is there', async () => (await latest()) === 3)

    const kept = async () => (await lettersIn(letters)).filter(({ headers }) => 'ranktide-code' in headers)
    await until('both pipelines have kept the letter', async () => (await kept()).length === 2)
    const found = await kept()
    expect(found.map(({ headers }) => headers['ranktide-feed']).sort()).toEqual(['counters.reads', 'history'])
    for (const { headers } of found)
      expect(headers).toMatchObject({ 'ranktide-code': 'EVENT_FIELD', 'ranktide-offset': '1' })
    await until('both say that their offsets have passed it', async () => {
      const passed = (await lettersIn(letters)).filter(({ headers }) => 'ranktide-passed' in headers)
      return passed.length === 2
    })
  })

  test('metrics and readiness tell of each pipeline', async () => {
    const at = worker as WorkerProcess
    expect(await metricOf(at, 'ranktide_counter_events_total{pipeline="counters.reads"}')).toBe(4)
    expect(
      await metricOf(at, 'ranktide_counter_refused_events_total{pipeline="counters.reads",code="EVENT_FIELD"}'),
    ).toBe(1)
    expect(await metricOf(at, 'ranktide_counter_lag_events{pipeline="counters.reads"}')).toBe(0)
    expect(await metricOf(at, 'ranktide_counter_lag_seconds{pipeline="counters.reads"}')).toBe(0)
    expect(await metricOf(at, 'ranktide_counter_partitions{pipeline="history"}')).toBe(3)
    expect(await at.ready()).toBe(true)
    expect(await verbose(at)).toEqual([
      '[+]counters.reads counting: 3 partitions, 0 events (0.0 s) behind, window 100',
      expect.stringMatching(/^\[\+\]history counting: 3 partitions, 0 events/),
      'ok',
    ])
    expect((await at.fetch('/startupz')).status).toBe(200)
    expect(await (await at.fetch('/boards')).json()).toMatchObject({ data: [] })
  })

  test('a user is forgotten at a word, and what is old', async () => {
    const { code, out } = await command(['history', 'erase', '--uid', '2'], yaml)
    expect([code, out]).toEqual([0, '1 read deleted\n'])
    expect(await table.query('SELECT uid FROM DB.read_history ORDER BY uid')).toEqual([['1'], ['18446744073709551615']])
    // All are of one time, which is in the past or to come, as the clock has it: this far back nothing is.
    expect((await command(['history', 'erase', '--older-than', '36500d'], yaml)).out).toBe('0 reads deleted\n')
  })

  test('SIGTERM under load ends with 0, and the next start goes on where it was: all are counted once', async () => {
    const before = await sum()
    const events = 20_000
    const values = Array.from({ length: events }, (_, i) => ({ partition: i % 3, value: event(i, i % 50) }))
    const sending = send(topic, values)
    await until('some are counted', async () => (await sum()) > before + 200, 30_000)
    const at = worker as WorkerProcess
    const begun = performance.now()
    expect(await at.stop()).toBe(0)
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(at.logs.findLast(({ msg }) => msg === 'Closed')?.clean).toBe(true)
    await sending
    const stored = Number(
      (
        await table.query(
          `SELECT SUM(next_offset) FROM DB.consumer_offsets WHERE consumer_group = '${group}.counter.reads'`,
        )
      )[0]?.[0],
    )
    // One of the offsets is that of the poison event.
    expect(await sum()).toBe(stored - 1)

    worker = await WorkerProcess.start(yaml)
    await until('the rest is counted', async () => (await sum()) >= before + events, 60_000)
    expect(await sum()).toBe(before + events)
    const perUnit = await table.query('SELECT unit, SUM(events) FROM DB.count_buckets GROUP BY unit ORDER BY unit')
    expect(perUnit.map(([unit, n]) => [unit, Number(n)])).toEqual([
      ['day', before + events],
      ['hour', before + events],
    ])
  })
})
