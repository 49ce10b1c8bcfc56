import { describe, expect, test } from 'vitest'
import { ReadEvents } from '../../../examples/webook/read-events.js'
import { RanktideError } from '../../../src/core/errors.js'
import type { MessageProducer } from '../../../src/operators/message-ports.js'
import { MemoryLog } from '../../../src/sources/memory-log.js'

const event = { uid: '1', biz: 'article', bizId: '2', ts: 1_700_000_000_000 }
const never = (): Promise<never> => new Promise(() => {})
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'sent',
    (error: RanktideError) => error.code,
  )

describe('read events', () => {
  test('a producer that could not be opened is opened again for the next event, one for all', async () => {
    const log = new MemoryLog({ t: 1 })
    let opened = 0
    const connect = async (): Promise<MessageProducer> => {
      opened++
      if (opened === 1) throw new RanktideError('KAFKA_UNREACHABLE', 'refused')
      return log.producer()
    }
    const reads = new ReadEvents({ connect, topic: 't', limit: 1_000 })
    expect(await codeOf(reads.send(event))).toBe('KAFKA_UNREACHABLE')
    await Promise.all([reads.send(event), reads.send(event)])
    expect(opened).toBe(2)
    expect(log.records('t')).toHaveLength(2)
  })

  test('connecting is bounded too, and what waits counts against the most', async () => {
    const reads = new ReadEvents({ connect: never, topic: 't', limit: 50, most: 2 })
    const began = performance.now()
    const waiting = [codeOf(reads.send(event)), codeOf(reads.send(event))]
    expect(await codeOf(reads.send(event))).toBe('KAFKA_FULL')
    expect(await Promise.all(waiting)).toEqual(['KAFKA_UNREACHABLE', 'KAFKA_UNREACHABLE'])
    expect(performance.now() - began).toBeLessThan(1_000)
  })

  test('what was refused for its time is not sent later', async () => {
    const log = new MemoryLog({ t: 1 })
    let connected: (producer: MessageProducer) => void = () => {}
    const connect = () =>
      new Promise<MessageProducer>((resolve) => {
        connected = resolve
      })
    const reads = new ReadEvents({ connect, topic: 't', limit: 30 })
    expect(await codeOf(reads.send(event))).toBe('KAFKA_UNREACHABLE')
    connected(log.producer())
    await reads.send({ ...event, bizId: '3' })
    expect(log.records('t').map(({ key }) => Buffer.from(key ?? []).toString())).toEqual(['article:3'])
  })

  test('what failed makes room again', async () => {
    const failing: MessageProducer = {
      send: () => Promise.reject(new RanktideError('KAFKA_FULL', 'full')),
      close: async () => {},
    }
    const reads = new ReadEvents({ connect: async () => failing, topic: 't', limit: 50, most: 1 })
    for (let i = 0; i < 3; i++) {
      await expect(reads.send(event)).rejects.toThrow('full')
    }
  })
})
