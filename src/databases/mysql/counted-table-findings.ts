/** Whether a table can be counted into, from what the database says of it. Pure. */
import type { CounterSpec } from '../../core/counter-spec.js'
import type { ErrorCode } from '../../core/errors.js'
import { nearestName } from '../../core/nearest-name.js'
import type { Finding } from '../finding.js'
import type { CountedColumn } from './counted-columns.js'
import { someOf, type TableDescription } from './describe-table.js'
import { integerRange } from './integer-range.js'
import { sqlString } from './sql-literal.js'
import { sqlName, sqlTable } from './sql-name.js'

interface Look {
  readonly spec: CounterSpec
  readonly description: TableDescription
  readonly columns: ReadonlyMap<string, CountedColumn>
}

type Told = readonly [level: Finding['level'], code: ErrorCode, message: string]

const tableOf = ({ description: { database, table } }: Look): string => `${database}.${table}`
const alter = (look: Look, what: string): string => `run: ALTER TABLE ${sqlTable(look.description)} ${what}`

/**
 * `MODIFY` of a column to another type or default. What it does not name is lost, so it names what the column has now: by
 * itself it would give a text column the table's collation, under which other keys may be equal.
 */
const modify = (look: Look, column: CountedColumn, sqlType: string, attributes: string): string => {
  const { characterSet, collation, comment } = column
  const text = characterSet === null || collation === null ? '' : ` CHARACTER SET ${characterSet} COLLATE ${collation}`
  const note = comment === '' ? '' : ` COMMENT ${sqlString(comment)}`
  return alter(look, `MODIFY ${sqlName(column.name)} ${sqlType}${text} ${attributes}${note}`)
}

const engine = (look: Look): readonly Told[] =>
  look.description.engine.toLowerCase() === 'innodb'
    ? []
    : [
        [
          'error',
          'TABLE_ENGINE',
          `${tableOf(look)} is ${look.description.engine}: counts and offsets move in one transaction; ${alter(look, 'ENGINE=InnoDB')}`,
        ],
      ]

const missing = (look: Look): readonly Told[] => {
  const { spec, columns } = look
  const names = [...columns.keys()]
  const wanted = [spec.key.biz, spec.key.bizId, ...spec.add.keys()]
  return wanted
    .filter((name) => !columns.has(name))
    .map((name) => {
      const near = nearestName(name, names)
      const hint = near === undefined ? `it has ${someOf(names)}` : `did you mean ${near}?`
      return ['error', 'COLUMN_MISSING', `${tableOf(look)} has no column ${name}: ${hint}`]
    })
}

const sameSet = (a: readonly (string | null)[], b: readonly string[]): boolean =>
  a.length === b.length && b.every((name) => a.includes(name))

/**
 * Any other unique index could make a new item add to the row of another one. Key columns may be nullable: a row with a
 * NULL in one is no item's, and no event writes one.
 */
const keys = (look: Look): readonly Told[] => {
  const { spec, description, columns } = look
  const key = [spec.key.biz, spec.key.bizId]
  const unique = description.indexes.filter((index) => index.unique)
  const named = `[${key.join(', ')}]`
  const told: Told[] = []
  if (!unique.some((index) => sameSet(index.columns, key))) {
    const list = key.map(sqlName).join(', ')
    told.push([
      'error',
      'KEY_NOT_UNIQUE',
      `${tableOf(look)} has no unique key ${named}, by which an item's row is found; ${alter(look, `ADD UNIQUE KEY (${list})`)}`,
    ])
  }
  for (const index of unique) {
    const counted = index.columns.some((column) => column !== null && columns.get(column)?.autoIncrement)
    if (counted || key.every((column) => index.columns.includes(column))) continue
    const message = `${tableOf(look)} has another unique key, ${index.name} (${index.columns.map((column) => column ?? 'an expression').join(', ')}): a new item could be added to the row of another one; ${alter(look, `DROP INDEX ${sqlName(index.name)}`)}`
    told.push(['error', 'KEY_NOT_UNIQUE', message])
  }
  return told
}

const added = (look: Look): readonly Told[] =>
  [...look.spec.add].flatMap(([name, factor]): readonly Told[] => {
    const column = look.columns.get(name)
    if (column === undefined) return []
    const range = integerRange(column.sqlType)
    const shown = `${tableOf(look)}.${name} (${column.sqlType})`
    if (range === undefined) return [['error', 'COLUMN_TYPE', `${shown}: counts are kept in an integer column`]]
    if (factor < 0 && range.least === 0n) {
      return [
        [
          'error',
          'COLUMN_TYPE',
          `${shown}: an unsigned column cannot be counted down; ${modify(look, column, 'BIGINT', `${column.nullable ? 'NULL' : 'NOT NULL'} DEFAULT 0`)}`,
        ],
      ]
    }
    return []
  })

const others = (look: Look): readonly Told[] => {
  const { spec, columns } = look
  const written = new Set([spec.key.biz, spec.key.bizId, ...spec.add.keys()])
  return [...columns.values()]
    .filter(({ name, optional }) => !optional && !written.has(name))
    .map((column) => {
      const { name, sqlType } = column
      const message = `${tableOf(look)}.${name} (${sqlType}) has no default, which the row of a new item needs; ${modify(look, column, sqlType, 'NOT NULL DEFAULT …')}`
      return ['error', 'COLUMN_TYPE', message]
    })
}

/** Compares as bytes do, trailing blanks included. */
const exact = (collation: string): boolean => /_(nopad|0900)_bin$/.test(collation)

const limits = (look: Look): readonly Told[] => {
  const { spec, columns } = look
  const [biz, bizId] = [columns.get(spec.key.biz), columns.get(spec.key.bizId)]
  const told: Told[] = []
  if (biz?.collation !== undefined && biz.collation !== null && !exact(biz.collation)) {
    const message = `${tableOf(look)}.${biz.name} has the collation ${biz.collation}: items whose ${biz.name} it takes for equal, such as by letter case or trailing blanks, are counted as one`
    told.push(['warning', 'COLUMN_TYPE', message])
  }
  const range = integerRange(bizId?.sqlType ?? '')
  if (bizId !== undefined && range === undefined) {
    told.push([
      'error',
      'COLUMN_TYPE',
      `${tableOf(look)}.${bizId.name} (${bizId.sqlType}): ids are kept in an integer column; BIGINT UNSIGNED holds all of them`,
    ])
  } else if (bizId !== undefined && range !== undefined && range.most < 2n ** 63n - 1n) {
    const message = `${tableOf(look)}.${bizId.name} (${bizId.sqlType}): events with ids above ${range.most} are refused; BIGINT UNSIGNED holds all of them`
    told.push(['warning', 'COLUMN_TYPE', message])
  }
  for (const column of columns.values()) {
    if (!column.autoIncrement || /^bigint/i.test(column.sqlType)) continue
    const message = `${tableOf(look)}.${column.name} (${column.sqlType}) will run out of numbers: an upsert uses one up for each item, old or new; ${modify(look, column, 'BIGINT UNSIGNED', 'NOT NULL AUTO_INCREMENT')}`
    told.push(['warning', 'COLUMN_TYPE', message])
  }
  return told
}

export const countedTableFindings = (
  spec: CounterSpec,
  description: TableDescription,
  columns: readonly CountedColumn[],
): readonly Finding[] => {
  const look: Look = { spec, description, columns: new Map(columns.map((column) => [column.name, column])) }
  const absent = missing(look)
  // A key of columns that are not there would only be told twice.
  const told = [
    ...engine(look),
    ...absent,
    ...(absent.length > 0 ? [] : keys(look)),
    ...added(look),
    ...others(look),
    ...limits(look),
  ]
  return told.map(([level, code, message]) => ({ level, code, message: `counter ${spec.name}: ${message}` }))
}
