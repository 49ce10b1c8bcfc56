/**
 * Where the simulated table's changes and the readers' events go, and the worker reads them: a Kafka, or topics in this
 * process.
 */
import type { RanktideError } from '../core/errors.js'
import type { WholeStream } from '../databases/memory/stream-reading.js'
import type { GroupConsumer, MessageProducer } from '../operators/message-ports.js'
import { MemoryLog } from '../sources/memory-log.js'
import { MemoryTopic } from '../sources/memory-topic.js'
import type { OpenSource } from '../worker/worker-parts.js'

export interface DemoStream {
  /** `Kafka`, for the line that shows the way of a read. */
  readonly name: string
  /** What it is, in a line for the user. */
  readonly about: string
  /** As the configuration names its servers. */
  readonly brokers: string
  /** A row change. Messages of one key keep their order. */
  append(value: Uint8Array, key: number): void
  /** Of the row changes. `group`: what commits go under. */
  open(group: string): OpenSource & WholeStream
  /** For read events. */
  producer(): Promise<MessageProducer>
  consumer(group: string, onTrouble: (error: RanktideError) => void): GroupConsumer
  close(): Promise<void>
}

export interface DemoTopics {
  readonly changes: string
  readonly reads: string
}

/** As many partitions as librdkafka's mock gives a topic. */
export const partitionsOfTopic = 4

/** `why`: what the user is told of there being no Kafka. */
export const inProcessStream = ({ changes, reads }: DemoTopics, why: string): DemoStream => {
  const topic = new MemoryTopic(changes)
  const log = new MemoryLog({ [reads]: partitionsOfTopic })
  return {
    name: 'memory',
    about: `none: ${why}, so the simulator feeds the pipelines in this process`,
    brokers: 'localhost:9092',
    append: (value) => topic.append(value, Date.now()),
    open: (group) => topic.open(group),
    producer: async () => log.producer(),
    consumer: (group, onTrouble) => log.consumer({ group, topics: [reads], onTrouble }),
    close: async () => {},
  }
}
