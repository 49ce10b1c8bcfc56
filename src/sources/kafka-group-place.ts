/** Where a group stands in its topics, from outside: nothing is joined and nothing committed. */
import type { Positions } from '../core/positions.js'
import { KafkaConnection } from './kafka-connection.js'
import { EARLIEST, LATEST } from './kafka-offsets.js'
import type { KafkaAddress } from './kafka-properties.js'

export interface GroupPlace {
  /** The first offset that is there, and the one after the last, of each partition. */
  readonly beginnings: Positions
  readonly ends: Positions
  /** The first offset that is as young as was asked; −1: none is. */
  readonly since: Positions
  /** Without partitions of which nothing is committed. */
  readonly committed: Positions
}

const window = { events: 1, bytes: 1024 * 1024, time: 5 }
const answerLimit = 800

/** `time`: ms since 1970. Fails with KAFKA_UNREACHABLE after `limit` ms or so, with KAFKA_DENIED, with KAFKA_TOPIC. */
export const readGroupPlace = async (
  address: KafkaAddress,
  topics: readonly string[],
  time: number,
  limit: number,
): Promise<GroupPlace> => {
  const connection = await KafkaConnection.connect({ ...address, window, requestTimeout: limit, onTrouble: () => {} })
  try {
    const partitions = await connection.partitions(topics)
    return {
      beginnings: await connection.offsetsAt(partitions, EARLIEST),
      since: await connection.offsetsAt(partitions, time),
      ends: await connection.offsetsAt(partitions, LATEST),
      committed: await connection.committed(partitions),
    }
  } finally {
    await connection.close(answerLimit).catch(() => {})
  }
}
