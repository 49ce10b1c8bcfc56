/** The SQL of the groups of a split board: which values there are, and the rows of one. Pure text builders. */
import type { BoardSpec } from '../../core/board-spec.js'
import { canonicalValue } from '../../core/canonical.js'
import type { Column, ColumnType } from '../../core/table.js'
import { equalText, hexOf, textBytesOf } from './expression-sql.js'
import { selectedValue, textBytes } from './refill-query.js'
import { sqlName, sqlTable } from './sql-name.js'

/** The column that splits a board. */
export const perColumn = ({ name, table, per }: BoardSpec): Column => {
  const column = per === undefined ? undefined : table.columns[per]
  if (column === undefined) throw new Error(`board ${name} is not split`)
  return column
}

/** Several values of the column can be equal to the server, which lists one of them. */
export const comesInVariants = ({ type }: Column): boolean => type.kind === 'text' && !type.binary

/** What an index orders by. Labels have a number, by which they are stored: it orders them, and compares as one. */
const ordered = ({ name, type }: Column): string => (isLabelled(type) ? `${sqlName(name)} + 0` : sqlName(name))

const isLabelled = ({ kind }: ColumnType): boolean => kind === 'enum' || kind === 'set'

/** A value as what `ordered` gives is compared with. */
const literal = ({ type }: Column, text: string): string =>
  type.kind === 'text' ? `_utf8mb4 ${hexOf(text)}` : type.kind === 'temporal' ? `'${text}'` : text

const numberPattern = /^-?\d+(\.\d+)?$/

/** How dates, times of day and both are written, and as what they are compared: a wrong one is NULL then, no error. */
const temporalForms: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d\d-\d\d$/, 'DATE'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/, 'DATETIME(6)'],
  [/^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$/, 'TIME(6)'],
]

/** Whether the text can stand in a statement as a value of the column: what readers ask for is anything. */
const isValue = ({ type }: Column, text: string): boolean => {
  if (canonicalValue(type, text) !== text) return false
  switch (type.kind) {
    case 'integer':
    case 'decimal':
    case 'bit':
    case 'year':
      return numberPattern.test(text)
    case 'temporal':
      return temporalForms.some(([form]) => form.test(text))
    default:
      return true
  }
}

/**
 * What a row of the group meets: equal to the server, so that an index serves, and to the byte. Undefined: no row can
 * have the value.
 */
export const groupConditions = (column: Column, value: string): readonly string[] | undefined => {
  if (!isValue(column, value)) return undefined
  if (column.type.kind === 'temporal') {
    const form = temporalForms.find(([pattern]) => pattern.test(value))?.[1] ?? 'CHAR'
    // A date is equal to its midnight, which is another value.
    return [`${sqlName(column.name)} = CAST('${value}' AS ${form})`, `${textBytes(column)} = ${hexOf(value)}`]
  }
  if (column.type.kind !== 'text' && !isLabelled(column.type))
    return [`${sqlName(column.name)} = ${literal(column, value)}`]
  const equal = equalText(column, value)
  if (equal === undefined) return undefined
  return comesInVariants(column) ? [equal, `${textBytesOf(column)} = ${hexOf(value)}`] : [equal]
}

const between = (column: Column, after: string | undefined, until: string | undefined): string =>
  [
    `${sqlName(column.name)} IS NOT NULL`,
    ...(after === undefined ? [] : [`${ordered(column)} > ${literal(column, after)}`]),
    ...(until === undefined ? [] : [`${ordered(column)} <= ${literal(column, until)}`]),
  ].join(' AND ')

/**
 * The next `most` values after a cursor, each with the cursor that it is: the servers skip from value to value of an
 * index that begins with the column. Of values that are equal to the server one comes.
 */
export const valuesQuery = (board: BoardSpec, after: string | undefined, most: number): string => {
  const column = perColumn(board)
  const cursor = isLabelled(column.type) ? `, ${ordered(column)}` : ''
  return `SELECT DISTINCT ${selectedValue(column)}${cursor} FROM ${sqlTable(board.table)} WHERE ${between(column, after, undefined)} ORDER BY ${ordered(column)} LIMIT ${most}`
}

/** All values to the byte, in hexadecimal digits, after one cursor up to another. */
export const variantsQuery = (board: BoardSpec, after: string | undefined, until: string | undefined): string => {
  const column = perColumn(board)
  return `SELECT DISTINCT HEX(${textBytesOf(column)}) FROM ${sqlTable(board.table)} WHERE ${between(column, after, until)}`
}
