import { describe, expect, it, vi } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { eventCode, isUnsettled, kafkaError, quietly } from '../../src/sources/kafka-errors.js'
import { consumerProperties, producerConfiguration, producerProperties } from '../../src/sources/kafka-properties.js'

const window = { events: 5_000, bytes: 8_000_000, time: 50 }

describe('the properties of the Kafka client', () => {
  it('takes any of librdkafka, over the defaults', () => {
    const client = { 'sasl.password': 'secret', 'fetch.wait.max.ms': 7 }
    const { global } = consumerProperties({ brokers: 'k1:9092,k2:9092', group: 'g', client }, window)
    expect(global).toMatchObject({
      ...client,
      'metadata.broker.list': 'k1:9092,k2:9092',
      'group.id': 'g',
      'enable.auto.commit': false,
      'allow.auto.create.topics': false,
    })
  })

  it('makes a member of a group, static if it has an instance id, that notices deaths soon', () => {
    const address = { brokers: 'k', group: 'g', client: { 'session.timeout.ms': 9_000 } }
    const { global } = consumerProperties(address, window, { instance: 'one' })
    expect(global).toMatchObject({
      'group.instance.id': 'one',
      'partition.assignment.strategy': 'roundrobin',
      'session.timeout.ms': 9_000,
      'max.poll.interval.ms': 60_000,
      'enable.auto.commit': false,
    })
    expect(consumerProperties(address, window, {}).global).not.toHaveProperty(['group.instance.id'])
    for (const key of ['group.instance.id', 'partition.assignment.strategy', 'group.protocol']) {
      const wrong = { ...address, client: { [key]: 'x' } }
      expect(() => consumerProperties(wrong, window, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      // A feed is no member: there they change nothing.
      expect(() => consumerProperties(wrong, window)).not.toThrow()
    }
  })

  it('gives a producer what belongs to topics apart from the rest, which node-rdkafka would ignore otherwise', () => {
    const properties = producerProperties({ brokers: 'k' }, 1_234, { partitioner: 'random' })
    const { global, topic } = producerConfiguration(properties)
    expect(topic).toEqual({ acks: -1, 'message.timeout.ms': 1_234, partitioner: 'random' })
    expect({ ...global, ...topic }).toEqual(properties)
  })

  it('never starts at the end or the beginning by itself', () => {
    expect(consumerProperties({ brokers: 'k', group: 'g' }, window).topic).toEqual({ 'auto.offset.reset': 'error' })
  })

  it.each(['enable.auto.commit', 'auto.offset.reset', 'group.id', 'bootstrap.servers', 'metadata.broker.list'])(
    'refuses %s, which the feed rests on',
    (key) => {
      const address = { brokers: 'k', group: 'g', client: { [key]: 'x' } }
      expect(() => consumerProperties(address, window)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', detail: expect.stringContaining(`kafka.client.${key}`) }),
      )
    },
  )

  it('bounds the queue by the window, within what librdkafka takes', () => {
    const kilobytes = (bytes: number) =>
      consumerProperties({ brokers: 'k', group: 'g' }, { ...window, bytes }).global['queued.max.messages.kbytes']
    expect(kilobytes(1_000)).toBe(16_384)
    expect(kilobytes(100_000 * 1_024)).toBe(100_000)
    expect(kilobytes(1e15)).toBe(2_097_151)
  })
})

describe('errors of the Kafka client', () => {
  const failure = (code: number): Error => Object.assign(new Error('text'), { code })

  it.each([
    [-140, 'OFFSETS_GONE'],
    [1, 'OFFSETS_GONE'],
    [-195, 'KAFKA_UNREACHABLE'],
    [-185, 'KAFKA_UNREACHABLE'],
    [-169, 'KAFKA_DENIED'],
    [29, 'KAFKA_DENIED'],
    [3, 'KAFKA_TOPIC'],
    [87, 'KAFKA_FAILED'],
  ])('maps %d to %s', (code, expected) => {
    expect(kafkaError(failure(code), 'reading')).toMatchObject({ code: expected, detail: 'reading: text' })
  })

  it('asks again while a partition has no leader, and only then', () => {
    expect(isUnsettled(kafkaError(failure(6), 'asking'))).toBe(true)
    expect(isUnsettled(kafkaError(failure(5), 'asking'))).toBe(true)
    expect(isUnsettled(kafkaError(failure(-185), 'asking'))).toBe(false)
    expect(isUnsettled(new Error('text'))).toBe(false)
  })

  it('takes one broker that is down for no trouble, all of them for one', () => {
    expect(eventCode(new Error('broker transport failure'))).toBe(undefined)
    expect(eventCode(new Error('all broker connections are down'))).toBe('KAFKA_UNREACHABLE')
    expect(eventCode(new Error('authentication failure'))).toBe('KAFKA_DENIED')
  })

  it('passes each kind on at most once in its time', () => {
    let now = 0
    const report = vi.fn()
    const quiet = quietly(report, 5_000, () => now)
    const down = new RanktideError('KAFKA_UNREACHABLE', 'x')
    const denied = new RanktideError('KAFKA_DENIED', 'x')
    for (; now < 12_000; now += 100) quiet(down)
    quiet(denied)
    expect(report.mock.calls.map(([error]) => error)).toEqual([down, down, down, denied])
  })
})
