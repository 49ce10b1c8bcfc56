/** One row by its key. */
import { partsOf } from '../../core/member.js'
import type { Column, Image, TableShape } from '../../core/table.js'
import type { Session } from './connection.js'
import { rowOf } from './read-board.js'
import { selectedValue, textBytes } from './refill-query.js'
import { sqlString } from './sql-literal.js'
import { sqlName, sqlTable } from './sql-name.js'

const number = /^-?\d+(?:\.\d+)?$/

/** True for the value and perhaps for others that a collation takes for the same: the member decides between them. */
const isPart = (column: Column, part: string): string => {
  const name = sqlName(column.name)
  switch (column.type.kind) {
    case 'integer':
    case 'decimal':
    case 'bit':
    case 'year':
      // What is compared with a number must not be a string, which MySQL compares as doubles.
      return number.test(part) ? `${name} = ${part}` : '1 = 0'
    case 'bytes':
      return `${textBytes(column)} = X'${Buffer.from(part, 'latin1').toString('hex')}'`
    case 'double':
      return `${name} = ${Number(part)}e0`.replace(/e([+-]?\d+)e0$/, 'e$1')
    case 'float':
      return `CAST(${name} AS CHAR) = ${sqlString(part)}`
    default:
      return `${name} = ${sqlString(part)}`
  }
}

/** Null: there is none. `member`: as core/member.ts makes it. */
export const readRow = async (session: Session, table: TableShape, member: string): Promise<Image | null> => {
  const parts = partsOf(table, member)
  const conditions = table.key.flatMap((position, i) => {
    const column = table.columns[position]
    return column === undefined ? [] : [isPart(column, parts[i] ?? '')]
  })
  const { rows } = await session.query(
    'reading the row',
    `SELECT ${table.columns.map(selectedValue).join(', ')} FROM ${sqlTable(table)} WHERE ${conditions.join(' AND ')}`,
  )
  return rows.map((raw) => rowOf(table, raw)).find(({ key }) => key === member)?.image ?? null
}
