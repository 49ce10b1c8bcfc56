import type { Message } from '../operators/ports.js'

/** node-rdkafka says -1 for a record without a time. Keys and headers are left behind: nothing here reads them. */
export const messageOf = (record: {
  topic: string
  partition: number
  offset: number
  value: Uint8Array | null
  timestamp?: number
}): Message => ({
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  value: record.value,
  timestamp: record.timestamp !== undefined && record.timestamp >= 0 ? record.timestamp : undefined,
})
