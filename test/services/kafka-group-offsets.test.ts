import kafka from 'node-rdkafka'
import { afterEach, expect, test, vi } from 'vitest'
import { commitOffsets } from '../../src/sources/kafka-group-offsets.js'
import { startMockBroker } from '../support/mock-broker.js'

afterEach(() => vi.restoreAllMocks())

test('a broker that hangs once it is to commit is KAFKA_UNREACHABLE after some seconds, and holds up nothing', async () => {
  const broker = await startMockBroker()
  const commit = kafka.KafkaConsumer.prototype.commit as (...rest: unknown[]) => unknown
  vi.spyOn(kafka.KafkaConsumer.prototype, 'commit').mockImplementation(function (this: unknown, ...rest: unknown[]) {
    broker.hang()
    return commit.apply(this, rest) as never
  })
  try {
    const committing = commitOffsets({ brokers: broker.address, group: 'any' }, new Map([['any/0', 3]]))
    await expect(committing).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
  } finally {
    broker.kill()
  }
}, 9_000)
