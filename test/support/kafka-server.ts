/** Topics and records on the Kafka server of the service tests. */
import { connect } from 'node:net'
import kafka from 'node-rdkafka'
import { stack } from './stack.js'

type Done = (error?: unknown) => void

const done = (call: (callback: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())))

let count = 0
/** A name that no other run has. */
export const uniqueName = (stem: string): string => `test.${stem}.${process.pid}.${Date.now()}.${count++}`

/** Creates topics and deletes them at close(). */
export class TestTopics {
  readonly #admin = kafka.AdminClient.create({ 'metadata.broker.list': stack.kafka })
  readonly #topics: string[] = []

  async create(partitions: number, config: Record<string, string> = {}, topic = uniqueName('feed')): Promise<string> {
    const wanted = { topic, num_partitions: partitions, replication_factor: 1, config }
    await done((callback) => this.#admin.createTopic(wanted, callback))
    this.#topics.push(topic)
    return topic
  }

  delete(topic: string): Promise<void> {
    return done((callback) => this.#admin.deleteTopic(topic, callback))
  }

  async recreate(topic: string, partitions: number, config: Record<string, string> = {}): Promise<void> {
    await this.delete(topic)
    const wanted = { topic, num_partitions: partitions, replication_factor: 1, config }
    for (let attempt = 0; ; attempt++) {
      try {
        return await done((callback) => this.#admin.createTopic(wanted, callback))
      } catch (error) {
        // The broker deletes in the background, and refuses the name until it is done.
        if (attempt === 50) throw error
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
  }

  grow(topic: string, partitions: number): Promise<void> {
    return done((callback) => this.#admin.createPartitions(topic, partitions, callback))
  }

  async close(): Promise<void> {
    for (const topic of this.#topics) await this.delete(topic).catch(() => {})
    this.#admin.disconnect()
  }
}

export interface TestRecord {
  readonly partition: number
  readonly value: string | Buffer | null
  readonly timestamp?: number
}

/** A producer; `transactional` begins no transaction by itself. */
export const openProducer = async (
  properties: Record<string, string | number | boolean> = {},
): Promise<InstanceType<typeof kafka.Producer>> => {
  const producer = new kafka.Producer({
    'metadata.broker.list': stack.kafka,
    'linger.ms': 5,
    'queue.buffering.max.messages': 1_000_000,
    ...properties,
  })
  await done((callback) => producer.connect({ allTopics: false, timeout: 10_000 }, (error) => callback(error)))
  return producer
}

export const sendWith = async (
  producer: InstanceType<typeof kafka.Producer>,
  topic: string,
  records: Iterable<TestRecord>,
): Promise<void> => {
  for (const { partition, value, timestamp } of records) {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    producer.produce(topic, partition, bytes, null, timestamp ?? null)
  }
  await done((callback) => producer.flush(30_000, (error) => callback(error)))
}

/** Writes records; resolves when the broker has them. */
export const send = async (topic: string, records: Iterable<TestRecord>): Promise<void> => {
  const producer = await openProducer({ 'message.max.bytes': 11_000_000 })
  await sendWith(producer, topic, records)
  await done((callback) => producer.disconnect((error: unknown) => callback(error)))
}

/** Runs one transaction. */
export const transact = async (
  producer: InstanceType<typeof kafka.Producer>,
  topic: string,
  records: Iterable<TestRecord>,
  end: 'commit' | 'abort',
): Promise<void> => {
  await done((callback) => producer.beginTransaction((error) => callback(error)))
  await sendWith(producer, topic, records)
  await done((callback) =>
    end === 'commit'
      ? producer.commitTransaction(10_000, (error) => callback(error))
      : producer.abortTransaction(10_000, (error) => callback(error)),
  )
}

/** Offsets committed under the group, as another client sees them; -1 for none. */
export const committedOffsets = async (
  group: string,
  topic: string,
  partitions: number,
  brokers = stack.kafka,
): Promise<number[]> => {
  const client = new kafka.KafkaConsumer({ 'metadata.broker.list': brokers, 'group.id': group }, {})
  await done((callback) => client.connect({ allTopics: false, timeout: 10_000 }, (error) => callback(error)))
  const asked = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  const offsets = await new Promise<number[]>((resolve, reject) => {
    client.committed(asked, 10_000, (error, answer) =>
      error ? reject(error) : resolve(answer.map(({ offset }) => offset ?? -1)),
    )
  })
  await done((callback) => client.disconnect((error: unknown) => callback(error)))
  return offsets
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

/**
 * Raises the first offset of a partition, as retention does. The client has no call for it: this is DeleteRecords
 * (API 21, version 0) of Kafka's protocol by hand.
 */
export const deleteRecordsBefore = async (topic: string, partition: number, offset: number): Promise<void> => {
  const header = Buffer.concat([int16(21), int16(0), int32(1), text('test')])
  const body = Buffer.concat([int32(1), text(topic), int32(1), int32(partition), int64(offset), int32(5_000)])
  const [host = '', port = ''] = stack.kafka.split(':')
  const socket = connect(Number(port), host)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) resolve(received)
    })
    socket.write(Buffer.concat([int32(header.length + body.length), header, body]))
  })
  socket.destroy()
  const errorCode = answer.readInt16BE(answer.length - 2)
  if (errorCode !== 0) throw new Error(`DeleteRecords failed with code ${errorCode}`)
}
