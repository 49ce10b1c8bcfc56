/** What only Kafka can show of the message interface: brokers that are absent or hang, static members, zombies. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RanktideError } from '../../src/core/errors.js'
import { partitionId } from '../../src/core/positions.js'
import { KafkaGroupConsumer, type KafkaGroupConsumerOptions } from '../../src/sources/kafka-group-consumer.js'
import { KafkaMessageProducer, type KafkaMessageProducerOptions } from '../../src/sources/kafka-message-producer.js'
import { startGroupMember } from '../support/group-member.js'
import { GroupReader } from '../support/group-reader.js'
import { committedOffsets, openProducer, sendWith, TestTopics, uniqueName } from '../support/kafka-server.js'
import { startMockBroker } from '../support/mock-broker.js'
import { stack } from '../support/stack.js'
import { until } from '../support/until.js'

const window = { events: 500, bytes: 1_000_000, time: 20 }
const message = (topic: string, value: string) => ({ topic, key: null, value: Buffer.from(value) })

describe('the message log on Kafka, in trouble', () => {
  let topics: TestTopics
  const closers: (() => unknown)[] = []

  beforeAll(() => {
    topics = new TestTopics()
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  afterAll(() => topics.close())

  const consumerOf = (options: Partial<KafkaGroupConsumerOptions> & { topics: string[] }): KafkaGroupConsumer => {
    const consumer = new KafkaGroupConsumer({ brokers: stack.kafka, group: uniqueName('group'), window, ...options })
    closers.push(() => consumer.close())
    return consumer
  }
  const producerOf = async (options: Partial<KafkaMessageProducerOptions> = {}): Promise<KafkaMessageProducer> => {
    const producer = await KafkaMessageProducer.connect({ brokers: stack.kafka, ...options })
    closers.push(() => producer.close())
    return producer
  }
  const mock = async () => {
    const broker = await startMockBroker()
    closers.push(() => broker.kill())
    return broker
  }

  /** A port at which nothing answers until `appear`; then it leads to the server of the tests. */
  const absentBroker = async (): Promise<{ brokers: string; appear(): Promise<void> }> => {
    const server: Server = createServer((socket) => {
      const [host = '', port = ''] = stack.kafka.split(':')
      const upstream = connect(Number(port), host)
      socket.on('error', () => upstream.destroy()).pipe(upstream)
      upstream.on('error', () => socket.destroy()).pipe(socket)
    })
    const listen = (port: number) =>
      new Promise<number>((resolve) => {
        server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
      })
    const port = await listen(0)
    await new Promise((resolve) => server.close(resolve))
    closers.push(() => server.close())
    return { brokers: `127.0.0.1:${port}`, appear: async () => void (await listen(port)) }
  }

  it('a producer starts without a broker, fails in time, and writes once there is one', async () => {
    const topic = await topics.create(1)
    const { brokers, appear } = await absentBroker()
    const begun = performance.now()
    const producer = await producerOf({ brokers, timeout: 1_500, queue: 3 })
    expect(performance.now() - begun).toBeLessThan(3_500)
    const sentAt = performance.now()
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((value) => producer.send(message(topic, value))))
    expect(performance.now() - sentAt).toBeLessThan(2_000)
    expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual([
      'KAFKA_UNREACHABLE',
      'KAFKA_UNREACHABLE',
      'KAFKA_UNREACHABLE',
      'KAFKA_FULL',
    ])
    expect(results[0]).toMatchObject({ reason: { detail: expect.stringContaining('Connection refused') } })
    await appear()
    // In the order of send(), though the first ones waited for the broker.
    const places: number[] = []
    const send = async (value: string) => places.push((await producer.send(message(topic, value))).offset ?? -1)
    await until('a message written', async () => {
      try {
        await Promise.all([send('1'), send('2'), send('3')])
        return true
      } catch {
        return false
      }
    })
    expect(places.slice(-3)).toEqual([0, 1, 2])
  })

  it('a producer of which too much is asked says so at once, and says what is wrong with its settings', async () => {
    const topic = await topics.create(1)
    const producer = await producerOf({ queue: 10 })
    await producer.send(message(topic, 'first'))
    const begun = performance.now()
    const sent = Array.from({ length: 25 }, (_, i) => producer.send(message(topic, String(i))))
    const full = await sent[24]?.catch((error: unknown) => error)
    expect(full).toMatchObject({ code: 'KAFKA_FULL' })
    expect(performance.now() - begun).toBeLessThan(50)
    const results = await Promise.allSettled(sent)
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(10)
    await producer.send(message(topic, 'again'))
    await expect(producerOf({ client: { 'no.such.property': 1 } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('a producer gets over a broker that hangs', async () => {
    const broker = await mock()
    const outside = await producerOf({ brokers: broker.address, timeout: 1_000 })
    await startTopic(broker.address)
    await outside.send(message('mocked', 'before'))
    broker.hang()
    const begun = performance.now()
    await expect(outside.send(message('mocked', 'lost?'))).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(performance.now() - begun).toBeLessThan(1_500)
    broker.continue()
    await until('a message written', () =>
      outside.send(message('mocked', 'after')).then(
        () => true,
        () => false,
      ),
    )
  })

  it('a consumer waits for a broker that is not there, says so, and reads once it is', async () => {
    const topic = await topics.create(2)
    const { brokers, appear } = await absentBroker()
    const troubles: RanktideError[] = []
    const reader = new GroupReader(
      consumerOf({ brokers, topics: [topic], requestTimeout: 500, onTrouble: (error) => troubles.push(error) }),
    )
    await until('a report', () => troubles.length > 0)
    expect(troubles[0]?.code).toBe('KAFKA_UNREACHABLE')
    expect(troubles[0]?.detail).toContain(brokers)
    await appear()
    await until('its partitions', () => reader.partitions?.length === 2)
    await (await producerOf()).send(message(topic, 'x'))
    await until('the message', () => reader.texts.includes('x'))
    expect(reader.error).toBe(undefined)
  })

  it('a consumer closes in time while it tries to connect, and while it asks where its partitions begin', async () => {
    let asked = 0
    const silent = createServer((socket) => {
      asked++
      closers.push(() => socket.destroy())
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    closers.push(() => silent.close())
    const connecting = consumerOf({
      brokers: `127.0.0.1:${(silent.address() as { port: number }).port}`,
      topics: ['x'],
    })
    const waiting = new GroupReader(connecting)
    await until('an attempt', () => asked > 0)
    expect(await closingTime(connecting)).toBeLessThan(3_000)
    expect(waiting.completed).toBe(true)

    const broker = await mock()
    await startTopic(broker.address)
    const beginning = consumerOf({ brokers: broker.address, topics: ['mocked'] })
    let [isRead, completed] = [false, false]
    beginning.assignments().subscribe((assignment) => {
      broker.hang()
      const start = new Map(assignment.partitions.map((id) => [id, 0]))
      assignment.batches(start).subscribe({
        complete: () => {
          completed = true
        },
      })
      isRead = true
    })
    await until('a reading', () => isRead)
    expect(await closingTime(beginning)).toBeLessThan(3_000)
    expect(completed).toBe(true)
    broker.continue()
  })

  it('a consumer reads on after a broker that hung, nothing lost; and closes though one hangs', async () => {
    const broker = await mock()
    await startTopic(broker.address)
    const troubles: RanktideError[] = []
    const options = { brokers: broker.address, topics: ['mocked'], requestTimeout: 500, refresh: 200 }
    const consumer = consumerOf({ ...options, instance: 'one', onTrouble: (error) => troubles.push(error) })
    const reader = new GroupReader(consumer)
    await until('its partitions', () => reader.partitions?.length === 4)
    const producer = await producerOf({ brokers: broker.address, timeout: 30_000 })
    await producer.send(message('mocked', 'before'))
    await until('the message', () => reader.texts.includes('before'))
    broker.hang()
    const sent = producer.send(message('mocked', 'after'))
    await until('a report', () => troubles.length > 0, 15_000)
    broker.continue()
    await sent
    await until('the other message', () => reader.texts.includes('after'), 15_000)
    expect(reader.error).toBe(undefined)
    expect(reader.overlaps).toBe(0)

    broker.hang()
    const begun = performance.now()
    await consumer.close()
    expect(performance.now() - begun).toBeLessThan(3_000)
    broker.continue()
  })

  it('a batch may be held for longer than the group waits for a poll', async () => {
    const topic = await topics.create(1)
    await (await producerOf()).send(message(topic, 'x'))
    const client = { 'max.poll.interval.ms': 6_000, 'session.timeout.ms': 6_000 }
    const reader = new GroupReader(consumerOf({ topics: [topic], client }))
    reader.hold = true
    await until('a batch', () => reader.generations[0]?.batches.length === 1)
    // Longer than the interval, and than librdkafka takes to look at it.
    await new Promise((resolve) => setTimeout(resolve, 8_000))
    expect(reader.generations.map(({ state }) => state)).toEqual(['reading'])
    reader.hold = false
    reader.generations[0]?.batches[0]?.release()
    await until('the message', () => reader.texts.includes('x'), 2_000)
    expect(reader.generations.length).toBe(1)
  })

  it('a static member that was killed gets its partitions back at once, and the others are not disturbed', async () => {
    const topic = await topics.create(2)
    const group = uniqueName('group')
    const other = new GroupReader(consumerOf({ topics: [topic], group }))
    await until('all partitions', () => other.partitions?.length === 2)
    const { kill } = await startGroupMember({ group, topic, instance: 'worker-1' })
    await until('one partition', () => other.partitions?.length === 1)
    const generations = other.generations.length
    kill()
    const begun = performance.now()
    const back = new GroupReader(consumerOf({ topics: [topic], group, instance: 'worker-1' }))
    await until('its partition', () => back.partitions?.length === 1)
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect([...(back.partitions ?? []), ...(other.partitions ?? [])].sort()).toEqual([
      partitionId(topic, 0),
      partitionId(topic, 1),
    ])
    expect(other.generations.length).toBe(generations)
  })

  it('of two members with one instance id the former is told, and goes', async () => {
    const topic = await topics.create(1)
    const group = uniqueName('group')
    const former = new GroupReader(consumerOf({ topics: [topic], group, instance: 'twin' }))
    await until('its partition', () => former.partitions?.length === 1)
    const latter = new GroupReader(consumerOf({ topics: [topic], group, instance: 'twin' }))
    await until('the partition', () => latter.partitions?.length === 1)
    await until('an error', () => former.error !== undefined)
    expect(former.error).toMatchObject({ code: 'KAFKA_FAILED', detail: expect.stringContaining('twin') })
    expect(former.generations[0]?.state).toBe('completed')
    await (await producerOf()).send(message(topic, 'x'))
    await until('the message', () => latter.texts.includes('x'))
  })

  it('a session that the brokers do not allow is a fault of the configuration', async () => {
    const topic = await topics.create(1)
    const reader = new GroupReader(consumerOf({ topics: [topic], client: { 'session.timeout.ms': 3_000 } }))
    await until('an error', () => reader.error !== undefined)
    expect(reader.error).toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('session.timeout.ms'),
    })
  })

  it('mirroring goes on through rebalances, and never moves the offsets of another member', async () => {
    const topic = await topics.create(2)
    const group = uniqueName('group')
    const a = consumerOf({ topics: [topic], group })
    const reader = new GroupReader(a)
    await until('both', () => reader.partitions?.length === 2)
    const ids = [partitionId(topic, 0), partitionId(topic, 1)]
    const mirroring = setInterval(() => a.mirror(new Map(ids.map((id) => [id, 1]))), 5)
    closers.push(() => clearInterval(mirroring))
    const b = consumerOf({ topics: [topic], group })
    const second = new GroupReader(b)
    await until('one each', () => reader.partitions?.length === 1 && second.partitions?.length === 1)
    const [own = ''] = second.partitions ?? []
    b.mirror(new Map([[own, 2]]))
    const offsets = () => committedOffsets(group, topic, 2)
    await until('its offset', async () => (await offsets())[ids.indexOf(own)] === 2)
    // More than a second: a commit of what the other one still had would have been tried again.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await offsets()).toEqual(ids.map((id) => (id === own ? 2 : 1)))
    expect(reader.error).toBe(undefined)
  })

  it('a member that stood still and was taken for dead gives up what it had, and joins again', async () => {
    const topic = await topics.create(2)
    const group = uniqueName('group')
    const zombie = await startReader({ group, topic })
    closers.push(() => zombie.child.kill('SIGKILL'))
    await until('its partitions', () => zombie.lines.includes('assigned 2'))
    const reader = new GroupReader(consumerOf({ topics: [topic], group }))
    await until('one each', () => reader.partitions?.length === 1 && zombie.lines.includes('assigned 1'))
    const before = zombie.lines.length
    zombie.child.kill('SIGSTOP')
    await until('both partitions', () => reader.partitions?.length === 2, 20_000)
    const producer = await producerOf({ partitioner: 'round-robin' })
    await Promise.all(Array.from({ length: 20 }, (_, i) => producer.send(message(topic, String(i)))))
    await until('all messages', () => new Set(reader.texts).size === 20)
    zombie.child.kill('SIGCONT')
    await until('one each again', () => reader.partitions?.length === 1)
    await until('its new assignment', () => zombie.lines.slice(before).includes('assigned 1'))
    // Its former batches completed first, whatever they brought until then.
    const since = zombie.lines.slice(before).filter((line) => !line.startsWith('read'))
    expect(since.slice(0, 2)).toEqual(['completed', 'assigned 1'])
  })
})

const closingTime = async (consumer: KafkaGroupConsumer): Promise<number> => {
  const begun = performance.now()
  await consumer.close()
  return performance.now() - begun
}

/** Makes the topic `mocked` on the mock, which gives it four partitions. */
const startTopic = async (brokers: string): Promise<void> => {
  const producer = await openProducer({ 'metadata.broker.list': brokers })
  await sendWith(producer, 'mocked', [{ partition: 0, value: 'first' }])
  await new Promise<void>((resolve) => producer.disconnect(() => resolve()))
}

const program = `
const { KafkaGroupConsumer } = await import(process.argv[1])
const { brokers, group, topic, window } = JSON.parse(process.argv[2])
new KafkaGroupConsumer({ brokers, group, topics: [topic], window }).assignments().subscribe((assignment) => {
  console.log('assigned ' + assignment.partitions.length)
  assignment.batches(new Map(assignment.partitions.map((id) => [id, 0]))).subscribe({
    next: (batch) => {
      console.log('read ' + batch.messages.length)
      batch.release()
    },
    complete: () => console.log('completed'),
  })
})
`

/** A member in a process of its own, as it was built, which tells what it does. */
const startReader = async (options: {
  readonly group: string
  readonly topic: string
}): Promise<{ readonly child: ChildProcess; readonly lines: string[] }> => {
  const source = new URL('../../dist/src/sources/kafka-group-consumer.js', import.meta.url).href
  const argument = JSON.stringify({ brokers: stack.kafka, window, ...options })
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, source, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  child.stdout?.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')))
  return { child, lines }
}
