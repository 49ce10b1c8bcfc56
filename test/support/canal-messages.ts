/** Canal messages as a test writes them, and what a decoder makes of them in a form that is easy to compare. */
import { isLeft } from 'fp-ts/lib/Either.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { Decode, DecodedEvent } from '../../src/core/change.js'
import { bigint, decimal, tableShape, varchar } from './table-shapes.js'

export const es = 1_795_254_429_000

export type JsonFields = Readonly<Record<string, unknown>>

/** `shop.scores(id)`: the table that most messages are about. */
export const scores = tableShape('shop.scores', { id: bigint, score: decimal, name: varchar }, ['id'])

/** Its best three, on which each row shows id and score. */
export const scoresBoard: BoardSpec = {
  name: 'scores',
  table: scores,
  direction: 'desc',
  ties: 'newest',
  size: 3,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

const rowDefaults: JsonFields = {
  data: [{ id: '1', score: '10', name: 'ann' }],
  database: 'shop',
  es,
  gtid: '',
  id: 7,
  isDdl: false,
  mysqlType: { id: 'bigint(20)', score: 'decimal(20,4)', name: 'varchar(40)' },
  old: null,
  pkNames: ['id'],
  sql: '',
  sqlType: { id: -5, score: 3, name: 12 },
  table: 'scores',
  ts: es + 500,
  type: 'INSERT',
}

/** An INSERT of one row into shop.scores, with `fields` in place of its own; undefined leaves a field out. */
export const canalMessage = (fields: JsonFields = {}): Uint8Array => jsonBytes({ ...rowDefaults, ...fields })

export const ddlMessage = (type: string, sql: string, fields: JsonFields = {}): Uint8Array =>
  canalMessage({ type, sql, isDdl: true, data: null, mysqlType: null, sqlType: null, pkNames: null, ...fields })

export const jsonBytes = (value: unknown): Uint8Array => textBytes(JSON.stringify(value))

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export type Summary =
  | readonly ['upsert', string, readonly unknown[], (readonly unknown[] | undefined)?]
  | readonly ['delete', string, (readonly unknown[] | undefined)?]
  | readonly [string, string]

/** Rows as `upsert KEY AFTER BEFORE` and `delete KEY BEFORE`, controls as `KIND TABLE`; nothing for an unknown before. */
export const summaryOf = (event: DecodedEvent): Summary => {
  if (event.kind === 'marker') return ['marker', event.nonce]
  if (event.kind === 'truncate') return [event.dropped ? 'drop' : 'truncate', event.table.table]
  if (event.kind !== 'row') return [event.kind, event.table?.table ?? '']
  const { key, after, before } = event
  if (after === null) return before === undefined ? ['delete', key] : ['delete', key, before]
  return before === undefined ? ['upsert', key, after] : ['upsert', key, after, before]
}

export interface Fault {
  readonly fault: string
  /** Ids of the tables that the refusal names; undefined: any. */
  readonly tables: readonly string[] | undefined
}

export type Told = readonly Summary[] | Fault

export const told = (decode: Decode, value: Uint8Array | null): Told => {
  const result = decode(value)
  return isLeft(result)
    ? { fault: result.left.refusal.code, tables: result.left.tables?.map((table) => table.id) }
    : result.right.events.map(summaryOf)
}

/** A refusal that names shop.scores. */
export const fault = (code: string, ...tables: readonly string[]): Fault => ({
  fault: code,
  tables: tables.length === 0 ? [scores.id] : tables,
})

/** A refusal of a message that may concern any table. */
export const unreadable = (code: string): Fault => ({ fault: code, tables: undefined })
