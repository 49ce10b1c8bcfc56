/**
 * Scores and filters as SQL. Pure text builders.
 *
 * The value in core/expression-value.ts is the one that counts; this is what it takes for MySQL and MariaDB to come to
 * the same: every number is a DOUBLE (`col + 0e0`; whole numbers would be divided to four digits, and UNSIGNED
 * differences fail), every text its UTF-8 bytes. A filter lets in at least the rows that count; which ones do is judged
 * again when they are read.
 */

import { canonicalDecimal } from '../../core/canonical.js'
import { type Expression, isComparison } from '../../core/expression.js'
import { functionNamed, largestOperand } from '../../core/expression-functions.js'
import { rangeOf } from '../../core/expression-range.js'
import { isExact, typeOf } from '../../core/expression-value.js'
import type { Column, ColumnType, TableShape } from '../../core/table.js'
import { sqlName } from './sql-name.js'

/** A score: a DOUBLE, NULL where the value is. */
export const scoreSql = (expression: Expression, table: TableShape): string => numberSql(expression, table)

/** By how much it may differ from the value. */
export const scoreError = (expression: Expression, table: TableShape): number =>
  rangeOf(expression, (column) => table.columns[column]?.type).error

/** The conditions that a row must meet, each of them SQL: together TRUE wherever the filter is. */
export const filterSql = (where: Expression | undefined, table: TableShape): readonly string[] =>
  conjuncts(where)
    .filter((condition) => !differs(condition, table))
    .map((condition) => conditionSql(condition, table))

/** The columns for which the filter demands one value, and nothing else: undefined when it demands more than that. */
export const equalColumns = (where: Expression | undefined, table: TableShape): readonly Column[] | undefined => {
  const columns: Column[] = []
  for (const condition of conjuncts(where)) {
    if (condition.kind !== 'call' || condition.name !== '=') return undefined
    const [a, b] = condition.args
    const [column, literal] = a?.kind === 'column' ? [a, b] : [b, a]
    const found = column?.kind === 'column' ? table.columns[column.column] : undefined
    if (found === undefined || (literal?.kind !== 'number' && literal?.kind !== 'text')) return undefined
    if (!columns.includes(found)) columns.push(found)
  }
  return columns
}

const conjuncts = (where: Expression | undefined): readonly Expression[] => {
  if (where === undefined) return []
  return where.kind === 'call' && where.name === 'and' ? where.args.flatMap(conjuncts) : [where]
}

/** Whether SQL may judge otherwise: something that is compared is not the same number there. */
const differs = (expression: Expression, table: TableShape): boolean =>
  expression.kind === 'call' &&
  (rangeOf(expression, (column) => table.columns[column]?.type).error > 0 ||
    expression.args.some((arg) => differs(arg, table)))

const columnOf = (table: TableShape, position: number): Column => {
  const column = table.columns[position]
  if (column === undefined) throw new Error(`${table.id} has no column ${position}`)
  return column
}

/** `1e+21` and `0.1` as literals that are DOUBLEs. */
const doubleLiteral = (value: number): string => {
  const text = String(value)
  return text.includes('e') ? text : `${text}e0`
}

const numberSql = (expression: Expression, table: TableShape): string => {
  if (expression.kind === 'column') {
    const { name, type } = columnOf(table, expression.column)
    if (type.kind === 'double') return sqlName(name)
    // MariaDB takes a BIT(64) for signed when it is asked for a double at once.
    return type.kind === 'bit' ? `((${sqlName(name)} + 0) + 0e0)` : `(${sqlName(name)} + 0e0)`
  }
  if (expression.kind === 'number') return doubleLiteral(Number(expression.text))
  if (expression.kind !== 'call') return 'NULL'
  const typeAt = (column: number) => table.columns[column]?.type
  const ranges = expression.args.map((arg) => rangeOf(arg, typeAt))
  return (
    functionNamed(expression.name)?.sql(
      expression.args.map((arg) => operandSql(arg, table)),
      ranges,
    ) ?? 'NULL'
  )
}

/** No DOUBLE column may carry a result past what DOUBLE holds: a statement would end with an error. */
const operandSql = (expression: Expression, table: TableShape): string => {
  const sql = anySql(expression, table)
  if (expression.kind !== 'column' || columnOf(table, expression.column).type.kind !== 'double') return sql
  return `IF(ABS(${sql}) <= ${largestOperand}, ${sql}, NULL)`
}

const anySql = (expression: Expression, table: TableShape): string => {
  switch (typeOf(expression, table)) {
    case 'number':
      return numberSql(expression, table)
    case 'text':
      return textSql(expression, table)
    case 'boolean':
      return conditionSql(expression, table)
    case 'null':
      return 'NULL'
  }
}

/** The UTF-8 bytes of a text, as a literal. */
export const hexOf = (text: string): string => `X'${Buffer.from(text, 'utf8').toString('hex')}'`

export const textBytesOf = ({ name }: Column): string => `CAST(CONVERT(${sqlName(name)} USING utf8mb4) AS BINARY)`

/** The bytes of a text: they compare as the value does, whatever the collation. */
const textSql = (expression: Expression, table: TableShape): string => {
  if (expression.kind === 'column') return textBytesOf(columnOf(table, expression.column))
  if (expression.kind === 'text') return hexOf(expression.text)
  if (expression.kind !== 'call') return 'NULL'
  return (
    functionNamed(expression.name)?.sql(
      expression.args.map((arg) => anySql(arg, table)),
      [],
    ) ?? 'NULL'
  )
}

const conditionSql = (expression: Expression, table: TableShape): string => {
  if (expression.kind === 'boolean') return expression.value ? 'TRUE' : 'FALSE'
  if (expression.kind !== 'call') return 'NULL'
  const { name, args } = expression
  if (isComparison(name)) return comparisonSql(name, args, table)
  if (name === 'and' || name === 'or')
    return `(${args.map((arg) => conditionSql(arg, table)).join(name === 'and' ? ' AND ' : ' OR ')})`
  const [only = { kind: 'null' } as const] = args
  if (name === 'not') return `(NOT ${conditionSql(only, table)})`
  if (name === 'is null')
    return `(${only.kind === 'column' ? sqlName(columnOf(table, only.column).name) : anySql(only, table)} IS NULL)`
  return (
    functionNamed(name)?.sql(
      args.map((arg) => anySql(arg, table)),
      [],
    ) ?? 'NULL'
  )
}

const comparisonSql = (name: string, args: readonly Expression[], table: TableShape): string => {
  const [a = { kind: 'null' }, b = { kind: 'null' }] = args as readonly [Expression, Expression]
  if (isExact(a, table) && isExact(b, table)) return `(${exactSql(a, table)} ${name} ${exactSql(b, table)})`
  const plain = `(${anySql(a, table)} ${name} ${anySql(b, table)})`
  const [column, literal] = a.kind === 'column' ? [a, b] : [b, a]
  if (name !== '=' || column.kind !== 'column' || literal.kind !== 'text') return plain
  const bare = equalText(columnOf(table, column.column), literal.text)
  return bare === undefined ? plain : `(${bare} AND ${plain})`
}

/**
 * TRUE wherever the column holds this very text (equal bytes are equal in every collation), and what an index can serve.
 * Undefined where the column's charset has no such text: MySQL ends the statement instead of saying no.
 */
export const equalText = ({ name, type }: Column, text: string): string | undefined =>
  holds(type, text) ? `${sqlName(name)} = _utf8mb4 ${hexOf(text)}` : undefined

const holds = (type: ColumnType, text: string): boolean => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins at 0
  if (/^[\x00-\x7f]*$/.test(text)) return true
  if (type.kind === 'enum') return type.labels.includes(text)
  if (type.kind === 'set') return text.split(',').every((label) => type.labels.includes(label))
  if (type.kind !== 'text') return false
  if (type.charset === 'utf8mb4') return true
  return (type.charset === 'utf8mb3' || type.charset === 'utf8') && !/[\u{10000}-\u{10ffff}]/u.test(text)
}

/** MySQL compares whole numbers and DECIMALs exactly. YEAR would take 24 for 2024. */
const exactSql = (expression: Expression, table: TableShape): string => {
  if (expression.kind === 'number') return canonicalDecimal(expression.text) ?? 'NULL'
  if (expression.kind !== 'column') return 'NULL'
  const { name, type } = columnOf(table, expression.column)
  return type.kind === 'bit' || type.kind === 'year' ? `(${sqlName(name)} + 0)` : sqlName(name)
}
