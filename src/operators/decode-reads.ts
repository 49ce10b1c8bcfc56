import { map, type OperatorFunction } from 'rxjs'
import { headerOf, retryHeader } from '../core/letter.js'
import type { DecodeRead } from '../core/read-event.js'
import type { Message, MessageBatch, RefusedRecord } from './ports.js'
import type { DecodedRead, ReadBatch } from './read-batch.js'

/**
 * Bytes to read events; a message that is none stands among the refused. An event that was produced again for another
 * pipeline, by an operator, is passed over: `name`, this pipeline, has had it when it first came.
 * Order: kept. Duplicates, loss: none. Memory: one batch.
 */
export const decodeReads = (decode: DecodeRead, name: string): OperatorFunction<MessageBatch, ReadBatch> =>
  map((batch) => decodeBatch(batch, decode, name))

const decodeBatch = (batch: MessageBatch, decode: DecodeRead, name: string): ReadBatch => {
  const reads: DecodedRead[] = []
  const refused: RefusedRecord[] = []
  let oldest: number | undefined
  let newest: number | undefined
  for (const message of batch.messages) {
    if (isForAnother(message, name)) continue
    const { value, timestamp } = message
    const decoded = decode(value, timestamp)
    if (decoded._tag === 'Left') refused.push({ message, refusal: decoded.left })
    else reads.push({ event: decoded.right, message })
    if (timestamp === undefined) continue
    oldest = Math.min(timestamp, oldest ?? timestamp)
    newest = Math.max(timestamp, newest ?? timestamp)
  }
  return { reads, refused, positions: batch.positions, oldest, newest, release: () => batch.release() }
}

const isForAnother = ({ headers }: Message, name: string): boolean => {
  if (headers === undefined) return false
  const pipeline = headerOf(headers, retryHeader)
  return pipeline !== undefined && pipeline !== name
}
