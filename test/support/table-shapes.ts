import type { Column, ColumnType, TableShape } from '../../src/core/table.js'

export const bigint: ColumnType = { kind: 'integer', unsigned: false }
export const unsignedBigint: ColumnType = { kind: 'integer', unsigned: true }
export const decimal: ColumnType = { kind: 'decimal' }
export const varchar: ColumnType = { kind: 'text', binary: false, faithful: true }
export const bytes: ColumnType = { kind: 'bytes' }
export const datetime: ColumnType = { kind: 'temporal', zoned: false }
export const timestamp: ColumnType = { kind: 'temporal', zoned: true }

/** A shape from `column: type` pairs; `key` are column names, the primary key too unless another is given. */
export const tableShape = (
  name: string,
  types: Readonly<Record<string, ColumnType>>,
  key: readonly string[],
  primaryKey: readonly string[] = key,
): TableShape => {
  const [database = '', table = ''] = name.split('.')
  const columns: readonly Column[] = Object.entries(types).map(([column, type]) => ({ name: column, type }))
  return {
    id: `${name}(${key.join(',')})`,
    database,
    table,
    columns,
    key: key.map((column) => columns.findIndex((tracked) => tracked.name === column)),
    primaryKey,
  }
}
