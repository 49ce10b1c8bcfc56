// Reads a Kafka topic from its present end, in all partitions, without joining a group: what a test caused, and no more.
import { randomUUID } from 'node:crypto'
import kafka from 'node-rdkafka'

export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  readonly value: string
}

/** Records in arrival order; within a partition that is the order of offsets. Grows until `close`. */
export interface TopicTail {
  readonly records: readonly TopicRecord[]
  close(): Promise<void>
}

/** Resolves when reading is in place: everything written to the topic after that is seen. */
export async function tailTopic(brokers: string, topic: string): Promise<TopicTail> {
  const consumer = new kafka.KafkaConsumer(
    {
      'bootstrap.servers': brokers,
      'group.id': `tail-${randomUUID()}`,
      'enable.auto.commit': false,
    },
    {},
  )
  const records: TopicRecord[] = []
  let open = true
  let reading: Promise<void> = Promise.resolve()
  // Pulled, not flowing: in flowing mode `disconnect` never calls back once a record has come.
  const close = async (): Promise<void> => {
    open = false
    await reading
    await new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
  }
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: 15_000 }, (error) => (error ? reject(error) : resolve()))
  })
  try {
    const partitions = await partitionsOf(consumer, topic)
    const ends = await Promise.all(partitions.map((partition) => endOf(consumer, topic, partition)))
    consumer.assign(partitions.map((partition, index) => ({ topic, partition, offset: ends[index] ?? 0 })))
    consumer.setDefaultConsumeTimeout(100)
    const read = async (): Promise<void> => {
      while (open) records.push(...(await pull(consumer)))
    }
    reading = read()
  } catch (error) {
    await close()
    throw error
  }
  return { records, close }
}

/** What is there, at most 100 ms later. A broker that is down for a while gives nothing; the client reconnects by itself. */
function pull(consumer: kafka.KafkaConsumer): Promise<TopicRecord[]> {
  return new Promise((resolve) => {
    consumer.consume(100, (error, messages) => {
      const found = error ? [] : messages
      resolve(
        found.map(({ partition, offset, value }) => ({ partition, offset, value: value?.toString('utf8') ?? '' })),
      )
    })
  })
}

function partitionsOf(consumer: kafka.KafkaConsumer, topic: string): Promise<number[]> {
  return new Promise((resolve, reject) => {
    consumer.getMetadata({ topic, timeout: 15_000 }, (error, metadata) => {
      const found = metadata?.topics.find(({ name }) => name === topic)?.partitions.map(({ id }) => id) ?? []
      if (error) reject(error)
      else if (found.length === 0) reject(new Error(`topic ${topic} does not exist`))
      else resolve(found)
    })
  })
}

function endOf(consumer: kafka.KafkaConsumer, topic: string, partition: number): Promise<number> {
  return new Promise((resolve, reject) => {
    consumer.queryWatermarkOffsets(topic, partition, 15_000, (error, offsets) =>
      error ? reject(error) : resolve(offsets.highOffset),
    )
  })
}
