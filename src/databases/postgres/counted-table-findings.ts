/** Whether a table can be counted into, from what the catalog says of it. Pure. */
import type { CounterSpec } from '../../core/counter-spec.js'
import type { ErrorCode } from '../../core/errors.js'
import { nearestName } from '../../core/nearest-name.js'
import type { Finding } from '../finding.js'
import type { CountedColumn, CountedTable, UniqueIndex } from './counted-table.js'
import { integerRange } from './integer-range.js'
import { quoted, quotedTable } from './sql-name.js'

interface Look {
  readonly spec: CounterSpec
  readonly table: CountedTable
  readonly columns: ReadonlyMap<string, CountedColumn>
}

type Told = readonly [level: Finding['level'], code: ErrorCode, message: string]

const nameOf = ({ table }: Look): string => `${table.schema}.${table.name}`
const alter = ({ table }: Look, what: string): string => `run: ALTER TABLE ${quotedTable(table)} ${what}`
const shown = (look: Look, { name, sqlType }: CountedColumn): string => `${nameOf(look)}.${name} (${sqlType})`
const writtenIn = ({ key, add }: CounterSpec): readonly string[] => [key.biz, key.bizId, ...add.keys()]

const kind = (look: Look): readonly Told[] => {
  const { table } = look
  if (table.kind !== 'r' && table.kind !== 'p')
    return [['error', 'TABLE_MISSING', `${nameOf(look)} is a view or a foreign table, which cannot be counted into`]]
  if (!table.unlogged) return []
  return [
    ['error', 'TABLE_ENGINE', `${nameOf(look)} is UNLOGGED, and empty after a crash; ${alter(look, 'SET LOGGED')}`],
  ]
}

const missing = (look: Look): readonly Told[] => {
  const names = [...look.columns.keys()]
  return writtenIn(look.spec)
    .filter((name) => !look.columns.has(name))
    .map((name) => {
      const near = nearestName(name, names)
      const hint = near === undefined ? `it has ${names.join(', ')}` : `did you mean ${near}?`
      return ['error', 'COLUMN_MISSING', `${nameOf(look)} has no column ${name}: ${hint}`]
    })
}

/** Whether two new rows of different items can't meet in the index: it has both key columns, or one that never repeats. */
const isApart = (look: Look, { columns }: UniqueIndex): boolean => {
  const key = [look.spec.key.biz, look.spec.key.bizId]
  if (key.every((name) => columns.includes(name))) return true
  return columns.some((name) => {
    const column = look.columns.get(name ?? '')
    if (column === undefined || key.includes(column.name)) return false
    // A function makes each value; NULL is never equal to another.
    return column.identity || /\(/.test(column.preset ?? '') || (column.nullable && column.preset === null)
  })
}

/** Key columns may be nullable: a row with a NULL in one is no item's, and no event writes one. */
const keys = (look: Look): readonly Told[] => {
  const { spec, table } = look
  const key = [spec.key.biz, spec.key.bizId]
  const told: Told[] = []
  const exactly = (index: UniqueIndex) =>
    index.whole && index.columns.length === key.length && key.every((name) => index.columns.includes(name))
  if (!table.uniqueIndexes.some(exactly)) {
    const mend = alter(look, `ADD UNIQUE (${key.map(quoted).join(', ')})`)
    told.push([
      'error',
      'KEY_NOT_UNIQUE',
      `${nameOf(look)} has no unique key [${key.join(', ')}] that is whole and not deferrable, by which an item's row is found; ${mend}`,
    ])
  }
  for (const index of table.uniqueIndexes.filter((one) => !isApart(look, one))) {
    const over = index.columns.map((name) => name ?? 'an expression').join(', ')
    told.push([
      'error',
      'KEY_NOT_UNIQUE',
      `${nameOf(look)} has another unique key, ${index.name} (${over}), in which new items could meet: drop it`,
    ])
  }
  return told
}

const added = (look: Look): readonly Told[] =>
  [...look.spec.add].flatMap(([name, factor]): readonly Told[] => {
    const column = look.columns.get(name)
    if (column === undefined) return []
    const told: Told[] = []
    if (integerRange(column.sqlType) === undefined || column.generated) {
      const message = `${shown(look, column)}: counts are kept in a smallint, integer, bigint or numeric column`
      told.push(['error', 'COLUMN_TYPE', column.generated ? `${message} that is not generated` : message])
    }
    const checks = factor < 0 ? look.table.checks.filter(({ columns }) => columns.includes(name)) : []
    for (const check of checks) {
      const mend = alter(look, `DROP CONSTRAINT ${quoted(check.name)}`)
      const message = `${shown(look, column)} is counted down, and an upsert is checked as if its row were new: with the constraint ${check.name} it would be refused; ${mend}`
      told.push(['error', 'COLUMN_TYPE', message])
    }
    return told
  })

const others = (look: Look): readonly Told[] => {
  const written = new Set(writtenIn(look.spec))
  return [...look.columns.values()]
    .filter(({ name, nullable, preset, identity, generated }) => {
      return !nullable && preset === null && !identity && !generated && !written.has(name)
    })
    .map((column) => {
      const mend = alter(look, `ALTER COLUMN ${quoted(column.name)} SET DEFAULT …`)
      const message = `${shown(look, column)} has no default, which the row of a new item needs; ${mend}`
      return ['error', 'COLUMN_TYPE', message]
    })
}

const texts = /^(text|character varying(\(\d+\))?)$/

const limits = (look: Look): readonly Told[] => {
  const { spec, columns } = look
  const [biz, bizId] = [columns.get(spec.key.biz), columns.get(spec.key.bizId)]
  const told: Told[] = []
  // Items that a column takes for equal would stand twice in one upsert, which Postgres refuses as a whole.
  if (biz !== undefined && !(texts.test(biz.sqlType) && biz.exact)) {
    const mend = alter(look, `ALTER COLUMN ${quoted(biz.name)} TYPE varchar(64) COLLATE "C"`)
    const message = `${shown(look, biz)}: kinds of items are kept in a text or varchar column whose collation is deterministic; ${mend}`
    told.push(['error', 'COLUMN_TYPE', message])
  }
  const range = integerRange(bizId?.sqlType ?? '')
  if (bizId !== undefined && range === undefined) {
    const mend = alter(look, `ALTER COLUMN ${quoted(bizId.name)} TYPE numeric(20,0)`)
    told.push(['error', 'COLUMN_TYPE', `${shown(look, bizId)}: ids are kept in an integer or numeric column; ${mend}`])
  } else if (bizId !== undefined && range !== undefined && range.most < 2n ** 63n - 1n) {
    const message = `${shown(look, bizId)}: events with ids above ${range.most} are refused; numeric(20,0) holds all of them`
    told.push(['warning', 'COLUMN_TYPE', message])
  }
  for (const column of columns.values()) {
    const numbered = column.identity || /^nextval\(/.test(column.preset ?? '')
    if (!numbered || !/^(smallint|integer)$/.test(column.sqlType)) continue
    const mend = alter(look, `ALTER COLUMN ${quoted(column.name)} TYPE bigint`)
    const message = `${shown(look, column)} will run out of numbers: an upsert uses one up for each item, old or new; ${mend}, and the same for its sequence`
    told.push(['warning', 'COLUMN_TYPE', message])
  }
  return told
}

const rights = (look: Look, user: string): readonly Told[] => {
  const { spec, table, columns } = look
  const written = writtenIn(spec).flatMap((name) => columns.get(name) ?? [])
  const to = `TO ${quoted(user)}`
  const told: Told[] = []
  if (!table.mayUseSchema) {
    told.push([
      'error',
      'DATABASE_DENIED',
      `the user may not use the schema ${table.schema}; run: GRANT USAGE ON SCHEMA ${quoted(table.schema)} ${to}`,
    ])
  }
  const mayWrite = written.every(
    ({ name, mayRead, mayInsert, mayUpdate }) => mayRead && mayInsert && (mayUpdate || !spec.add.has(name)),
  )
  if (!mayWrite) {
    told.push([
      'error',
      'DATABASE_DENIED',
      `the user may not write to ${nameOf(look)}; run: GRANT SELECT, INSERT, UPDATE ON ${quotedTable(table)} ${to}`,
    ])
  }
  if ([...columns.values()].some(({ maySequence }) => !maySequence)) {
    told.push([
      'error',
      'DATABASE_DENIED',
      `the user may not take numbers from a sequence of ${nameOf(look)}; run: GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${quoted(table.schema)} ${to}`,
    ])
  }
  return told
}

export const countedTableFindings = (spec: CounterSpec, table: CountedTable, user: string): readonly Finding[] => {
  const look: Look = { spec, table, columns: new Map(table.columns.map((column) => [column.name, column])) }
  const wrong = kind(look)
  const absent = missing(look)
  // A key of columns that are not there would only be told twice; a view has none at all.
  const told =
    table.kind === 'r' || table.kind === 'p'
      ? [
          ...wrong,
          ...absent,
          ...(absent.length > 0 ? [] : keys(look)),
          ...added(look),
          ...others(look),
          ...limits(look),
          ...rights(look, user),
        ]
      : wrong
  return told.map(([level, code, message]) => ({ level, code, message: `counter ${spec.name}: ${message}` }))
}
