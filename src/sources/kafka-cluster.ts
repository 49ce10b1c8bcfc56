/** One look at a cluster from outside: its brokers, and all topics that the user may see. Makes nothing, joins nothing. */
import kafka from 'node-rdkafka'
import { RanktideError } from '../core/errors.js'
import { brokersFailed, failureText } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import { type BrokerAddress, producerConfiguration, producerProperties } from './kafka-properties.js'
import { KafkaQuestions } from './kafka-questions.js'

export interface ClusterPartition {
  readonly id: number
  /** Below 0: there is none now, and the partition can be neither read nor written. */
  readonly leader: number
  /** Brokers that ought to have a copy, and those whose copy is up to date. */
  readonly replicas: readonly number[]
  readonly isrs: readonly number[]
}

export interface ClusterTopic {
  readonly name: string
  readonly partitions: readonly ClusterPartition[]
}

export interface Cluster {
  /** `host:port`, as the brokers advertise themselves. */
  readonly brokers: readonly string[]
  readonly topics: readonly ClusterTopic[]
}

interface Metadata {
  readonly brokers: readonly { readonly host: string; readonly port: number }[]
  readonly topics: readonly ClusterTopic[]
}

const pollEvery = 20

/** Fails with KAFKA_UNREACHABLE after `limit` ms, with KAFKA_DENIED at once, with CONFIG_INVALID. */
export const readCluster = async (address: BrokerAddress, limit: number): Promise<Cluster> => {
  const { global, topic } = producerConfiguration(producerProperties(address, limit))
  let lastFailure = ''
  const client = open(global, topic)
  client.on('event.log', (line: { fac?: string; message?: string }) => {
    if (line.fac === 'FAIL' && line.message !== undefined) lastFailure = failureText(line.message)
  })
  client.setPollInterval(pollEvery)
  // The attempt that failed disconnects by itself.
  await firstContact(client, limit, (code) => brokersFailed(code, address.brokers, lastFailure))
  try {
    const found = (await new KafkaQuestions(client, limit).metadata({ allTopics: true })) as unknown as Metadata
    return {
      brokers: found.brokers.map(({ host, port }) => `${host}:${port}`).sort(),
      topics: found.topics.filter(({ partitions }) => partitions.length > 0),
    }
  } finally {
    client.disconnect(500, () => {})
  }
}

const open = (global: object, topic: object): InstanceType<typeof kafka.Producer> => {
  try {
    return new kafka.Producer(global, topic)
  } catch (error) {
    throw new RanktideError('CONFIG_INVALID', `kafka.client: ${error instanceof Error ? error.message : error}`)
  }
}
