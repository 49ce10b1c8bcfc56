/**
 * A place in a topic as people write it on a command line. What it comes to, the broker has to be asked
 * (sources/offset-range.ts).
 */
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { nearestName } from './nearest-name.js'
import { looksLikeTime, parseOffsetTime } from './offset-time.js'

export type OffsetWord = 'beginning' | 'end' | 'committed'

export type OffsetSpec =
  | { readonly kind: OffsetWord }
  /** The same offset in every partition. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** By partition, `0` or `topic/0`; never empty. */
  | { readonly kind: 'map'; readonly offsets: ReadonlyMap<string, number> }
  /** ms since 1970. */
  | { readonly kind: 'time'; readonly at: number }

const words: readonly OffsetWord[] = ['beginning', 'end', 'committed']

/** What other tools call them. */
const otherWords: ReadonlyMap<string, OffsetWord> = new Map([
  ['earliest', 'beginning'],
  ['start', 'beginning'],
  ['first', 'beginning'],
  ['oldest', 'beginning'],
  ['latest', 'end'],
  ['newest', 'end'],
  ['last', 'end'],
  ['now', 'end'],
  ['current', 'committed'],
  ['stored', 'committed'],
])

/** What may be written, for help texts and refusals. */
export const allowedOffsets =
  'beginning, end, committed, an offset such as 120, one a partition such as 0:120,1:98 (of several topics topic/0:120), or a time with its zone such as 2026-11-21T08:00:00Z'

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Offsets are 64-bit in Kafka; beyond this JavaScript would round them. */
const wholeOffset = (text: string): number | undefined => {
  if (!/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Left: one sentence that says what is wrong, what is allowed, and what to type. */
export const parseOffsetSpec = (text: string): Either<string, OffsetSpec> => {
  const trimmed = text.trim()
  if (trimmed === '') return left(`nothing is named; allowed: ${allowedOffsets}`)
  const word = words.find((one) => one === trimmed.toLowerCase())
  if (word !== undefined) return right({ kind: word })
  if (looksLikeTime(trimmed)) {
    const time = parseOffsetTime(trimmed)
    return time.kind === 'time' ? right(time) : left(`${quoted(trimmed)} ${time.why}`)
  }
  const offset = wholeOffset(trimmed)
  if (offset !== undefined) return right({ kind: 'offset', offset })
  if (trimmed.includes(':')) return parseMap(trimmed)
  return left(`${quoted(trimmed)} ${whatElse(trimmed)}`)
}

const whatElse = (text: string): string => {
  const near = nearestName(text, [...words, ...otherWords.keys()])
  const meant = near === undefined ? undefined : (otherWords.get(near) ?? near)
  if (meant !== undefined) return `is not a place that is known; did you mean ${meant}? allowed: ${allowedOffsets}`
  if (/^[+-]?\d+([.,]\d+)?(e[+-]?\d+)?$/i.test(text))
    return `is not an offset: those are whole numbers from 0 to ${Number.MAX_SAFE_INTEGER}`
  return `is not allowed; allowed: ${allowedOffsets}`
}

/** Topics' names hold letters, digits, dots, underscores and hyphens. */
const mapEntry = /^((?:[\w.-]{1,249}\/)?\d{1,9}):(.*)$/

const parseMap = (text: string): Either<string, OffsetSpec> => {
  const offsets = new Map<string, number>()
  for (const part of text.split(',')) {
    const [, partition, after = ''] = mapEntry.exec(part.trim()) ?? []
    if (partition === undefined)
      return left(
        `${quoted(text)}: ${quoted(part.trim())} is not PARTITION:OFFSET; write 0:120,1:98, or topic/0:120 where there are several topics`,
      )
    const offset = wholeOffset(after.trim())
    if (offset === undefined)
      return left(
        `${quoted(text)}: partition ${partition} has the offset ${quoted(after.trim())}; allowed: a whole number from 0`,
      )
    const id = canonicalPartition(partition)
    if (offsets.has(id)) return left(`${quoted(text)} names partition ${id} twice; name each once`)
    offsets.set(id, offset)
  }
  return right({ kind: 'map', offsets })
}

/** `00` is partition 0. */
const canonicalPartition = (partition: string): string => {
  const slash = partition.lastIndexOf('/')
  return `${partition.slice(0, slash + 1)}${Number(partition.slice(slash + 1))}`
}
