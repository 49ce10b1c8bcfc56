/**
 * librdkafka's own mock of a Kafka server, in this process: clients speak the real protocol to it. The producer that
 * made it owns it, and writes the row changes. It keeps some 5 MB a partition, and answers a search by time with "the end".
 */
import kafka from 'node-rdkafka'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { KafkaGroupConsumer } from '../sources/kafka-group-consumer.js'
import { KafkaMessageProducer } from '../sources/kafka-message-producer.js'
import { sourceWindow } from '../worker/source-window.js'
import { type DemoStream, type DemoTopics, partitionsOfTopic } from './demo-stream.js'

type Producer = InstanceType<typeof kafka.Producer>

const connectLimit = 10_000
const closeLimit = 1_500

const connected = (producer: Producer): Promise<string> =>
  new Promise((resolve, reject) => {
    producer.connect({ timeout: connectLimit }, (error, metadata) => {
      const [broker] = metadata?.brokers ?? []
      if (error) reject(error)
      else if (broker === undefined) reject(new Error("librdkafka's mock has no broker"))
      else resolve(`${broker.host}:${broker.port}`)
    })
  })

/** The mock makes a topic when a producer asks for it. */
const makeTopic = (producer: Producer, topic: string): Promise<void> =>
  new Promise((resolve, reject) => {
    producer.getMetadata({ topic, timeout: connectLimit }, (error) => (error ? reject(error) : resolve()))
  })

export const startMockKafka = async ({ changes, reads }: DemoTopics): Promise<DemoStream> => {
  const producer = new kafka.Producer({
    'test.mock.num.brokers': 1,
    'bootstrap.servers': 'unused',
    'linger.ms': 5,
    'enable.idempotence': true,
  } as ConstructorParameters<typeof kafka.Producer>[0])
  const brokers = await connected(producer)
  producer.setPollInterval(100)
  await makeTopic(producer, reads)
  return {
    name: 'Kafka',
    about: `librdkafka's mock cluster, ${brokers}`,
    brokers,
    append: (value, key) => {
      producer.produce(changes, key % partitionsOfTopic, Buffer.from(value), String(key))
    },
    open: (group) => createKafkaFeed({ brokers, group, topics: [changes], window: sourceWindow }),
    producer: () => KafkaMessageProducer.connect({ brokers }),
    consumer: (group, onTrouble) =>
      new KafkaGroupConsumer({ brokers, group, topics: [reads], window: sourceWindow, onTrouble }),
    close: async () => {
      const gone = new Promise<void>((resolve) => producer.disconnect(() => resolve()))
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, closeLimit).unref())])
    },
  }
}
