/** Where the simulated table's changes go, and the worker reads them: a Kafka, or a topic in this process. */
import type { WholeStream } from '../databases/memory/stream-reading.js'
import { MemoryTopic } from '../sources/memory-topic.js'
import type { OpenSource } from '../worker/worker-parts.js'

export interface DemoStream {
  /** `Kafka`, for the line that shows the way of a change. */
  readonly name: string
  /** What it is, in a line for the user. */
  readonly about: string
  /** As the configuration names its servers. */
  readonly brokers: string
  /** Messages of one key keep their order. */
  append(value: Uint8Array, key: number): void
  /** `group`: what commits go under. */
  open(group: string): OpenSource & WholeStream
  close(): Promise<void>
}

/** `why`: what the user is told of there being no Kafka. */
export const inProcessStream = (topicName: string, why: string): DemoStream => {
  const topic = new MemoryTopic(topicName)
  return {
    name: 'in process',
    about: `none: ${why}, so the simulator feeds the pipeline in this process`,
    brokers: 'localhost:9092',
    append: (value) => topic.append(value, Date.now()),
    open: (group) => topic.open(group),
    close: async () => {},
  }
}
