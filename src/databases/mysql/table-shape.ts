/**
 * From what the database says of a table to the shape that boards use. Pure. Every refusal names what is there and
 * what would be allowed.
 */
import { RanktideError } from '../../core/errors.js'
import { nearestName } from '../../core/nearest-name.js'
import type { Column, ColumnType, TableShape } from '../../core/table.js'
import { type DescribedColumn, someOf, type TableDescription } from './describe-table.js'

export interface WantedColumns {
  /** In the order of the configuration; undefined: the primary key. */
  readonly key?: readonly string[] | undefined
  readonly scores: readonly string[]
  /** Columns by whose values boards are split. */
  readonly splits?: readonly string[]
  /** Further columns to track, for display. */
  readonly columns: readonly string[]
}

const scoreKinds: ReadonlySet<ColumnType['kind']> = new Set(['integer', 'decimal', 'double', 'year'])

const nameOf = ({ database, table }: TableDescription): string => `${database}.${table}`

const columnOf = (description: TableDescription, name: string): DescribedColumn => {
  const found = description.columns.find((column) => column.name === name)
  if (found === undefined) throw columnsMissing(description, [name])
  return found
}

/** All of them at once: who mends a file would else meet one after the other. */
const columnsMissing = (description: TableDescription, missing: readonly string[]): RanktideError => {
  const names = description.columns.map(({ name }) => name)
  const near = missing.map((name) => nearestName(name, names))
  const [only] = missing
  const there = `it has ${someOf(names)}`
  if (missing.length === 1) {
    const hint = near[0] === undefined ? there : `did you mean ${near[0]}?`
    return new RanktideError('COLUMN_MISSING', `${nameOf(description)} has no column ${only}: ${hint}`)
  }
  const told = missing.map((name, i) => (near[i] === undefined ? name : `${name} (did you mean ${near[i]}?)`))
  const rest = near.includes(undefined) ? `: ${there}` : ''
  return new RanktideError('COLUMN_MISSING', `${nameOf(description)} has no columns ${told.join(', ')}${rest}`)
}

const checkNames = (description: TableDescription, { key = [], scores, splits = [], columns }: WantedColumns): void => {
  const names = new Set(description.columns.map(({ name }) => name))
  const missing = [...new Set([...key, ...scores, ...splits, ...columns])].filter((name) => !names.has(name))
  if (missing.length > 0) throw columnsMissing(description, missing)
}

const refuse = (description: TableDescription, column: DescribedColumn, why: string): never => {
  throw new RanktideError('COLUMN_TYPE', `${nameOf(description)}.${column.name} (${column.sqlType}): ${why}`)
}

const typeOf = (description: TableDescription, column: DescribedColumn): ColumnType =>
  column.type ??
  refuse(description, column, 'boards cannot show this type, because Canal and SQL print it in different ways')

const checkScore = (description: TableDescription, name: string): void => {
  const column = columnOf(description, name)
  if (!scoreKinds.has(typeOf(description, column).kind)) {
    refuse(description, column, 'a score is an integer, DECIMAL, DOUBLE or YEAR column')
  }
}

/** Why a board cannot be split by a column; undefined if it can: its values have to be the same on every way here. */
const splitRefusal = (type: ColumnType): string | undefined => {
  if (type.kind === 'float' || type.kind === 'double') return 'rounded numbers do not name a board'
  if (type.kind === 'temporal' && type.zoned)
    return 'a TIMESTAMP depends on the time zone: a board cannot be split by it'
  if (type.kind === 'bytes')
    return 'bytes do not name a board: split it by an integer, DECIMAL, text, ENUM or date column'
  if (type.kind === 'text' && !type.faithful)
    return 'its charset is not carried faithfully: it has to be utf8mb4 or ascii'
  return undefined
}

const checkSplit = (description: TableDescription, name: string): void => {
  const column = columnOf(description, name)
  const why = splitRefusal(typeOf(description, column))
  if (why !== undefined) refuse(description, column, why)
}

/** Why a column cannot be (part of) a key; undefined if it can. */
const keyRefusal = (column: DescribedColumn, type: ColumnType): string | undefined => {
  if (column.nullable) return undefined
  if (type.kind === 'float' || type.kind === 'double') return 'a key of rounded numbers does not identify a row'
  if (type.kind === 'temporal' && type.zoned) {
    return 'a TIMESTAMP key depends on the time zone and is ambiguous when clocks go back'
  }
  if (type.kind === 'text' && !type.faithful) {
    return `Canal cannot carry the charset ${column.charset ?? ''} faithfully: a key has to be utf8mb4 or ascii`
  }
  // Canal drops trailing zero bytes; only a fixed length tells what they were.
  if (type.kind === 'bytes' && !/^binary\b/i.test(column.sqlType)) {
    return 'trailing zero bytes do not survive the way here: of the byte types only BINARY(n) can be a key'
  }
  return undefined
}

/** Unique keys of NOT NULL columns, the primary key first. */
export const uniqueKeys = (description: TableDescription): readonly (readonly string[])[] => {
  const required = new Set(description.columns.filter(({ nullable }) => !nullable).map(({ name }) => name))
  const keys: string[][] = []
  for (const { name, unique, columns } of description.indexes) {
    const named = columns.filter((column) => column !== null)
    if (!unique || named.length < columns.length || !named.every((column) => required.has(column))) continue
    if (name === 'PRIMARY') keys.unshift(named)
    else keys.push(named)
  }
  return keys
}

const keyOf = (description: TableDescription, wanted: readonly string[] | undefined): readonly string[] => {
  const possible = uniqueKeys(description)
  const allowed =
    possible.length === 0 ? 'it has none' : `possible: ${possible.map((key) => `[${key.join(', ')}]`).join(', ')}`
  if (wanted === undefined) {
    const primary = description.indexes.find(({ name }) => name === 'PRIMARY')
    if (primary !== undefined) return primary.columns.filter((column) => column !== null)
    const advice =
      possible.length === 0 ? ' and no other unique key of NOT NULL columns: add one' : `; configure a key (${allowed})`
    throw new RanktideError('KEY_NOT_UNIQUE', `${nameOf(description)} has no primary key${advice}`)
  }
  const distinct = new Set(wanted)
  // More columns than a unique key has are still unique.
  if (distinct.size === wanted.length && possible.some((key) => key.every((column) => distinct.has(column)))) {
    return wanted
  }
  throw new RanktideError(
    'KEY_NOT_UNIQUE',
    `${nameOf(description)} has no unique key [${wanted.join(', ')}] of NOT NULL columns (${allowed})`,
  )
}

/**
 * The shape of what is tracked: the key's columns first, then scores, then what splits boards, then the others, each once.
 * Throws COLUMN_MISSING, COLUMN_TYPE, KEY_NOT_UNIQUE or TABLE_ENGINE.
 */
export const tableShape = (description: TableDescription, wanted: WantedColumns): TableShape => {
  if (description.engine.toLowerCase() !== 'innodb') {
    throw new RanktideError(
      'TABLE_ENGINE',
      `${nameOf(description)} is ${description.engine}: only InnoDB reads consistent snapshots`,
    )
  }
  // A table without a key is refused as that, whatever else is wrong.
  if (wanted.key !== undefined) checkNames(description, wanted)
  const key = keyOf(description, wanted.key)
  checkNames(description, wanted)
  const { scores, splits = [] } = wanted
  for (const score of scores) checkScore(description, score)
  for (const split of splits) checkSplit(description, split)
  const columns: Column[] = [...new Set([...key, ...scores, ...splits, ...wanted.columns])].map((name) => {
    const column = columnOf(description, name)
    return { name, type: typeOf(description, column) }
  })
  for (const name of key) {
    const column = columnOf(description, name)
    const why = keyRefusal(column, typeOf(description, column))
    if (why !== undefined) refuse(description, column, why)
  }
  const primary = description.indexes.find(({ name }) => name === 'PRIMARY')
  return {
    id: `${nameOf(description)}(${key.join(', ')})`,
    database: description.database,
    table: description.table,
    columns,
    key: key.map((name) => columns.findIndex((column) => column.name === name)),
    primaryKey: primary?.columns.filter((column) => column !== null) ?? [],
  }
}
