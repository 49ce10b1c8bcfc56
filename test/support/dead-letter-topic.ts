/** Everything that a topic holds, with keys and headers: what somebody finds who looks at dead letters. */
import { randomUUID } from 'node:crypto'
import kafka from 'node-rdkafka'
import type { FoundLetter } from '../conformance/dead-letters.js'
import { stack } from './stack.js'

type Consumer = InstanceType<typeof kafka.KafkaConsumer>

const textOf = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('utf8') : String(value))

const letterOf = (record: { key?: unknown; value: Buffer | null; headers?: readonly object[] }): FoundLetter => ({
  key: Buffer.isBuffer(record.key) ? new Uint8Array(record.key) : null,
  value: record.value === null ? null : new Uint8Array(record.value),
  headers: Object.fromEntries(
    (record.headers ?? []).flatMap((header) => Object.entries(header).map(([name, value]) => [name, textOf(value)])),
  ),
})

const read = (consumer: Consumer): Promise<FoundLetter[]> =>
  new Promise((resolve, reject) => {
    consumer.consume(1_000, (error: unknown, records) => (error ? reject(error) : resolve(records.map(letterOf))))
  })

const highOffset = (consumer: Consumer, topic: string): Promise<number> =>
  new Promise((resolve, reject) => {
    consumer.queryWatermarkOffsets(topic, 0, 10_000, (error, offsets) =>
      error ? reject(error) : resolve(offsets.highOffset),
    )
  })

/** Of partition 0. */
export const lettersIn = async (topic: string): Promise<readonly FoundLetter[]> => {
  const consumer = new kafka.KafkaConsumer(
    { 'metadata.broker.list': stack.kafka, 'group.id': randomUUID(), 'enable.auto.commit': false },
    {},
  )
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) => (error ? reject(error) : resolve()))
  })
  try {
    const end = await highOffset(consumer, topic)
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    consumer.setDefaultConsumeTimeout(100)
    const letters: FoundLetter[] = []
    while (letters.length < end) letters.push(...(await read(consumer)))
    return letters
  } finally {
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
  }
}
