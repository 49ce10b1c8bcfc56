import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { OutgoingMessage, ProducerSettings } from '../../src/operators/message-ports.js'
import { type Opened, ReopeningProducer } from '../../src/sources/reopening-producer.js'

/** A connection whose messages are answered by the test. */
class Connection implements Opened {
  isDead = false
  closed = false
  partitions = 2
  readonly sent: { text: string; partition: number | null; settle: (error?: RanktideError) => void }[] = []

  async partitionCount(topic: string): Promise<number> {
    if (topic === 'missing') throw new RanktideError('KAFKA_TOPIC', topic)
    return this.partitions
  }

  send(_topic: string, partition: number | null, message: OutgoingMessage) {
    return new Promise<{ partition: number; offset: number }>((resolve, reject) => {
      const offset = this.sent.length
      const settle = (error?: RanktideError) => (error ? reject(error) : resolve({ partition: partition ?? 0, offset }))
      this.sent.push({ text: Buffer.from(message.value ?? []).toString(), partition, settle })
    })
  }

  async close(): Promise<void> {
    this.closed = true
  }

  get texts(): string[] {
    return this.sent.map(({ text }) => text)
  }
}

const message = (text: string, topic = 'reads'): OutgoingMessage => ({ topic, key: null, value: Buffer.from(text) })
const unreachable = new RanktideError('KAFKA_UNREACHABLE', 'the broker: refused')

describe('the producer of messages', () => {
  /** What each attempt at a connection comes to; the last one is repeated. */
  let attempts: (Connection | RanktideError)[]
  let opens: number

  const producer = (settings: ProducerSettings = {}) =>
    new ReopeningProducer(settings, async () => {
      const outcome = attempts[Math.min(opens++, attempts.length - 1)]
      if (outcome instanceof Connection) return outcome
      throw outcome
    })
  const codeOf = (sent: Promise<unknown>) => sent.then(() => 'written').catch((error: RanktideError) => error.code)

  beforeEach(() => {
    vi.useFakeTimers()
    opens = 0
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('opens another connection when one has died, and loses nothing that waited', async () => {
    const [first, second] = [new Connection(), new Connection()]
    attempts = [first, second]
    const by = producer()
    const a = codeOf(by.send(message('a')))
    const b = codeOf(by.send(message('b')))
    await vi.advanceTimersByTimeAsync(1)
    expect(first.texts).toEqual(['a', 'b'])
    first.isDead = true
    const c = by.send(message('c'))
    first.sent[0]?.settle(new RanktideError('KAFKA_FAILED', 'fatal error'))
    first.sent[1]?.settle(new RanktideError('KAFKA_FAILED', 'fatal error'))
    await vi.advanceTimersByTimeAsync(1)
    expect([await a, await b]).toEqual(['KAFKA_FAILED', 'KAFKA_FAILED'])
    expect(first.closed).toBe(true)
    expect(second.texts).toEqual(['c'])
    second.sent[0]?.settle()
    expect(await c).toEqual({ topic: 'reads', partition: 0, offset: 0 })
    expect(opens).toBe(2)
  })

  it('keeps what is sent without a connection in order, and each message no longer than its time', async () => {
    const connection = new Connection()
    attempts = [unreachable, unreachable, unreachable, unreachable, unreachable, unreachable, connection]
    const by = producer({ timeout: 1_000 })
    const early = by.send(message('early')).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(900)
    const late = ['1', '2', '3'].map((text) => codeOf(by.send(message(text))))
    await vi.advanceTimersByTimeAsync(100)
    expect(await early).toMatchObject({ code: 'KAFKA_UNREACHABLE', detail: expect.stringContaining('refused') })
    await vi.advanceTimersByTimeAsync(500)
    expect(connection.texts).toEqual(['1', '2', '3'])
    for (const { settle } of connection.sent) settle()
    expect(await Promise.all(late)).toEqual(['written', 'written', 'written'])
  })

  it('counts what is under way, and frees the place of what is settled', async () => {
    const connection = new Connection()
    attempts = [connection]
    const by = producer({ queue: 2, reports: false })
    expect(await codeOf(by.send(message('1')))).toBe('written')
    expect(await codeOf(by.send(message('2')))).toBe('written')
    expect(await codeOf(by.send(message('3')))).toBe('KAFKA_FULL')
    await vi.advanceTimersByTimeAsync(1)
    connection.sent[0]?.settle(unreachable)
    await vi.advanceTimersByTimeAsync(1)
    expect(await codeOf(by.send(message('4')))).toBe('written')
    expect(connection.texts).toEqual(['1', '2', '4'])
  })

  it('a topic that is not there concerns its messages alone; a refusal by the broker all that wait', async () => {
    const connection = new Connection()
    attempts = [connection]
    const by = producer()
    const sent = [by.send(message('x', 'missing')), by.send(message('y')), by.send(message('z', 'missing'))].map(codeOf)
    await vi.advanceTimersByTimeAsync(1)
    for (const { settle } of connection.sent) settle()
    expect(await Promise.all(sent)).toEqual(['KAFKA_TOPIC', 'written', 'KAFKA_TOPIC'])

    opens = 0
    attempts = [new RanktideError('KAFKA_DENIED', 'no')]
    const denied = producer()
    const waiting = [denied.send(message('x')), denied.send(message('y'))].map(codeOf)
    await vi.advanceTimersByTimeAsync(1)
    expect(await Promise.all(waiting)).toEqual(['KAFKA_DENIED', 'KAFKA_DENIED'])
  })

  it('goes round the partitions, also those that are added', async () => {
    const connection = new Connection()
    attempts = [connection]
    const by = producer({ partitioner: 'round-robin' })
    const sendThree = async () => {
      for (const text of ['1', '2', '3']) by.send(message(text)).catch(() => {})
      await vi.advanceTimersByTimeAsync(1)
    }
    await sendThree()
    expect(connection.sent.map(({ partition }) => partition)).toEqual([0, 1, 0])
    connection.partitions = 4
    vi.advanceTimersByTime(31_000)
    await sendThree()
    await sendThree()
    expect(connection.sent.slice(-3).map(({ partition }) => partition)).toEqual([2, 3, 0])
  })

  it('closes when all is settled, without a connection within the timeout', async () => {
    const connection = new Connection()
    attempts = [connection]
    const by = producer()
    const sent = codeOf(by.send(message('1')))
    await vi.advanceTimersByTimeAsync(1)
    let closed = false
    const closing = by.close().then(() => {
      closed = true
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect([closed, connection.closed]).toEqual([false, false])
    connection.sent[0]?.settle()
    await closing
    expect([await sent, connection.closed]).toEqual(['written', true])

    opens = 0
    attempts = [unreachable]
    const absent = producer({ timeout: 700 })
    const lost = codeOf(absent.send(message('2')))
    const ended = absent.close()
    await vi.advanceTimersByTimeAsync(1_000)
    await ended
    expect(await lost).toBe('KAFKA_UNREACHABLE')
    const attemptsMade = opens
    await vi.advanceTimersByTimeAsync(5_000)
    expect(opens).toBe(attemptsMade)
  })
})
