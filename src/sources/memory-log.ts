/**
 * Topics of several partitions in memory, with producers and consumer groups, for pipelines without Kafka: in tests, in
 * simulations. It can be made to fail as a broker does.
 *
 * Order: that of send() in each partition. Duplicates, loss: none, but for what retain() drops. Memory: all that was
 * written and not dropped. Everything that happens "a moment later" goes through `later`, so that a simulation decides
 * when.
 */
import { RanktideError } from '../core/errors.js'
import { nearestName } from '../core/nearest-name.js'
import { type Positions, parsePartitionId, partitionId } from '../core/positions.js'
import type { ProducerSettings } from '../operators/message-ports.js'
import type { Message } from '../operators/ports.js'
import { MemoryGroup } from './memory-group.js'
import { type MemoryConsumerOptions, MemoryGroupConsumer } from './memory-group-consumer.js'
import { MemoryMessageProducer } from './memory-message-producer.js'

export interface MemoryLogOptions {
  /** ms since 1970: the time of records that come without one. */
  readonly clock?: () => number
  /** Runs a task a moment later, the tasks in their order. Default: setImmediate. */
  readonly later?: (task: () => void) => void
}

export interface MemoryRecord extends Message {
  readonly headers: Readonly<Record<string, string>>
}

interface MemoryPartition {
  /** Offset of records[0]. */
  first: number
  records: MemoryRecord[]
}

export class MemoryLog {
  readonly clock: () => number
  readonly later: (task: () => void) => void
  /** Most messages of a batch. */
  batch = 2_000
  /** Largest key and value together that are taken, bytes. */
  largest = 1_048_576
  /** While true, every producer's queue counts as full. */
  full = false
  readonly #topics = new Map<string, MemoryPartition[]>()
  readonly #groups = new Map<string, MemoryGroup>()
  readonly #watchers = new Set<() => void>()
  #available = true

  /** `topics`: number of partitions by name. */
  constructor(topics: Readonly<Record<string, number>> = {}, options: MemoryLogOptions = {}) {
    this.clock = options.clock ?? Date.now
    this.later = options.later ?? setImmediate
    for (const [topic, partitions] of Object.entries(topics)) this.create(topic, partitions)
  }

  /** Creates a topic, or adds partitions to it. */
  create(topic: string, partitions: number): void {
    const before = this.#topics.get(topic) ?? []
    const added = Array.from({ length: partitions - before.length }, () => ({ first: 0, records: [] }))
    this.#topics.set(topic, [...before, ...added])
    for (const group of this.#groups.values()) group.topicsChanged()
    this.#wakeAll()
  }

  producer(settings: ProducerSettings = {}): MemoryMessageProducer {
    return new MemoryMessageProducer(this, settings)
  }

  consumer(options: MemoryConsumerOptions): MemoryGroupConsumer {
    return new MemoryGroupConsumer(this, options)
  }

  /** Whether the broker answers. Consumers and producers wait for it. */
  get available(): boolean {
    return this.#available
  }

  set available(available: boolean) {
    this.#available = available
    if (available) this.#wakeAll()
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.length ?? 0
  }

  /** KAFKA_TOPIC, for a topic that is not there. */
  topicMissing(topic: string): RanktideError {
    const near = nearestName(topic, [...this.#topics.keys()])
    return new RanktideError('KAFKA_TOPIC', near === undefined ? topic : `${topic}; did you mean ${near}?`)
  }

  /** All partitions of the topics, sorted as the topics are given. */
  partitions(topics: Iterable<string>): string[] {
    return [...topics].flatMap((topic) =>
      Array.from({ length: this.partitionCount(topic) }, (_, partition) => partitionId(topic, partition)),
    )
  }

  /** Writes a record; its offset. KAFKA_TOPIC if there is no such partition. */
  append(topic: string, partition: number, record: Pick<Message, 'key' | 'value'> & Partial<MemoryRecord>): number {
    const { first, records } = this.#at(topic, partition)
    const offset = first + records.length
    const { key, value, timestamp = this.clock(), headers = {} } = record
    records.push({ topic, partition, offset, key, value, timestamp, headers })
    this.#wakeAll()
    return offset
  }

  /** Drops what is before `first`, as retention does; `first` past the end drops everything. */
  retain(topic: string, partition: number, first: number): void {
    const held = this.#at(topic, partition)
    if (first <= held.first) return
    held.records = held.records.slice(first - held.first)
    held.first = first
    this.#wakeAll()
  }

  /** All records that are still there, partition by partition. */
  records(topic: string): readonly MemoryRecord[] {
    return (this.#topics.get(topic) ?? []).flatMap(({ records }) => records)
  }

  /** At most `most` records from the offset on. */
  read(id: string, from: number, most: number): readonly MemoryRecord[] {
    const { topic, partition } = parsePartitionId(id)
    const { first, records } = this.#at(topic, partition)
    return records.slice(from - first, from - first + most)
  }

  /** First offset of each of these partitions that is still there. */
  firsts(partitions: Iterable<string>): Positions {
    return this.#offsets(partitions, ({ first }) => first)
  }

  /** Offset after the last record of each of these partitions. */
  ends(partitions: Iterable<string>): Positions {
    return this.#offsets(partitions, ({ first, records }) => first + records.length)
  }

  /** Offsets that members of the group have mirrored. */
  mirrored(group: string): Positions {
    return new Map(this.group(group).mirrored)
  }

  group(name: string): MemoryGroup {
    const group = this.#groups.get(name) ?? new MemoryGroup(this)
    this.#groups.set(name, group)
    return group
  }

  /** Calls `wake` whenever there may be something new, until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#watchers.add(wake)
    return () => this.#watchers.delete(wake)
  }

  #wakeAll(): void {
    for (const wake of [...this.#watchers]) wake()
  }

  #at(topic: string, partition: number): MemoryPartition {
    const held = this.#topics.get(topic)?.[partition]
    if (held === undefined) throw this.topicMissing(topic)
    return held
  }

  #offsets(partitions: Iterable<string>, of: (partition: MemoryPartition) => number): Positions {
    const at = (id: string): MemoryPartition => {
      const { topic, partition } = parsePartitionId(id)
      return this.#at(topic, partition)
    }
    return new Map([...partitions].map((id) => [id, of(at(id))]))
  }
}
