import { map, type OperatorFunction } from 'rxjs'
import type { DecodeRead } from '../core/read-event.js'
import type { MessageBatch, RefusedRecord } from './ports.js'
import type { DecodedRead, ReadBatch } from './read-batch.js'

/**
 * Bytes to read events; a message that is none stands among the refused.
 * Order: kept. Duplicates, loss: none. Memory: one batch.
 */
export const decodeReads = (decode: DecodeRead): OperatorFunction<MessageBatch, ReadBatch> =>
  map((batch) => decodeBatch(batch, decode))

const decodeBatch = (batch: MessageBatch, decode: DecodeRead): ReadBatch => {
  const reads: DecodedRead[] = []
  const refused: RefusedRecord[] = []
  let oldest: number | undefined
  let newest: number | undefined
  for (const message of batch.messages) {
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
