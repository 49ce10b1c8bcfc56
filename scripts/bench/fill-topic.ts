/** Makes a bench's topic of one partition and fills it. */
import kafka from 'node-rdkafka'

export interface FillOptions {
  readonly brokers: string
  readonly topic: string
  readonly messages: Iterable<{ readonly key: string | null; readonly value: string }>
  /** Told of what was handed to Kafka, now and then. */
  readonly progress: (messages: number) => void
}

type Producer = InstanceType<typeof kafka.Producer>
type Callback = (error?: unknown) => void
const done = (call: (callback: Callback) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())))

const told = 50_000
const queueFull = -184

export const fillTopic = async ({ brokers, topic, messages, progress }: FillOptions): Promise<void> => {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': brokers })
  await done((callback) => admin.createTopic({ topic, num_partitions: 1, replication_factor: 1 }, callback))
  admin.disconnect()
  const producer = new kafka.Producer({
    'metadata.broker.list': brokers,
    'enable.idempotence': true,
    'linger.ms': 20,
    'compression.codec': 'none',
  })
  await done((callback) => producer.connect({ allTopics: false, timeout: 10_000 }, (error) => callback(error)))
  let sent = 0
  for (const { key, value } of messages) {
    const bytes = Buffer.from(value)
    while (!produced(producer, topic, bytes, key)) await done((callback) => producer.flush(1_000, () => callback()))
    sent += 1
    if (sent % told === 0) progress(sent)
  }
  await done((callback) => producer.flush(60_000, callback))
  await done((callback) => producer.disconnect((error) => callback(error)))
}

/** False: librdkafka's queue is full. */
const produced = (producer: Producer, topic: string, value: Buffer, key: string | null): boolean => {
  try {
    producer.produce(topic, 0, value, key)
    return true
  } catch (error) {
    if ((error as { code?: number }).code === queueFull) return false
    throw error
  }
}

export const deleteTopic = async (brokers: string, topic: string): Promise<void> => {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': brokers })
  await done((callback) => admin.deleteTopic(topic, callback))
  admin.disconnect()
}
