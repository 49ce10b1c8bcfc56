import { afterEach, describe, expect, it } from 'vitest'
import type { RanktideError } from '../../src/core/errors.js'
import { createKafkaFeed, type KafkaFeed, type KafkaFeedOptions } from '../../src/sources/kafka-feed.js'
import { FeedReader } from '../support/feed-reader.js'
import { committedOffsets, openProducer, sendWith, uniqueName } from '../support/kafka-server.js'
import { type MockBroker, startMockBroker } from '../support/mock-broker.js'
import { stack } from '../support/stack.js'
import { until } from '../support/until.js'

const topic = 'mocked'

describe('the Kafka feed in trouble', () => {
  const feeds: KafkaFeed[] = []
  const brokers: MockBroker[] = []

  const feedOf = (address: string, options: Partial<KafkaFeedOptions> = {}): KafkaFeed => {
    const feed = createKafkaFeed({
      brokers: address,
      group: uniqueName('group'),
      topics: [topic],
      window: { events: 1_000, bytes: 1_000_000, time: 20 },
      ...options,
    })
    feeds.push(feed)
    return feed
  }

  const mock = async (): Promise<MockBroker> => {
    const broker = await startMockBroker()
    brokers.push(broker)
    return broker
  }

  /** Creates the topic by writing to it; the mock gives it four partitions. */
  const write = async (address: string, ...values: string[]): Promise<void> => {
    const producer = await openProducer({ 'metadata.broker.list': address })
    await sendWith(
      producer,
      topic,
      values.map((value) => ({ partition: 0, value })),
    )
    await new Promise<void>((resolve) => producer.disconnect(() => resolve()))
  }

  const beginning = new Map([0, 1, 2, 3].map((partition) => [`${topic}/${partition}`, 0]))

  const failureOf = async (feed: KafkaFeed): Promise<{ error: RanktideError; after: number }> => {
    const started = performance.now()
    const reader = new FeedReader(feed, new Map())
    await until('an error', () => reader.error !== undefined)
    return { error: reader.error as RanktideError, after: performance.now() - started }
  }

  afterEach(async () => {
    // Refused by those whose broker is gone.
    await Promise.allSettled(feeds.splice(0).map((feed) => feed.close()))
    for (const broker of brokers.splice(0)) broker.kill()
  })

  it('says in bounded time that no broker can be reached, which and why, each time it is asked', async () => {
    const feed = feedOf('127.0.0.1:1', { requestTimeout: 1_000 })
    for (let attempt = 0; attempt < 2; attempt++) {
      const { error, after } = await failureOf(feed)
      expect(error.code).toBe('KAFKA_UNREACHABLE')
      expect(error.message).toContain('127.0.0.1:1')
      expect(error.message).toContain('Connection refused')
      expect(after).toBeLessThan(2_500)
    }
    await expect(feed.ends()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    const other = await failureOf(feedOf('no-such-host.invalid:9092', { requestTimeout: 1_000 }))
    expect(other.error.code).toBe('KAFKA_UNREACHABLE')
    expect(other.error.message).toContain('no-such-host.invalid')
  })

  it('says at once that the broker refuses the credentials, without telling them', async () => {
    const client = {
      'security.protocol': 'sasl_plaintext',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': 'somebody',
      'sasl.password': 'a secret',
    }
    const { error, after } = await failureOf(feedOf(stack.kafka, { client }))
    expect(error.code).toBe('KAFKA_DENIED')
    expect(after).toBeLessThan(3_000)
    expect(error.message).not.toContain('a secret')
  })

  it('says which client property is wrong', async () => {
    expect(() => feedOf(stack.kafka, { client: { 'enable.auto.commit': true } })).toThrow(/kafka\.client\.enable\.auto/)
    const unknown = await failureOf(feedOf(stack.kafka, { client: { 'no.such.property': 1 } }))
    expect(unknown.error.code).toBe('CONFIG_INVALID')
    expect(unknown.error.message).toContain('no.such.property')
    const file = { 'security.protocol': 'ssl', 'ssl.ca.location': '/no/such/file' }
    const unreadable = await failureOf(feedOf(stack.kafka, { client: file }))
    expect(unreadable.error.code).toBe('CONFIG_INVALID')
    expect(unreadable.error.message).toContain('ssl.ca.location')
  })

  it('reads on by itself after a broker that hung, and says what it waits for meanwhile', async () => {
    const broker = await mock()
    await write(broker.address, 'before')
    const troubles: RanktideError[] = []
    const feed = feedOf(broker.address, {
      requestTimeout: 500,
      refresh: 200,
      onTrouble: (error) => troubles.push(error),
    })
    const reader = new FeedReader(feed, beginning)
    await until('the first record', () => reader.texts.includes('before'))
    broker.hang()
    await until('a report', () => troubles.length > 0)
    expect(troubles[0]?.code).toBe('KAFKA_UNREACHABLE')
    broker.continue()
    await write(broker.address, 'after')
    await until('the record written later', () => reader.texts.includes('after'))
    expect(reader.texts).toEqual(['before', 'after'])
    expect(reader.error).toBe(undefined)
  })

  it('reports a broker that is gone, seldom, and does not end', async () => {
    const broker = await mock()
    await write(broker.address, 'a')
    const troubles: RanktideError[] = []
    const feed = feedOf(broker.address, { onTrouble: (error) => troubles.push(error) })
    const reader = new FeedReader(feed, beginning)
    await until('the record', () => reader.messages.length === 1)
    broker.kill()
    await until('a report', () => troubles.length > 0)
    expect(troubles[0]?.code).toBe('KAFKA_UNREACHABLE')
    expect(troubles[0]?.detail).toContain(broker.address)
    // librdkafka raises many errors a second here.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(troubles.length).toBe(1)
    expect(reader.error).toBe(undefined)
  })

  it('commits what could not be committed while the broker hung', async () => {
    const broker = await mock()
    await write(broker.address, 'a')
    const troubles: RanktideError[] = []
    const group = uniqueName('group')
    const feed = feedOf(broker.address, { group, requestTimeout: 500, onTrouble: (error) => troubles.push(error) })
    const reader = new FeedReader(feed, beginning)
    await until('the record', () => reader.messages.length === 1)
    feed.commit(new Map([[`${topic}/0`, 1]]))
    await feed.flush()
    expect(troubles).toEqual([])
    broker.hang()
    feed.commit(new Map([[`${topic}/0`, 2]]))
    const started = performance.now()
    await feed.flush()
    expect(performance.now() - started).toBeLessThan(2_500)
    await until('a report', () => troubles.length > 0)
    broker.continue()
    await until('the commit', async () => (await committedOffsets(group, topic, 1, broker.address))[0] === 2)
  })

  it('closes within three seconds though the broker hangs', async () => {
    const broker = await mock()
    await write(broker.address, 'a')
    const feed = feedOf(broker.address)
    const reader = new FeedReader(feed, beginning)
    await until('the record', () => reader.messages.length === 1)
    broker.hang()
    feed.commit(new Map([[`${topic}/0`, 1]]))
    const started = performance.now()
    await expect(feed.close()).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(performance.now() - started).toBeLessThan(3_000)
    broker.continue()

    const unconnected = feedOf('127.0.0.1:1')
    new FeedReader(unconnected, new Map())
    const again = performance.now()
    await unconnected.close()
    expect(performance.now() - again).toBeLessThan(3_000)
    await expect(unconnected.ends()).rejects.toMatchObject({ code: 'KAFKA_FAILED' })
  })
})
