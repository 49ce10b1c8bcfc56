/**
 * One line of a file of recorded messages. Two forms, one a file:
 *
 * - a record: {"topic","partition","offset","timestamp","key","value"}, value and key a string or null, or in base64 where
 *   "encoding" is "base64"; other members are ignored;
 * - a bare message of Canal, as its topic has it: partition 0, and its offset is the number of lines before it.
 *
 * Pure. A refusal is a sentence without values.
 */
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { isJsonObject, type JsonObject } from '../formats/strict-json.js'
import type { Message } from '../operators/ports.js'

export type LineForm = 'records' | 'messages'

/** Told by the first line: only a record has an offset. Left: neither. */
export const formOf = (line: Buffer): Either<string, LineForm> => {
  const parsed = parsedLine(line)
  if (isLeft(parsed)) return parsed
  if ('offset' in parsed.right && 'value' in parsed.right) return right('records')
  if ('database' in parsed.right && 'table' in parsed.right) return right('messages')
  return left('is neither a record (topic, partition, offset, timestamp, key, value) nor a message of Canal')
}

/** The position of a bare message is passed in. */
export const bareMessage = (line: Buffer, topic: string, offset: number): Either<string, Message> =>
  line[0] === 0x7b && line.at(-1) === 0x7d
    ? right({ topic, partition: 0, offset, key: null, value: line, timestamp: undefined })
    : left('is not one JSON object')

export const recordOf = (line: Buffer): Either<string, Message> => {
  const parsed = parsedLine(line)
  if (isLeft(parsed)) return parsed
  const { topic, partition, offset, timestamp, key, value, encoding } = parsed.right
  if (typeof topic !== 'string' || topic === '') return left('has no "topic"')
  if (!isWhole(partition)) return left('has no "partition" that is a whole number from 0')
  if (!isWhole(offset)) return left('has no "offset" that is a whole number from 0')
  if (timestamp !== undefined && timestamp !== null && !isWhole(timestamp))
    return left('has a "timestamp" that is not a whole number of milliseconds since 1970')
  if (encoding !== undefined && encoding !== 'base64') return left('has an "encoding"; allowed: "base64", or none')
  if (typeof value !== 'string' && value !== null)
    return left('has a "value" that is neither a string nor null: write the message as one JSON string')
  if (key !== undefined && typeof key !== 'string' && key !== null)
    return left('has a "key" that is neither a string nor null')
  const bytes = (text: string | null | undefined): Uint8Array | null =>
    text === null || text === undefined ? null : Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8')
  return right({ topic, partition, offset, key: bytes(key), value: bytes(value), timestamp: timestamp ?? undefined })
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const parsedLine = (line: Buffer): Either<string, JsonObject> => {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return isJsonObject(value) ? right(value) : left('is not one JSON object')
  } catch {
    return left('is not JSON; was the file cut off?')
  }
}
