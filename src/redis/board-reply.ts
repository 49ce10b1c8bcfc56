/** Replies of Redis (flat lists of texts) as entries and meta. What a foreign write has made unreadable is left out. */
import type { BoardState, Entry } from '../core/board-content.js'
import type { Positions } from '../core/positions.js'
import type { BoardMeta, Confirmation } from '../operators/ports.js'

/** The meta hash as it is stored; a missing or unreadable number is undefined. */
export interface StoredMeta {
  readonly epoch: number | undefined
  readonly owner: string | undefined
  readonly version: number | undefined
  /** ms since 1970 by the server's clock: when the content was last known to be the table's. */
  readonly confirmedAt: number | undefined
  /** Undefined until the board has been published for the first time. */
  readonly meta: BoardMeta | undefined
}

/** The score of a row that has no place in the zset: not equal to any number, so that a comparison finds it. */
const noScore = 'nan'

export const textsOf = (reply: unknown): readonly string[] => (Array.isArray(reply) ? reply.map(String) : [])

/** A hash, which comes as an object from ioredis' own commands and as a flat list from scripts. */
export const hashOf = (reply: unknown): ReadonlyMap<string, string> =>
  Array.isArray(reply) ? pairsOf(textsOf(reply)) : new Map(Object.entries(reply ?? {}))

const pairsOf = (flat: readonly string[]): ReadonlyMap<string, string> => {
  const pairs = new Map<string, string>()
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.set(flat[i] ?? '', flat[i + 1] ?? '')
  return pairs
}

/** `zset`: member, score …. A member without a row has the row ''. */
export const entriesOf = (zset: readonly string[], rows: ReadonlyMap<string, string>): readonly Entry[] => {
  const entries: Entry[] = []
  for (const [member, score] of pairsOf(zset)) entries.push({ member, score, row: rows.get(member) ?? '' })
  return entries
}

/** Rows that have no place in the zset, as entries that no board can hold. */
export const straysOf = (zset: readonly string[], rows: ReadonlyMap<string, string>): readonly Entry[] => {
  const scoreOf = pairsOf(zset)
  const strays: Entry[] = []
  for (const [member, row] of rows) if (!scoreOf.has(member)) strays.push({ member, score: noScore, row })
  return strays
}

export const wholeNumber = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

const states: readonly string[] = ['exact', 'assumed', 'stale', 'degraded'] satisfies BoardState[]
const isState = (text: string | undefined): text is BoardState => text !== undefined && states.includes(text)

export const parseNumbers = (json: unknown): Positions | undefined => {
  if (typeof json !== 'object' || json === null) return undefined
  const entries = Object.entries(json)
  return entries.every((entry): entry is [string, number] => Number.isSafeInteger(entry[1]))
    ? new Map(entries)
    : undefined
}

export const parseNumbersText = (text: string | undefined): Positions | undefined => {
  try {
    return text === undefined ? undefined : parseNumbers(JSON.parse(text))
  } catch {
    return undefined
  }
}

export const numbersText = (numbers: ReadonlyMap<string, number>): string => JSON.stringify(Object.fromEntries(numbers))

const boardMetaOf = (fields: ReadonlyMap<string, string>): BoardMeta | undefined => {
  const state = fields.get('state')
  const definition = fields.get('definition')
  const positions = parseNumbersText(fields.get('positions'))
  if (!isState(state) || definition === undefined || positions === undefined) return undefined
  const newest = parseNumbersText(fields.get('es'))
  // Whoever writes a later version has come past it.
  const asked = fields.get('read_version') === fields.get('version') ? fields.get('read_from') : undefined
  const readFrom = parseNumbersText(asked)
  return {
    status: { state, reason: fields.get('reason') ?? '' },
    complete: fields.get('complete') === '1',
    positions,
    ...(newest === undefined || newest.size === 0 ? {} : { newest }),
    ...(readFrom === undefined ? {} : { readFrom }),
    definition,
  }
}

export const storedMetaOf = (fields: ReadonlyMap<string, string>): StoredMeta => {
  return {
    epoch: wholeNumber(fields.get('epoch')),
    owner: fields.get('owner'),
    version: wholeNumber(fields.get('version')),
    confirmedAt: wholeNumber(fields.get('confirmed_at')),
    meta: boardMetaOf(fields),
  }
}

/** When a feed was last confirmed, ms since 1970 by the server's clock. */
export const heartbeatTime = (json: unknown): number | undefined => {
  const at = typeof json === 'string' ? /^\{"at":(\d+),/.exec(json)?.[1] : undefined
  return wholeNumber(at)
}

const nothingConfirmed: Confirmation = { positions: new Map(), versions: new Map() }

/** What a heartbeat confirms: nothing where there is none, or none that can be read. */
export const confirmationOf = (json: unknown): Confirmation => {
  if (typeof json !== 'string') return nothingConfirmed
  try {
    const heartbeat = JSON.parse(json) as { positions?: unknown; versions?: unknown } | null
    const positions = parseNumbers(heartbeat?.positions)
    const versions = parseNumbers(heartbeat?.versions)
    return positions === undefined || versions === undefined ? nothingConfirmed : { positions, versions }
  } catch {
    return nothingConfirmed
  }
}
