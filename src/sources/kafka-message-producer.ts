/**
 * Messages to Kafka, in batches of librdkafka's.
 *
 * Order: that of send(), in each partition. Duplicates: none with acks `all`; what was rejected may be written all the
 * same. Loss: what was resolved is written as `acks` say. Memory: `queue` messages. The broker may be absent at the start
 * and go away at any time.
 */
import type { ProducerSettings } from '../operators/message-ports.js'
import { KafkaProducer } from './kafka-producer.js'
import { type BrokerAddress, type KafkaProperties, producerProperties } from './kafka-properties.js'
import { ReopeningProducer } from './reopening-producer.js'

export interface KafkaMessageProducerOptions extends BrokerAddress, ProducerSettings {}

/** Longest time for one attempt at a connection, ms. */
const attemptLimit = 2_000

const settingsOf = (options: KafkaMessageProducerOptions, timeout: number, queue: number): KafkaProperties => {
  const { acks = 'all', partitioner = 'key-hash' } = options
  return {
    'enable.idempotence': acks === 'all',
    acks: { all: -1, leader: 1, none: 0 }[acks],
    // What is tried again would else come after what was sent later.
    ...(acks === 'leader' ? { 'max.in.flight.requests.per.connection': 1 } : {}),
    partitioner: partitioner === 'random' ? 'random' : 'murmur2_random',
    ...(partitioner === 'random' ? { 'sticky.partitioning.linger.ms': 0 } : {}),
    'queue.buffering.max.messages': Math.max(1, queue),
    // A topic that is not there has to be said before the message's time is over.
    'topic.metadata.propagation.max.ms': Math.max(1, Math.min(5_000, Math.floor(timeout / 2))),
  }
}

export class KafkaMessageProducer extends ReopeningProducer {
  /**
   * Resolves within 3 s, also while no broker answers: what is sent then waits for it, as long as `timeout`. Fails with
   * KAFKA_DENIED and CONFIG_INVALID.
   */
  static async connect(options: KafkaMessageProducerOptions): Promise<KafkaMessageProducer> {
    const { timeout = 5_000, queue = 100_000, brokers, client = {} } = options
    const settings = settingsOf(options, timeout, queue)
    producerProperties(options, timeout, settings)
    const producer = new KafkaMessageProducer(options, () =>
      KafkaProducer.connect({ brokers, client, requestTimeout: timeout, connectTimeout: attemptLimit, settings }),
    )
    await producer.start()
    return producer
  }
}
