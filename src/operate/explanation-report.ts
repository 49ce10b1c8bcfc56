/** What `ranktide explain` tells, as `--json` prints it: names stay, unknown is null. Values are the canonical texts. */
import type { BoardState } from '../core/board-content.js'
import type { BoardSpec } from '../core/board-spec.js'
import { type Claim, type Conclusion, type StreamChange, sameImage } from '../core/explanation.js'
import { type FilterPart, filterResult } from '../core/filter-result.js'
import { isoTime } from '../core/iso-time.js'
import { partsOf } from '../core/member.js'
import { placeOf, rankingOf } from '../core/ranking.js'
import type { Standing } from '../core/standing.js'
import type { Image, TableShape } from '../core/table.js'
import type { BoardLook } from './board-look.js'
import type { Problem } from './status.js'

type Row = Readonly<Record<string, string | null>>

export interface Explanation {
  /** ISO 8601, UTC. */
  readonly at: string
  readonly board: string
  /** The group of a split board that was looked at. */
  readonly per: string | null
  /** As it stands in Redis. */
  readonly member: string
  /** By column; null where the table could not be described. */
  readonly key: Row | null
  readonly conclusion: Conclusion
  /** Null: it could not be asked. `row` null: there is none. */
  readonly table: { readonly name: string; readonly row: Row | null } | null
  /** Null: the board has none, or there is no row to judge. */
  readonly filter: FilterPart | null
  /** Exact; null: NULL, or no row. */
  readonly score: string | null
  /** Where the table's row stands against what Redis has; null: it is not ranked, or Redis could not be asked. */
  readonly standing: StandingReport | null
  readonly stream: StreamReport | null
  readonly redis: RedisReport | null
  readonly notes: readonly string[]
  readonly problems: readonly Problem[]
}

export interface StandingReport {
  /** From 1; null: it is below the last place. */
  readonly rank: number | null
  /** Other members with the same score. */
  readonly ties: number
  /** The member in the last place and its score; null: there is room. */
  readonly last: { readonly member: string; readonly score: string } | null
  /** By how much the score has to change to be that of the last place; null: it ranks. */
  readonly needs: string | null
}

export interface StreamReport {
  /** Messages that were searched. */
  readonly searched: number
  /** How far back; null: to the beginning. */
  readonly since: string | null
  /** The newest message that tells of the row; null: none was found there. */
  readonly change: {
    readonly partition: string
    readonly offset: number
    readonly time: string | null
    readonly what: StreamChange['what']
    /** The row after it; null: gone. */
    readonly row: Row | null
    readonly sameAsTable: boolean | null
    /** Whether the board in Redis has passed it. */
    readonly applied: boolean | null
  } | null
}

export interface RedisReport {
  readonly state: BoardState
  readonly reason: string
  readonly ageSeconds: number | null
  readonly version: number | null
  readonly owner: string | null
  readonly positions: Readonly<Record<string, number>>
  readonly size: number
  /** How many members there are. */
  readonly rows: number
  /** What it holds of this one; null: nothing. `rank` from 1. */
  readonly entry: { readonly rank: number; readonly score: string; readonly row: string } | null
}

/** What was found, as far as the servers could be asked. */
export interface Found {
  readonly row: Image | null | undefined
  readonly change: StreamChange | undefined
  readonly searched: { readonly messages: number; readonly since: number | undefined } | undefined
  readonly board: BoardLook | null | undefined
}

export const rowReport = ({ columns }: TableShape, image: Image): Row =>
  Object.fromEntries(columns.map(({ name }, i) => [name, image[i] ?? null]))

export const keyReport = (table: TableShape, member: string): Row =>
  Object.fromEntries(partsOf(table, member).map((part, i) => [table.columns[table.key[i] ?? -1]?.name ?? '', part]))

/** What the table's row comes to by itself, whether or not it may rank. */
export const rowPart = (
  spec: BoardSpec,
  member: string,
  { row, board }: Pick<Found, 'row' | 'board'>,
  claim: Claim | undefined,
): Pick<Explanation, 'table' | 'filter' | 'score' | 'standing'> => {
  const { table, where } = spec
  const name = `${table.database}.${table.table}`
  if (row === undefined || row === null)
    return { table: row === undefined ? null : { name, row: null }, filter: null, score: null, standing: null }
  const place = placeOf(rankingOf(spec), member, row)
  return {
    table: { name, row: rowReport(table, row) },
    filter: where === undefined ? null : filterResult(where, table, row),
    score: place?.exact ?? null,
    standing: board === undefined || board === null || claim?.kind !== 'ranked' ? null : standingReport(claim.standing),
  }
}

const standingReport = ({ rank, ties, last, needs }: Standing): StandingReport => ({
  rank: rank ?? null,
  ties,
  last: last === undefined ? null : { member: last.key, score: last.exact },
  needs: needs ?? null,
})

export const streamPart = (table: TableShape, { change, searched, row, board }: Found): StreamReport | null => {
  if (searched === undefined) return null
  const since = searched.since === undefined ? null : isoTime(searched.since)
  if (change === undefined) return { searched: searched.messages, since, change: null }
  const { partition, offset, time, what, image } = change
  return {
    searched: searched.messages,
    since,
    change: {
      partition,
      offset,
      time: time === undefined ? null : isoTime(time),
      what,
      row: image === null ? null : rowReport(table, image),
      sameAsTable: row === undefined ? null : sameImage(image, row),
      applied: board === undefined || board === null ? null : offset < (board.positions.get(partition) ?? 0),
    },
  }
}

/** `entries` in the board's order. */
export const redisPart = (size: number, member: string, board: BoardLook | null | undefined): RedisReport | null => {
  if (board === undefined || board === null) return null
  const { status, ageSeconds, version, owner, positions, entries } = board
  const at = entries.findIndex((entry) => entry.member === member)
  const entry = entries[at]
  return {
    ...status,
    ageSeconds,
    version,
    owner,
    positions: Object.fromEntries(positions),
    size,
    rows: entries.length,
    entry: entry === undefined ? null : { rank: at + 1, score: entry.score, row: entry.row },
  }
}
