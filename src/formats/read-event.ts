/**
 * One record's value → a read event, or a typed refusal. The value is a JSON object such as
 * `{"uid":123,"biz":"article","biz_id":456,"ts":1700000000000}`; ids are numbers or strings, exact to 2^64−1; further
 * fields are ignored.
 *
 * Total: any bytes give an answer, in linear time. Memory: one value of at most `maxBytes`. A refusal names the field and
 * what is allowed, with a short excerpt of what stood there.
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Refusal } from '../core/change.js'
import type { DecodeRead, ReadEvent } from '../core/read-event.js'
import { isRefusal } from './refusal.js'
import { isJsonObject, type JsonLimits, type JsonObject, parseJson } from './strict-json.js'

/** An event has some hundred bytes; fields of others may come with it. */
const limits: JsonLimits = { maxBytes: 64 * 1024, maxDepth: 32 }

const largestId = '18446744073709551615'
const wholeNumber = /^(?:0|[1-9]\d{0,19})$/
const longestBiz = 64
/** The end of the year 9999: no database has a later time. */
const latestTime = 253_402_300_799_999
/** Bytes: more than the usual form can have. */
const longestUsual = 200
/** How far an event may be ahead of its record, ms: clocks differ by less; buckets of times to come are of no use. */
const mostAhead = 24 * 3_600_000

const allowedId = `a whole number from 0 to ${largestId}, as a number or a string without leading zeros`
const allowedBiz = `a string of 1 to ${longestBiz} characters, none of them a control character`
const allowedTime = 'a whole number of milliseconds since 1970, up to the year 9999'

export const readEvent: DecodeRead = (value, timestamp) => {
  if (value === null) return left({ code: 'EVENT_FIELD', detail: 'the record has no value; allowed: a JSON object' })
  const usual = usualEvent(value, timestamp)
  return usual === undefined ? anyEvent(value, timestamp) : right(usual)
}

/** What is no UTF-8 becomes U+FFFD, which the usual form does not have. */
const utf8 = new TextDecoder()

/** These fields alone, in this order; ids below 10^19, as numbers or strings; a kind of printable ASCII without escapes. */
const usualForm =
  /^\{"uid": ?("?)(0|[1-9]\d{0,18})\1, ?"biz": ?"([ !#-[\]-~]{1,64})", ?"biz_id": ?("?)(0|[1-9]\d{0,18})\4, ?"ts": ?(0|[1-9]\d{0,14})\}$/

/**
 * What producers send nearly always, read at a quarter of the cost. Undefined: it has to be read as any JSON is, which
 * gives the same answer to all that is read here, and tells what is wrong with the rest.
 */
const usualEvent = (value: Uint8Array, timestamp: number | undefined): ReadEvent | undefined => {
  if (value.length > longestUsual) return undefined
  const { 2: uid, 3: biz, 5: bizId, 6: digits } = usualForm.exec(utf8.decode(value)) ?? []
  if (uid === undefined || biz === undefined || bizId === undefined || digits === undefined) return undefined
  const ts = Number(digits)
  return ts > latestTime || isAhead(ts, timestamp) ? undefined : { uid, biz, bizId, ts }
}

const isAhead = (ts: number, timestamp: number | undefined): boolean =>
  timestamp !== undefined && ts > timestamp + mostAhead

const anyEvent = (value: Uint8Array, timestamp: number | undefined): Either<Refusal, ReadEvent> => {
  const parsed = parseJson(value, limits, false)
  if (parsed._tag === 'Left') return parsed
  const { value: fields, outerMembers } = parsed.right
  if (!isJsonObject(fields)) return left(fieldRefusal('the value', fields, 'a JSON object'))
  if (Object.keys(fields).length !== outerMembers) {
    return left({ code: 'DUP_KEY', detail: 'an object names each of its fields once' })
  }
  return eventOf(fields, () => exactFields(value), timestamp)
}

/** As `fields`, with every number as the text that it was. */
const exactFields = (value: Uint8Array): JsonObject => {
  const parsed = parseJson(value, limits, 'everywhere')
  return parsed._tag === 'Right' && isJsonObject(parsed.right.value) ? parsed.right.value : {}
}

const eventOf = (
  fields: JsonObject,
  exact: () => JsonObject,
  timestamp: number | undefined,
): Either<Refusal, ReadEvent> => {
  const uid = idOf(fields, 'uid', exact)
  if (isRefusal(uid)) return left(uid)
  const biz = bizOf(fields.biz)
  if (isRefusal(biz)) return left(biz)
  const bizId = idOf(fields, 'biz_id', exact)
  if (isRefusal(bizId)) return left(bizId)
  const ts = fields.ts
  if (typeof ts !== 'number' || !Number.isSafeInteger(ts) || ts < 0 || ts > latestTime) {
    return left(fieldRefusal('ts', ts, allowedTime))
  }
  if (isAhead(ts, timestamp)) {
    return left(fieldRefusal('ts', ts, `at most 24 h ahead of the record's timestamp, which is ${timestamp}`))
  }
  return right({ uid, biz, bizId, ts })
}

/** A number above 2^53 is read again, digit by digit: the double that it became stands for several. */
const idOf = (fields: JsonObject, name: 'uid' | 'biz_id', exact: () => JsonObject): string | Refusal => {
  const given = fields[name]
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= 0) return String(given)
  const text = typeof given === 'number' ? exact()[name] : given
  if (typeof text !== 'string' || !wholeNumber.test(text)) return fieldRefusal(name, text, allowedId)
  if (text.length === largestId.length && text > largestId) return fieldRefusal(name, text, allowedId)
  return text
}

const bizOf = (given: unknown): string | Refusal => {
  if (typeof given !== 'string' || given === '' || !isStorable(given)) return fieldRefusal('biz', given, allowedBiz)
  // No character has more than two code units, and most have one.
  if (given.length > longestBiz && [...given].length > longestBiz) return fieldRefusal('biz', given, allowedBiz)
  return given
}

/** Postgres takes no NUL, and half a surrogate pair has no UTF-8: one such text would hold up the events around it. */
const isStorable = (text: string): boolean => !/\p{Cc}|\p{Cs}/u.test(text)

const longestExcerpt = 32

const fieldRefusal = (field: string, given: unknown, allowed: string): Refusal => ({
  code: 'EVENT_FIELD',
  detail:
    given === undefined
      ? `${field} is missing; allowed: ${allowed}`
      : `${field} is ${shown(given)}; allowed: ${allowed}`,
})

/** Printable ASCII only: this goes into logs and into headers of other messages. */
const shown = (given: unknown): string => {
  if (given === null) return 'null'
  if (Array.isArray(given)) return 'an array'
  if (typeof given === 'object') return 'an object'
  const text = String(given)
  const clean = text.slice(0, longestExcerpt).replace(/[^\x20-\x7e]/g, '?')
  const excerpt = text.length > longestExcerpt ? `${clean}...` : clean
  return typeof given === 'string' ? `"${excerpt}"` : excerpt
}
