/**
 * What the dead-letter topic holds, as headers tell it. Three kinds of records stand in its one partition: letters, each
 * a refused message; `passed`, by which a counter says that its offsets have moved past refused events without counting
 * them; `settled`, by which an operator has closed a letter. The two stand behind their letter, so that Kafka, which
 * deletes from the front, can't forget one of them and keep the letter.
 */

/** Which message was refused, by whom: copies of a letter, which a crash may leave, have the same. */
export interface LetterSource {
  /** The feed, or the pipeline of a counter (`counters.NAME`, `history`). */
  readonly feed: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Record time, ms since 1970; tells messages of a topic that was made anew from those of the one before. */
  readonly timestamp: number | undefined
}

/**
 * - `retried`: produced again to its topic, where its pipeline counts it.
 * - `healed`: a message of a board's feed that is understood now, and whose boards were read anew since.
 * - `discarded`: will never be used, for the reason that was given.
 */
const outcomes = ['retried', 'healed', 'discarded'] as const
export type Outcome = (typeof outcomes)[number]

export interface Settlement {
  readonly outcome: Outcome
  /** Of a letter that was discarded. */
  readonly reason: string
  /** User and host. */
  readonly by: string
  /** ms since 1970 by the clock of that host. */
  readonly at: number
}

export type LetterEntry =
  | { readonly kind: 'letter'; readonly source: LetterSource; readonly code: string; readonly detail: string }
  | { readonly kind: 'passed'; readonly source: LetterSource }
  | { readonly kind: 'settled'; readonly source: LetterSource; readonly settlement: Settlement }

/** Names the pipeline for which an event was produced again: others, which have counted it before, pass it over. */
export const retryHeader = 'ranktide-retry'

/** Headers of a record as a client gives them: a list with one name each, or all in one; values are bytes or texts. */
export type RawHeaders = readonly Readonly<Record<string, unknown>>[] | Readonly<Record<string, string>>

const utf8 = new TextDecoder()

const textOf = (value: unknown): string => (value instanceof Uint8Array ? utf8.decode(value) : String(value))

/** The last of each name. */
export const headersOf = (raw: RawHeaders = []): ReadonlyMap<string, string> => {
  const list = Array.isArray(raw) ? (raw as readonly object[]) : [raw]
  return new Map(
    list.flatMap((header) => Object.entries(header).map(([name, value]) => [name, textOf(value)] as const)),
  )
}

/** One header, without reading the others. */
export const headerOf = (raw: RawHeaders, wanted: string): string | undefined => {
  const list = Array.isArray(raw) ? (raw as readonly Readonly<Record<string, unknown>>[]) : [raw]
  const found = list.findLast((header) => Object.hasOwn(header, wanted))
  return found === undefined ? undefined : textOf((found as Readonly<Record<string, unknown>>)[wanted])
}

export const letterIdentity = ({ feed, topic, partition, offset, timestamp }: LetterSource): string =>
  `${feed}\n${topic}/${partition}\n${offset}\n${timestamp ?? ''}`

export const sourceHeaders = (source: LetterSource): Readonly<Record<string, string>> => ({
  'ranktide-feed': source.feed,
  'ranktide-topic': source.topic,
  'ranktide-partition': String(source.partition),
  'ranktide-offset': String(source.offset),
  ...(source.timestamp === undefined ? {} : { 'ranktide-timestamp': String(source.timestamp) }),
})

export const letterHeaders = (
  source: LetterSource,
  refusal: { readonly code: string; readonly detail: string },
): Readonly<Record<string, string>> => ({
  'ranktide-code': refusal.code,
  'ranktide-detail': refusal.detail,
  ...sourceHeaders(source),
})

export const passedHeaders = (source: LetterSource): Readonly<Record<string, string>> => ({
  'ranktide-passed': 'true',
  ...sourceHeaders(source),
})

export const settledHeaders = (
  source: LetterSource,
  { outcome, reason, by, at }: Settlement,
): Readonly<Record<string, string>> => ({
  'ranktide-settled': outcome,
  ...(reason === '' ? {} : { 'ranktide-reason': reason }),
  'ranktide-by': by,
  'ranktide-at': String(at),
  ...sourceHeaders(source),
})

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined

const isOutcome = (text: string): text is Outcome => (outcomes as readonly string[]).includes(text)

/** Undefined: nothing that ranktide has written. */
export const readEntry = (headers: ReadonlyMap<string, string>): LetterEntry | undefined => {
  const source = sourceOf(headers)
  if (source === undefined) return undefined
  const outcome = headers.get('ranktide-settled')
  if (outcome !== undefined) {
    const at = whole(headers.get('ranktide-at'))
    if (!isOutcome(outcome) || at === undefined) return undefined
    const [reason = '', by = ''] = [headers.get('ranktide-reason'), headers.get('ranktide-by')]
    return { kind: 'settled', source, settlement: { outcome, reason, by, at } }
  }
  if (headers.has('ranktide-passed')) return { kind: 'passed', source }
  // Any code: a later version may know more of them.
  const code = headers.get('ranktide-code')
  if (code === undefined) return undefined
  return { kind: 'letter', source, code, detail: headers.get('ranktide-detail') ?? '' }
}

const sourceOf = (headers: ReadonlyMap<string, string>): LetterSource | undefined => {
  const feed = headers.get('ranktide-feed')
  const topic = headers.get('ranktide-topic')
  const partition = whole(headers.get('ranktide-partition'))
  const offset = whole(headers.get('ranktide-offset'))
  if (feed === undefined || topic === undefined || partition === undefined || offset === undefined) return undefined
  return { feed, topic, partition, offset, timestamp: whole(headers.get('ranktide-timestamp')) }
}
