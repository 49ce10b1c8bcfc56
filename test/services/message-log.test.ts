import { KafkaGroupConsumer } from '../../src/sources/kafka-group-consumer.js'
import { KafkaMessageProducer } from '../../src/sources/kafka-message-producer.js'
import { messageLogConformance } from '../conformance/message-log.js'
import { startGroupMember } from '../support/group-member.js'
import { committedOffsets, deleteRecordsBefore, TestTopics, uniqueName } from '../support/kafka-server.js'
import { stack } from '../support/stack.js'

const window = { events: 500, bytes: 1_000_000, time: 20 }

messageLogConformance('Kafka', async () => {
  const topics = new TestTopics()
  return {
    freshName: () => uniqueName('log'),
    create: async (topic, partitions) =>
      void (await topics.create(partitions, { 'max.message.bytes': '1100000' }, topic)),
    producer: (settings) => KafkaMessageProducer.connect({ brokers: stack.kafka, ...settings }),
    consumer: (options) => new KafkaGroupConsumer({ brokers: stack.kafka, window, ...options }),
    victim: ({ group, topics: [topic = ''] }) => startGroupMember({ group, topic }),
    retain: deleteRecordsBefore,
    mirrored: async (group, topic, partition) => {
      const offset = (await committedOffsets(group, topic, partition + 1))[partition] ?? -1
      return offset < 0 ? undefined : offset
    },
    close: () => topics.close(),
  }
})
