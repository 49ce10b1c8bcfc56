import type { Message } from '../operators/ports.js'

/** node-rdkafka says -1 for a record without a time. */
export const messageOf = (record: {
  topic: string
  partition: number
  offset: number
  key?: Uint8Array | string | null | undefined
  value: Uint8Array | null
  timestamp?: number
  headers?: readonly Readonly<Record<string, unknown>>[]
}): Message => {
  const message = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    key: typeof record.key === 'string' ? new TextEncoder().encode(record.key) : (record.key ?? null),
    value: record.value,
    timestamp: record.timestamp !== undefined && record.timestamp >= 0 ? record.timestamp : undefined,
  }
  const { headers = [] } = record
  return headers.length === 0 ? message : { ...message, headers }
}
