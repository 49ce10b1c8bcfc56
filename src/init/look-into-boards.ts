/** From candidates to boards: what a start would make of them, with the same code and the same refusals. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import type { MysqlPool } from '../databases/mysql/connection.js'
import { describeTable, type TableDescription } from '../databases/mysql/describe-table.js'
import { servingIndex } from '../databases/mysql/index-findings.js'
import { createIndex } from '../databases/mysql/refill-query.js'
import { uniqueKeys } from '../databases/mysql/table-shape.js'
import type { BoardConfig } from '../runtime/config.js'
import { parseConfig } from '../runtime/load-config.js'
import { resolveBoards } from '../worker/resolve-boards.js'
import type { Candidate } from './candidates.js'
import type { ProposedBoard, RefusedTable } from './proposal.js'
import { type ShownColumns, shownColumns } from './shown-columns.js'

/** Boards that are only mentioned: so many are looked into. */
const mostOthers = 8

export interface Found {
  readonly boards: readonly ProposedBoard[]
  readonly refused: readonly RefusedTable[]
}

/** Candidates as boards. One that was asked for and cannot be kept is an error; a guess moves on to the next one. */
export const lookInto = async (pool: MysqlPool, candidates: readonly Candidate[]): Promise<Found> => {
  const boards: ProposedBoard[] = []
  const refused = new Map<string, RanktideError>()
  for (const candidate of candidates) {
    const table = `${candidate.database}.${candidate.table}`
    if (refused.has(table) || boards.filter(({ chosen }) => !chosen).length >= mostOthers) continue
    try {
      boards.push(await boardOf(pool, candidate))
    } catch (error) {
      if (!(error instanceof RanktideError) || error.code.startsWith('DATABASE')) throw error
      if (candidate.asked) throw error
      refused.set(table, error)
    }
  }
  const [first, ...others] = boards
  const [reason] = refused.values()
  if (first === undefined) throw reason ?? new RanktideError('COLUMN_MISSING', 'no column looks like a counter')
  return {
    boards: boards.some(({ chosen }) => chosen) ? boards : [{ ...first, chosen: true }, ...others],
    refused: [...refused].map(([table, { detail }]) => ({ table, reason: withoutName(detail, table) })),
  }
}

/** Details begin with the table that they are about. */
const withoutName = (detail: string, table: string): string =>
  detail.startsWith(table) ? detail.slice(table.length).replace(/^[\s:]+/, '') : detail

const boardOf = async (pool: MysqlPool, candidate: Candidate): Promise<ProposedBoard> => {
  const { name, database, table, column: score, rows, chosen } = candidate
  const description = await describeTable(pool, database, table)
  const { key, spec, columns } = await keyed(pool, candidate, description)
  const serving = servingIndex(spec, description.indexes)
  return {
    name,
    database,
    table,
    score,
    key,
    columns: columns.shown,
    others: columns.others,
    rows,
    index: serving === undefined ? { kind: 'missing', sql: createIndex(spec) } : { kind: 'there', name: serving.name },
    chosen,
  }
}

interface Keyed {
  /** Undefined: the primary key. */
  readonly key: readonly string[] | undefined
  readonly spec: BoardSpec
  readonly columns: ShownColumns
}

/** By the primary key or else the first unique key that can be one; fails with what is wrong with the first of them. */
const keyed = async (pool: MysqlPool, candidate: Candidate, description: TableDescription): Promise<Keyed> => {
  const hasPrimary = description.indexes.some(({ name }) => name === 'PRIMARY')
  const keys = uniqueKeys(description)
  let failure: unknown
  for (const [i, columns] of keys.entries()) {
    const key = hasPrimary && i === 0 ? undefined : columns
    const shown = shownColumns(description, candidate.column, columns)
    try {
      const [spec] = await resolveBoards(pool, [configOf(candidate, key, shown.shown)])
      if (spec !== undefined) return { key, spec, columns: shown }
    } catch (error) {
      failure ??= error
    }
  }
  throw (
    failure ??
    new RanktideError(
      'KEY_NOT_UNIQUE',
      `${candidate.database}.${candidate.table} has no primary key and no other unique key of NOT NULL columns: add one`,
    )
  )
}

/** As `run` will have it: made by the parser of the configuration, with its defaults. */
const configOf = (
  { name, database, table, column }: Candidate,
  key: readonly string[] | undefined,
  columns: readonly string[],
): BoardConfig => {
  const board = { topic: 'any', table: `${database}.${table}`, score: column, columns, ...(key && { key }) }
  const file = {
    kafka: { brokers: 'any:1' },
    database: { url: 'mysql://any:any@any/any' },
    redis: { url: 'redis://any' },
    boards: { [name]: board },
  }
  const result = parseConfig(JSON.stringify(file), '', { environment: {}, hostname: 'any' })
  const [only] = result.kind === 'config' ? result.config.boards : []
  if (only !== undefined) return only
  const sentence = result.kind === 'problems' ? result.problems[0]?.sentence : undefined
  throw new RanktideError('CONFIG_INVALID', `${database}.${table}: ${sentence ?? ''}`)
}
