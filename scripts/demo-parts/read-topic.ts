/** The topic of the demo's read events on a real Kafka. */
import kafka from 'node-rdkafka'
import { server } from './demo-setting.js'

const partitions = 4
const limit = 10_000

type Admin = ReturnType<typeof kafka.AdminClient.create>

const asked = async (ask: (admin: Admin, done: (error?: unknown) => void) => void): Promise<void> => {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': server('kafka') })
  try {
    await new Promise<void>((resolve, reject) => ask(admin, (error) => (error ? reject(error) : resolve())))
  } finally {
    admin.disconnect()
  }
}

export const createTopic = (topic: string): Promise<void> =>
  asked((admin, done) => admin.createTopic({ topic, num_partitions: partitions, replication_factor: 1 }, limit, done))

export const deleteTopic = (topic: string): Promise<void> =>
  asked((admin, done) => admin.deleteTopic(topic, limit, done))
