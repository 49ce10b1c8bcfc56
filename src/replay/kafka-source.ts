/** A range of topics as the range of a replay. Imports node-rdkafka: to be loaded only when it is used. */

import type { OffsetSpec } from '../core/offset-spec.js'
import type { Positions } from '../core/positions.js'
import type { KafkaConfig } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaConnection } from '../sources/kafka-connection.js'
import { KafkaRange } from '../sources/kafka-range.js'
import { resolveRange } from '../sources/offset-range.js'
import type { RangeSource } from './range-source.js'

export interface KafkaWords {
  readonly kafka: KafkaConfig
  readonly topics: readonly string[]
  readonly from: OffsetSpec
  readonly to: OffsetSpec
  /** What a checkpoint kept of it: then nothing is resolved anew. */
  readonly kept: unknown
}

interface Kept {
  readonly from: readonly (readonly [string, number])[]
  readonly to: readonly (readonly [string, number])[]
  readonly unread: readonly string[]
}

const window = { events: 10_000, bytes: 16 * 1024 * 1024, time: 5 }
const requestTimeout = 5_000
const closeLimit = 800

/** Fails with KAFKA_* and OFFSET_INVALID. */
export const openKafkaSource = async (words: KafkaWords): Promise<RangeSource> => {
  const address = { ...kafkaAddress(words.kafka), window, requestTimeout }
  const { notes, kept } = words.kept === null ? await resolve(words, address) : { notes: [], kept: words.kept as Kept }
  const [from, to] = [new Map(kept.from), new Map(kept.to)]
  const range = new KafkaRange({ ...address, to })
  return {
    batches: (start) => range.batches(start),
    start: from,
    resolved: () => ({ from, to, unread: kept.unread, offsets: true }),
    notes,
    kept,
    progress: (positions) => ({ done: distance(from, positions), total: distance(from, to) }),
    close: () => range.close(),
  }
}

const resolve = async (
  { from, to, topics }: KafkaWords,
  address: Omit<Parameters<typeof KafkaConnection.connect>[0], 'onTrouble'>,
): Promise<{ readonly notes: readonly string[]; readonly kept: Kept }> => {
  const connection = await KafkaConnection.connect({ ...address, onTrouble: () => {} })
  try {
    const range = await resolveRange({ from, to, topics, questions: connection })
    const unread = [...range.bounds.ends.keys()].filter((id) => !range.to.has(id))
    return { notes: range.notes, kept: { from: [...range.from], to: [...range.to], unread } }
  } finally {
    await connection.close(closeLimit).catch(() => {})
  }
}

const distance = (from: Positions, to: Positions): number => {
  let sum = 0
  for (const [id, offset] of to) sum += Math.max(0, offset - (from.get(id) ?? 0))
  return sum
}
