// Refused messages on a real topic: kept byte for byte before anything goes on, and nothing goes on while they can't be.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KafkaDeadLetters } from '../../src/sources/kafka-dead-letters.js'
import { type DeadLetterBox, deadLettersConformance, letter } from '../conformance/dead-letters.js'
import { lettersIn } from '../support/dead-letter-topic.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { committedOffsets, TestTopics, uniqueName } from '../support/kafka-server.js'
import { stack } from '../support/stack.js'
import { TopicRelay } from '../support/topic-relay.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
afterAll(() => topics.close())

/** Smaller than any letter's headers. */
const unwritable = { 'max.message.bytes': '20' }

const openBox = async (): Promise<DeadLetterBox> => {
  const topic = await topics.create(1)
  const deadLetters = new KafkaDeadLetters({ brokers: stack.kafka, group: 'test', topic, requestTimeout: 5_000 })
  return {
    deadLetters,
    found: () => lettersIn(topic),
    setWritable: (writable) => topics.recreate(topic, 1, writable ? {} : unwritable),
    close: () => deadLetters.close(),
  }
}

deadLettersConformance('Kafka', openBox)

describe('the topic', () => {
  test('is made when it is missing, with room for large messages', async () => {
    const topic = uniqueName('dead-letters')
    const deadLetters = new KafkaDeadLetters({ brokers: stack.kafka, group: 'test', topic })
    try {
      await deadLetters.prepare()
      await deadLetters.write([letter(1, new Uint8Array(3_000_000).fill(7))])
      expect((await lettersIn(topic))[0]?.value?.byteLength).toBe(3_000_000)
    } finally {
      await deadLetters.close()
      await topics.delete(topic)
    }
  })

  test('one that takes no record of that size is said to', async () => {
    const topic = await topics.create(1, unwritable)
    const deadLetters = new KafkaDeadLetters({ brokers: stack.kafka, group: 'test', topic })
    const failure = deadLetters.write([letter(1, Uint8Array.of(1))])
    await expect(failure).rejects.toMatchObject({
      detail: expect.stringContaining(`raise max.message.bytes of ${topic}`),
    })
    await deadLetters.close()
  })

  test('a broker that is not there is KAFKA_UNREACHABLE', async () => {
    const options = { brokers: '127.0.0.1:1', group: 'test', topic: 'any', requestTimeout: 500 }
    const deadLetters = new KafkaDeadLetters(options)
    await expect(deadLetters.prepare()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    await deadLetters.close()
  })
})

describe('a worker', () => {
  const topic = uniqueName('refused')
  const letters = `${topic}.letters`
  let table: Interactives
  let worker: WorkerProcess
  let relay: TopicRelay
  let prefix: string

  beforeAll(async () => {
    table = await Interactives.create('mariadb')
    prefix = `letters-${table.table}`
    await table.insert(acceptanceRows)
    await table.insert(Array.from({ length: 200 }, (_, i) => [1000 + i, i, 'low', 0, -i]))
    await topics.create(1, {}, topic)
    relay = await TopicRelay.start('maria.webook', topic, [table.table, 'ranktide_marker'])
    const yaml = table.yaml({ prefix }).replace('maria.webook', topic)
    worker = await WorkerProcess.start(yaml.replace('kafka: {', `kafka: { deadLetters: "${letters}",`))
  })

  afterAll(async () => {
    await worker?.stop()
    await relay?.stop()
    await topics.delete(letters).catch(() => {})
    await table?.drop()
  })

  const settled = async (limit = 30_000): Promise<void> => {
    const expected = await table.expectedBody()
    await until(
      'the board',
      async () => {
        const { state, body } = await worker.board('likes')
        return state === 'exact' && body === expected
      },
      limit,
    ).catch(async () => {
      expect(await worker.board('likes')).toMatchObject({ state: 'exact', body: expected })
    })
  }

  const metric = async (name: string): Promise<number> => {
    const text = await (await worker.fetch('/metrics')).text()
    return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)`, 'm').exec(text)?.[1] ?? 0)
  }

  test('a refused message is a dead letter, and the board is degraded until it has been read anew', async () => {
    await settled()
    // Nothing comes back until the board has been seen degraded.
    relay.mode = 'hold'
    const garbage = Buffer.from([0xff, 0, 0xfe, 10])
    await relay.put([garbage])
    await until('a degraded board', async () => (await worker.board('likes')).state === 'degraded')
    const [found] = await lettersIn(letters)
    expect([...(found?.value ?? [])]).toEqual([...garbage])
    expect(found?.key).toBeNull()
    expect(found?.headers).toMatchObject({
      'ranktide-code': 'UTF8',
      'ranktide-feed': topic,
      'ranktide-topic': topic,
      'ranktide-partition': '0',
      'ranktide-offset': expect.stringMatching(/^\d+$/),
      'ranktide-timestamp': expect.stringMatching(/^\d{13}$/),
    })
    relay.mode = 'pass'
    await settled()
    expect(await metric('ranktide_dead_letters_total')).toBe(1)
  })

  test('while it cannot be written nothing of the feed goes on, and the boards say why; then it goes on by itself', async () => {
    await topics.recreate(letters, 1, unwritable)
    const before = (await worker.board('likes')).body
    await relay.put(['{"half a message'])
    await table.sql(`UPDATE ${table.table} SET like_cnt = 9000 WHERE id = 62`)
    const expected = await table.expectedBody()
    const stale = async () => (await worker.board('likes')).reason?.startsWith('DEAD_LETTER_FAILED') === true
    await until('boards that say why', stale)
    const refused = worker.logs.findLast(({ msg }) => msg === 'Message refused')?.offset
    // It goes on not going on.
    const failures = await metric('ranktide_dead_letter_failures_total')
    const more = async () => (await metric('ranktide_dead_letter_failures_total')) > failures + 1
    await until('it has been tried again', more, 20_000)
    const held = await worker.board('likes')
    expect(held).toMatchObject({ status: 200, state: 'stale', body: before })
    expect(held.reason).toContain(letters)
    await until('an age that grows', async () => ((await worker.board('likes')).age ?? 0) > 3)
    expect((await committedOffsets(prefix, topic, 1))[0]).toBeLessThanOrEqual(Number(refused))
    expect(worker.logs.filter(({ msg }) => msg === 'Dead letters not written, the feed stands still')).not.toEqual([])
    expect(worker.exitCode).toBeNull()

    await topics.recreate(letters, 1)
    await until('the board as it is', async () => (await worker.board('likes')).body === expected, 30_000)
    await settled()
    expect((await lettersIn(letters)).map(({ value }) => Buffer.from(value ?? []).toString())).toContain(
      '{"half a message',
    )
  })

  test('a topic that is gone is made again', async () => {
    await topics.delete(letters)
    await relay.put(['{"after the topic has gone'])
    await until('the letter', async () => (await lettersIn(letters).catch(() => [])).length > 0, 60_000)
    await settled(60_000)
  })

  test('ten thousand refused messages: each kept once, few reads of the table, bounded memory', async () => {
    const start = (await lettersIn(letters)).length
    const kept = await metric('ranktide_dead_letters_total')
    const rebuilds = await metric('ranktide_rebuilds_total')
    const memory = await worker.memory()
    const count = 10_000
    const waste = 'x'.repeat(2_000)
    for (let i = 0; i < count; i += 1_000)
      await relay.put(Array.from({ length: 1_000 }, (_, j) => `{"refused": ${i + j}, ${waste}`))
    await table.sql(`UPDATE ${table.table} SET like_cnt = 9500 WHERE id = 64`)
    const told = async () => (await metric('ranktide_dead_letters_total')) === kept + count
    await until('all of them are kept', told, 60_000)
    await settled(60_000)
    const found = (await lettersIn(letters)).slice(start)
    expect(found).toHaveLength(count)
    expect(new Set(found.map(({ headers }) => headers['ranktide-offset'])).size).toBe(count)
    expect((await metric('ranktide_rebuilds_total')) - rebuilds).toBeLessThanOrEqual(8)
    expect((await worker.memory()) - memory).toBeLessThan(100)
    expect(worker.logs.filter(({ msg }) => msg === 'Message refused').length).toBeLessThan(500)
  })
})
