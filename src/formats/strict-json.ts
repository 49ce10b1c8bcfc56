/**
 * Bytes → one JSON value, or a typed refusal. Total: never throws; linear in time; memory bounded by `maxBytes`, because
 * size and depth are known before anything is parsed.
 *
 * One pass over the bytes, then one `JSON.parse`. `JSON.parse` keeps the last of two equal keys without a word, so the
 * pass counts the members (the colons outside strings) on the two levels that matter: the caller compares them with the
 * keys that the parsed objects have, and a difference is a key named twice. That costs no second parse.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Refusal } from '../core/change.js'
import { quoteNumbers, rowDepth } from './quote-numbers.js'

export interface JsonLimits {
  readonly maxBytes: number
  readonly maxDepth: number
}

export interface ParsedJson {
  readonly value: unknown
  /** Members that the text has in the outermost object, each of two equal keys counted. */
  readonly outerMembers: number
  /** Members that the text has in objects at the depth of rows. */
  readonly rowMembers: number
}

/** `fatal`: a wrong byte is an error, never a U+FFFD in somebody's key. One byte order mark is dropped. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const openBracket = 0x5b
const openBrace = 0x7b
const closeBracket = 0x5d
const closeBrace = 0x7d

/** Bytes above 0x7f never equal an ASCII byte in UTF-8, so the text need not be decoded for this. */
const countMembers = (bytes: Uint8Array, maxDepth: number): { outer: number; rows: number } | undefined => {
  const end = bytes.length
  let depth = 0
  let outer = 0
  let rows = 0
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at++; at < end; at++) {
        const inside = bytes[at]
        if (inside === quote) break
        if (inside === backslash) at++
      }
    } else if (byte === colon) {
      if (depth === 1) outer++
      else if (depth === rowDepth) rows++
    } else if (byte === openBrace || byte === openBracket) {
      if (++depth > maxDepth) return undefined
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return { outer, rows }
}

const decodeText = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The error is dropped on purpose: V8 puts a piece of the text, and so row values, into its message. */
const parseText = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** `numbersAsText`: numbers inside rows, or of any object, become strings with exactly the digits of the text. */
export const parseJson = (
  bytes: Uint8Array,
  limits: JsonLimits,
  numbersAsText: boolean | 'everywhere',
): Either<Refusal, ParsedJson> => {
  if (bytes.length > limits.maxBytes) {
    return left({ code: 'TOO_LARGE', detail: `${bytes.length} bytes, at most ${limits.maxBytes} are read` })
  }
  const members = countMembers(bytes, limits.maxDepth)
  if (members === undefined) return left({ code: 'LIMIT', detail: `more than ${limits.maxDepth} levels of nesting` })
  const text = decodeText(bytes)
  if (text === undefined) return left({ code: 'UTF8', detail: `${bytes.length} bytes` })
  const quoted = numbersAsText === false ? text : quoteNumbers(text, numbersAsText === 'everywhere' ? 1 : rowDepth)
  const parsed = parseText(quoted)
  if (parsed === undefined) return left({ code: 'PARSE', detail: `${bytes.length} bytes` })
  return right({ value: parsed.value, outerMembers: members.outer, rowMembers: members.rows })
}

export type JsonObject = Readonly<Record<string, unknown>>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The keys that the parsed objects at the depth of rows have: `rowMembers` unless a key was named twice. */
export const keysAtRowDepth = (outermost: JsonObject): number => {
  let keys = 0
  for (const value of Object.values(outermost)) {
    if (typeof value !== 'object' || value === null) continue
    for (const inner of Array.isArray(value) ? value : Object.values(value)) {
      if (isJsonObject(inner)) keys += Object.keys(inner).length
    }
  }
  return keys
}
