/**
 * librdkafka's own mock of a Kafka server, in this process: clients speak the real protocol to it. The producer that
 * made it owns it, and writes the messages. It keeps some 5 MB a partition, and answers a search by time with "the end".
 */
import kafka from 'node-rdkafka'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { sourceWindow } from '../worker/server-parts.js'
import type { DemoStream } from './demo-stream.js'

type Producer = InstanceType<typeof kafka.Producer>

const connectLimit = 10_000
const closeLimit = 1_500

/** As many partitions as the mock gives a topic. */
const partitions = 4

const connected = (producer: Producer): Promise<string> =>
  new Promise((resolve, reject) => {
    producer.connect({ timeout: connectLimit }, (error, metadata) => {
      const [broker] = metadata?.brokers ?? []
      if (error) reject(error)
      else if (broker === undefined) reject(new Error("librdkafka's mock has no broker"))
      else resolve(`${broker.host}:${broker.port}`)
    })
  })

export const startMockKafka = async (topic: string): Promise<DemoStream> => {
  const producer = new kafka.Producer({
    'test.mock.num.brokers': 1,
    'bootstrap.servers': 'unused',
    'linger.ms': 5,
    'enable.idempotence': true,
  } as ConstructorParameters<typeof kafka.Producer>[0])
  const brokers = await connected(producer)
  producer.setPollInterval(100)
  return {
    name: 'Kafka',
    about: `librdkafka's mock cluster, ${brokers}`,
    brokers,
    append: (value, key) => {
      producer.produce(topic, key % partitions, Buffer.from(value), String(key))
    },
    open: (group) => createKafkaFeed({ brokers, group, topics: [topic], window: sourceWindow }),
    close: async () => {
      const gone = new Promise<void>((resolve) => producer.disconnect(() => resolve()))
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, closeLimit).unref())])
    },
  }
}
