// A look at a broker that is far away: its answers take longer than one poll waits.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { KafkaLook } from '../../src/sources/kafka-look.js'
import { openProducer, sendWith } from '../support/kafka-server.js'
import { type MockBroker, startMockBroker } from '../support/mock-broker.js'

let broker: MockBroker

beforeAll(async () => {
  broker = await startMockBroker(250)
})
afterAll(() => broker.kill())

test('tells when the next record of each partition was written, in one answer after the other', async () => {
  const producer = await openProducer({ 'metadata.broker.list': broker.address })
  const at = Date.parse('2026-11-21T08:00:00Z')
  const records = [0, 0, 1, 1].map((partition, i) => ({ partition, value: 'x', timestamp: at + i }))
  await sendWith(producer, 't', records)
  producer.disconnect()
  const look = await KafkaLook.open({ brokers: broker.address, group: 'g', client: {} })
  try {
    const next = new Map([
      ['t/0', 1],
      ['t/1', 0],
    ])
    expect(await look.timesAt(next, 10_000)).toEqual(
      new Map([
        ['t/0', at + 1],
        ['t/1', at + 2],
      ]),
    )
  } finally {
    await look.close()
  }
})
