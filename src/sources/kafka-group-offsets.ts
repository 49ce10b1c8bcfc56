/**
 * Commits offsets under a group's name from outside, and tells whether the group is at work: Kafka refuses that while it
 * has members. node-rdkafka can't ask who they are; `kafka-consumer-groups` can.
 *
 * A group without members takes every commit. A feed's owner is in no group, so of boards this tells nothing.
 */
import kafka from 'node-rdkafka'
import { RanktideError } from '../core/errors.js'
import { type Positions, parsePartitionId } from '../core/positions.js'
import { brokersFailed, kafkaError } from './kafka-errors.js'
import { firstContact } from './kafka-first-contact.js'
import { consumerProperties, type KafkaAddress } from './kafka-properties.js'

export type CommitAnswer = 'taken' | 'has members'

/** Kafka's refusals of who is no member: illegal generation, unknown member, rebalance in progress, fenced. */
const ofMembers: readonly number[] = [22, 25, 27, 82]

const connectLimit = 5_000
const commitLimit = 5_000
const closingLimit = 1_500
const window = { events: 1, bytes: 1_048_576, time: 5 }

/** Within some seconds. KAFKA_UNREACHABLE, KAFKA_DENIED, CONFIG_INVALID; the offsets are then as they were, or as was asked. */
export const commitOffsets = async (address: KafkaAddress, positions: Positions): Promise<CommitAnswer> => {
  if (positions.size === 0) throw new RangeError('no offsets to commit')
  const { global, topic } = consumerProperties(address, window)
  const consumer = new kafka.KafkaConsumer({ ...global, offset_commit_cb: true } as object, topic)
  let [settled, answered] = [false, false]
  consumer.once('offset.commit', () => {
    answered = true
  })
  // Events, and the answer to a commit, are delivered only by consume(); nothing is assigned, so it returns no record.
  const polling = (async () => {
    while (!settled) {
      if (consumer.isConnected()) await poll(consumer)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  try {
    await firstContact(consumer, connectLimit, (code) => brokersFailed(code, address.brokers, ''))
    return await committed(consumer, positions)
  } finally {
    settled = true
    // With a broker that does not answer it is left behind: its end would wait for that broker, or is never told of.
    if (answered) await ended(consumer, polling)
  }
}

type Consumer = InstanceType<typeof kafka.KafkaConsumer>

const poll = (consumer: Consumer): Promise<void> =>
  new Promise((resolve) => {
    consumer.setDefaultConsumeTimeout(20)
    consumer.consume(1, () => resolve())
  })

const ended = async (consumer: Consumer, polling: Promise<void>): Promise<void> => {
  await polling
  let timer: NodeJS.Timeout | undefined
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closingLimit)
    consumer.disconnect(() => resolve())
  })
  clearTimeout(timer)
}

const committed = (consumer: Consumer, positions: Positions): Promise<CommitAnswer> =>
  new Promise((resolve, reject) => {
    const late = new RanktideError('KAFKA_UNREACHABLE', 'committing offsets: no answer')
    const timer = setTimeout(() => reject(late), commitLimit)
    consumer.once('offset.commit', (error: unknown) => {
      clearTimeout(timer)
      if (!error) return resolve('taken')
      const code = error instanceof Error && 'code' in error ? Number(error.code) : 0
      if (ofMembers.includes(code)) resolve('has members')
      else reject(kafkaError(error, 'committing offsets'))
    })
    consumer.commit([...positions].map(([id, offset]) => ({ ...parsePartitionId(id), offset })))
  })
