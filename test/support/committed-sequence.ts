/** What committed offsets stand for: the newest sentinel before them in the topic. */
import { committedOffsets } from './kafka-server.js'
import type { LoadedReplicas } from './loaded-replicas.js'
import { stack } from './stack.js'
import { type TopicTail, tailTopic } from './topic-tail.js'
import { sequenceOf } from './true-boards.js'
import { until } from './until.js'

interface RowsMessage {
  readonly table?: string
  readonly data?: readonly Readonly<Record<string, string | null>>[] | null
}

export class CommittedSequence {
  readonly #loaded: LoadedReplicas
  readonly #tail: TopicTail

  private constructor(loaded: LoadedReplicas, tail: TopicTail) {
    this.#loaded = loaded
    this.#tail = tail
  }

  static async watch(loaded: LoadedReplicas): Promise<CommittedSequence> {
    return new CommittedSequence(loaded, await tailTopic(stack.kafka, loaded.topic))
  }

  /** The newest sequence that a restart would not read again; −1 if none of those that came since the watch began. */
  async read(): Promise<number> {
    const { prefix, topic } = this.#loaded
    const [offset = -1] = await committedOffsets(prefix, topic, 1)
    // The tail is another reader of the topic, and may be behind.
    await until(`the tail of ${topic} at ${offset}`, () => (this.#tail.records.at(-1)?.offset ?? 0) >= offset - 1)
    let newest = -1
    for (const record of this.#tail.records)
      if (record.offset < offset) newest = Math.max(newest, this.#in(record.value))
    return newest
  }

  close(): Promise<void> {
    return this.#tail.close()
  }

  #in(value: string): number {
    const { table, data } = JSON.parse(value) as RowsMessage
    if (table !== this.#loaded.table.table) return -1
    return Math.max(-1, ...(data ?? []).map((row) => sequenceOf(Number(row.id), Number(row.like_cnt)) ?? -1))
  }
}
