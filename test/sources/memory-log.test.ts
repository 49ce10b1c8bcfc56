import { MemoryLog } from '../../src/sources/memory-log.js'
import { messageLogConformance } from '../conformance/message-log.js'

messageLogConformance('memory', async () => {
  const log = new MemoryLog()
  let names = 0
  return {
    freshName: () => `name.${names++}`,
    create: async (topic, partitions) => log.create(topic, partitions),
    producer: async (settings) => log.producer(settings),
    consumer: (options) => log.consumer(options),
    victim: async (options) => {
      const consumer = log.consumer(options)
      consumer.assignments().subscribe()
      return { kill: () => consumer.loseTouch() }
    },
    retain: async (topic, partition, first) => log.retain(topic, partition, first),
    mirrored: async (group, topic, partition) => log.mirrored(group).get(`${topic}/${partition}`),
    close: async () => {},
  }
})
