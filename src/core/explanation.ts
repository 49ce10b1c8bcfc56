/**
 * Why a row is, or is not, on a board: one sentence, from what the table, the stream and Redis say of it. Pure.
 *
 * The three are looked at one after the other while rows move: what only says that one is ahead of another
 * (`isPassing`) is worth a second look.
 */
import { type BoardStatus, type Entry, isWell } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { columnsOf } from './expression.js'
import { filterResult, partSentence, reasonsIn } from './filter-result.js'
import { partsOf } from './member.js'
import type { Positions } from './positions.js'
import { placeOf, type Ranking } from './ranking.js'
import { rowJson } from './row-json.js'
import { placeOfEntry, type Standing, standingOf } from './standing.js'
import type { Image } from './table.js'

/** The newest message that tells of the row. */
export interface StreamChange {
  readonly partition: string
  readonly offset: number
  /** When the record was written, ms since 1970. */
  readonly time: number | undefined
  /** What the row was after it; null: gone. */
  readonly image: Image | null
  /** `truncate`: all rows of the table went. */
  readonly what: 'row' | 'truncate'
}

/** The board (of a split one the group) as Redis has it. */
export interface BoardThere {
  readonly status: BoardStatus
  readonly entries: readonly Entry[]
  /** What its content is of. */
  readonly positions: Positions
}

export interface Facts {
  readonly spec: BoardSpec
  readonly ranking: Ranking
  readonly key: string
  /** Undefined: the table could not be asked; null: it has no such row. */
  readonly row: Image | null | undefined
  /** Undefined: the stream was not searched, or not found within what was. */
  readonly change: StreamChange | undefined
  /** Undefined: Redis could not be asked; null: the board is not there. */
  readonly board: BoardThere | null | undefined
  /** Of a split board: the group that was looked at. */
  readonly group: string | undefined
}

export type Verdict =
  | 'on-board'
  | 'no-row'
  | 'no-group'
  | 'other-group'
  | 'no-score'
  | 'filtered'
  | 'below'
  | 'not-published'
  | 'not-applied'
  | 'stream-behind'
  | 'stale'
  | 'differs'
  | 'unknown'

export interface Conclusion {
  readonly verdict: Verdict
  readonly sentence: string
}

/** Whether a second look may find it gone by itself. */
export const isPassing = ({ verdict }: Conclusion): boolean =>
  verdict === 'not-applied' || verdict === 'stream-behind' || verdict === 'differs'

/** What the table's row comes to: why it may not be ranked at all, or where it stands on the board there. */
export type Claim =
  | { readonly kind: 'refused'; readonly why: string; readonly conclusion: Conclusion }
  | { readonly kind: 'ranked'; readonly exact: string; readonly entry: Entry; readonly standing: Standing }

export const conclude = (facts: Facts): Conclusion => {
  const { row, board, key } = facts
  const held = board?.entries.find(({ member }) => member === key)
  if (row === undefined) return tableNotAsked(board === undefined ? undefined : (held ?? null))
  const claim = claimOf(facts, row)
  if (board === undefined) return withoutRedis(claim)
  if (board === null) return notPublished(claim)
  const should = claim.kind === 'ranked' && claim.standing.rank !== undefined ? claim.entry : undefined
  if (isSame(held, should)) {
    const conclusion = settled(facts, claim)
    return isWell(board.status)
      ? conclusion
      : { ...conclusion, sentence: `${conclusion.sentence}; ${stateOf(board.status)}` }
  }
  return apart(facts, board, differenceText(facts, held, claim))
}

/** As the table has it, whatever the board there holds. */
export const claimOf = ({ spec, ranking, key, board, group }: Facts, row: Image | null): Claim => {
  const refused = (verdict: Verdict, sentence: string): Claim => ({
    kind: 'refused',
    why: sentence,
    conclusion: { verdict, sentence: `not on the board: ${sentence}` },
  })
  if (row === null)
    return refused('no-row', `${spec.table.database}.${spec.table.table} has no row with ${keyText(spec, key)}`)
  if (spec.per !== undefined) {
    const name = spec.table.columns[spec.per]?.name ?? ''
    const value = row[spec.per] ?? null
    if (value === null) return refused('no-group', `${name} is NULL, and a row without ${name} is on none`)
    if (group !== undefined && group !== value)
      return refused('other-group', `its ${name} is ${value}, not ${group}; see --per ${value}`)
  }
  const place = placeOf(ranking, key, row)
  if (place === undefined) return refused('no-score', `its score is NULL${columnsText(spec, row)}`)
  if (spec.where !== undefined && !ranking.accepts(row)) {
    const reasons = reasonsIn(filterResult(spec.where, spec.table, row)).map(partSentence)
    return refused('filtered', `filtered: ${reasons.join('; ')}`)
  }
  return {
    kind: 'ranked',
    exact: place.exact,
    entry: { member: key, score: String(place.score), row: rowJson(spec, row, place.exact) },
    standing: standingOf(spec, place, board?.entries ?? []),
  }
}

const isSame = (a: Entry | undefined, b: Entry | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Number(a.score) === Number(b.score) && a.row === b.row

/** `id = 78`, or `biz = article, biz_id = 3`. */
export const keyText = ({ table }: BoardSpec, key: string): string =>
  partsOf(table, key)
    .map((part, i) => `${table.columns[table.key[i] ?? -1]?.name} = ${part}`)
    .join(', ')

const columnsText = ({ score, table }: BoardSpec, row: Image): string => {
  if (score.kind === 'column') return ` (${table.columns[score.column]?.name} is NULL)`
  const columns = columnsOf(score.expression)
  return ` (${columns.map((column) => `${table.columns[column]?.name} is ${row[column] ?? 'NULL'}`).join(', ')})`
}

const settled = (facts: Facts, claim: Claim): Conclusion => {
  if (claim.kind === 'refused') return claim.conclusion
  const { exact, standing } = claim
  const { rank, ties } = standing
  if (rank === undefined)
    return { verdict: 'below', sentence: `not on the board: ${belowText(facts.spec, exact, standing)}` }
  const shared = ties === 0 ? '' : `, which ${ties === 1 ? 'another one has' : `${ties} others have`}, too`
  const of = facts.board?.entries.length ?? 0
  return { verdict: 'on-board', sentence: `on the board: rank ${rank} of ${of}, score ${exact}${shared}` }
}

const higher = {
  newest: 'the greater key',
  oldest: 'the smaller key',
  redis: 'the member that Redis puts first',
} as const

const belowText = (spec: BoardSpec, exact: string, { last, needs = '0' }: Standing): string => {
  const place = `the last place (${last?.exact}, ${keyText(spec, last?.key ?? '')})`
  if (needs === '0')
    return `its score ${exact} is that of ${place}, and of equal scores ${higher[spec.ties]} ranks higher`
  return spec.direction === 'desc'
    ? `its score ${exact} is below ${place}: it needs ${needs} more`
    : `its score ${exact} is above ${place}: it needs ${needs} less`
}

const stateOf = ({ state, reason }: BoardStatus): string => `the board is ${state}${reason === '' ? '' : `: ${reason}`}`

/** `held`: what Redis has of it; null: nothing; undefined: it could not be asked. */
export const tableNotAsked = (held: Pick<Entry, 'score'> | null | undefined): Conclusion => {
  const told =
    held === undefined ? '' : held === null ? ': Redis does not hold it' : `: Redis holds it with score ${held.score}`
  return { verdict: 'unknown', sentence: `the table could not be asked${told}` }
}

const withoutRedis = (claim: Claim): Conclusion =>
  claim.kind === 'refused'
    ? claim.conclusion
    : { verdict: 'unknown', sentence: `Redis could not be asked for the place of its score ${claim.exact}` }

const notPublished = (claim: Claim): Conclusion => {
  const besides = claim.kind === 'refused' ? `; nor will it be on it then: ${claim.why}` : ''
  return { verdict: 'not-published', sentence: `the board is not in Redis: no worker has published it${besides}` }
}

/** What the table and Redis say that is not the same. */
const differenceText = ({ spec }: Facts, held: Entry | undefined, claim: Claim): string => {
  if (claim.kind === 'refused')
    return `Redis holds it${held === undefined ? '' : ` with score ${exactOf(spec, held)}`}, but it has no place there: ${claim.why}`
  const { exact, entry, standing } = claim
  if (held === undefined) return `Redis does not hold it, the table's score ${exact} makes it rank ${standing.rank}`
  if (exactOf(spec, held) !== exact) return `Redis holds ${exactOf(spec, held)}, the table ${exact}`
  const column = firstDifference(held.row, entry.row)
  return column === undefined
    ? 'Redis holds another row than the table'
    : `Redis holds ${column.name} ${column.a}, the table ${column.b}`
}

const exactOf = (spec: BoardSpec, entry: Entry): string => placeOfEntry(spec, entry).exact

const firstDifference = (a: string, b: string) => {
  const [x, y] = [fieldsOf(a), fieldsOf(b)]
  const name = [...new Set([...y.keys(), ...x.keys()])].find((one) => x.get(one) !== y.get(one))
  return name === undefined ? undefined : { name, a: x.get(name) ?? 'nothing', b: y.get(name) ?? 'nothing' }
}

const fieldsOf = (row: string): ReadonlyMap<string, string> => {
  try {
    const parsed: unknown = JSON.parse(row)
    const fields = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
    return new Map(fields.map(([name, value]) => [name, JSON.stringify(value)]))
  } catch {
    return new Map()
  }
}

/** Table and Redis are not the same: who is behind? */
const apart = ({ row = null, change }: Facts, { status, positions }: BoardThere, difference: string): Conclusion => {
  const waiting = change !== undefined && sameImage(change.image, row) && change.offset >= nextOf(positions, change)
  const at = waiting
    ? `the change at offset ${change.offset} of ${change.partition} is not applied, the board is at ${nextOf(positions, change)}`
    : undefined
  if (!isWell(status)) {
    const told = at === undefined ? difference : `${difference}: ${at}`
    return { verdict: 'stale', sentence: `${told}; ${stateOf(status)}` }
  }
  if (at !== undefined) return { verdict: 'not-applied', sentence: `not yet: ${at}; ${difference}` }
  if (change === undefined) {
    const nothing = 'no message of it was found in the stream: run ranktide verify'
    return { verdict: 'differs', sentence: `${difference}; ${nothing}` }
  }
  const { partition, offset, image } = change
  if (sameImage(image, row))
    return {
      verdict: 'differs',
      sentence: `${difference}, though the change at offset ${offset} of ${partition} is applied: run ranktide verify`,
    }
  const behind = 'is not what the table has now: the change is not in the stream yet, or was lost: run ranktide doctor'
  return {
    verdict: 'stream-behind',
    sentence: `${difference}; the newest message of it (${partition}, offset ${offset}) ${behind}`,
  }
}

const nextOf = (positions: Positions, { partition }: StreamChange): number => positions.get(partition) ?? 0

export const sameImage = (a: Image | null, b: Image | null): boolean =>
  a === null || b === null ? a === b : a.length === b.length && a.every((value, i) => value === b[i])
