// What several pipelines share: one producer at a time, none left open behind. On a real topic: services/dead-letters.test.ts.
import { afterEach, expect, test, vi } from 'vitest'
import { KafkaDeadLetters } from '../../src/sources/kafka-dead-letters.js'
import { KafkaProducer } from '../../src/sources/kafka-producer.js'
import { letter } from '../conformance/dead-letters.js'
import { until } from '../support/until.js'

class FakeProducer {
  readonly writes: Settling[] = []
  closed = 0

  async has(): Promise<boolean> {
    return true
  }

  write(): Promise<void> {
    return new Promise((resolve, reject) => this.writes.push({ resolve, reject }))
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}

interface Settling {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

afterEach(() => {
  vi.restoreAllMocks()
})

test('calls of one producer that fail one after the other leave no other producer open', async () => {
  const opened: FakeProducer[] = []
  vi.spyOn(KafkaProducer, 'connect').mockImplementation(async () => {
    const producer = new FakeProducer()
    opened.push(producer)
    return producer as unknown as KafkaProducer
  })
  const deadLetters = new KafkaDeadLetters({ brokers: 'unused', group: 'test', topic: 'letters' })
  const write = () => deadLetters.write([letter(1, Uint8Array.of(1))])
  const writes = (producer: number) => opened[producer]?.writes ?? []

  const [first, second] = [write(), write()]
  await until('two writes of one producer', () => writes(0).length === 2)
  writes(0)[0]?.reject(new Error('the first'))
  await expect(first).rejects.toThrow('the first')
  const again = write()
  await until('a write of another', () => writes(1).length === 1)
  writes(0)[1]?.reject(new Error('the second'))
  await expect(second).rejects.toThrow('the second')
  const next = write()
  await until('another write', () => writes(1).length === 2 || opened.length > 2)
  expect(opened).toHaveLength(2)
  for (const { resolve } of writes(1)) resolve()
  await Promise.all([again, next])

  await deadLetters.close()
  expect(opened.map(({ closed }) => closed)).toEqual([1, 1])
})
