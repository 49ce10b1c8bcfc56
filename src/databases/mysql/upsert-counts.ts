/** The increments of a batch, added to the counted table; items that are not there are created. */
import type { Increment } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import type { RefusedItem } from '../../operators/batch-store.js'
import { exactProduct } from '../exact-product.js'
import type { Session } from './connection.js'
import { integerRange } from './integer-range.js'
import { sqlInteger, stringLiterals } from './sql-literal.js'
import { sqlName } from './sql-name.js'
import {
  type RefusedRow,
  type RowsStatement,
  rowRefusals,
  type Upsert,
  upsertStatements,
  upsertWhatFits,
} from './upsert.js'

export const countedTable = ({ table }: CounterSpec): string =>
  table.schema === undefined ? sqlName(table.name) : `${sqlName(table.schema)}.${sqlName(table.name)}`

/** VALUES(…) and not a row alias, which MariaDB does not know. A count that is NULL is 0. */
export const countUpsert = (spec: CounterSpec): Upsert => {
  const added = [...spec.add.keys()].map(sqlName)
  const columns = [sqlName(spec.key.biz), sqlName(spec.key.bizId), ...added]
  return {
    what: `adding to ${countedTable(spec)}`,
    into: `INSERT INTO ${countedTable(spec)} (${columns.join(', ')})`,
    update: added.map((name) => `${name} = COALESCE(${name}, 0) + VALUES(${name})`).join(', '),
  }
}

const rowsOf = (spec: CounterSpec, increments: readonly Increment[]): readonly string[] => {
  const literal = stringLiterals()
  const factors = [...spec.add.values()]
  return increments.map(({ biz, bizId, events }) => {
    const counts = factors.map((factor) => sqlInteger(exactProduct(events, factor)))
    return `(${literal(biz)},${sqlInteger(bizId)},${counts.join(',')})`
  })
}

const readTypes = async (session: Session, { table }: CounterSpec): Promise<ReadonlyMap<string, string>> => {
  const schema = table.schema === undefined ? 'DATABASE()' : '?'
  const { rows } = await session.query(
    'reading the types of columns',
    `SELECT COLUMN_NAME, COLUMN_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ${schema} AND TABLE_NAME = ?`,
    table.schema === undefined ? [table.name] : [table.schema, table.name],
  )
  return new Map(rows.map(([name, type]) => [name ?? '', type ?? '']))
}

/** Error 1690 names an expression and no column: then it is one of those that are added to. */
const detailOf = (spec: CounterSpec, row: RefusedRow, types: ReadonlyMap<string, string>): string => {
  const columns = row.column === undefined ? [...spec.add.keys()] : [row.column]
  const told = columns.map((name) => {
    const type = types.get(name) ?? ''
    const range = integerRange(type)
    return range === undefined ? `${name} is ${type}` : `${name} is ${type}, from ${range.least} to ${range.most}`
  })
  return `${rowRefusals.get(row.errno)}: ${told.join('; ')}`
}

export const countStatements = (spec: CounterSpec, increments: readonly Increment[]): readonly RowsStatement[] =>
  upsertStatements(countUpsert(spec), rowsOf(spec, increments))

/** What the table refuses is left out and told; the transaction is then good for nothing but to be rolled back. */
export const addCounts = async (
  session: Session,
  spec: CounterSpec,
  increments: readonly Increment[],
): Promise<readonly RefusedItem[]> => {
  const refused = await upsertWhatFits(session, countUpsert(spec), rowsOf(spec, increments))
  if (refused.length === 0) return []
  const types = await readTypes(session, spec)
  return refused.map((row) => ({ index: row.index, detail: detailOf(spec, row, types) }))
}
