/**
 * What an expression is worth for a row. This is the definition; SQL follows it (databases/mysql/expression-sql.ts).
 *
 * Numbers are doubles, texts compare by their UTF-8 bytes, and NULL is SQL's: an operator on NULL is NULL, `and` and
 * `or` know three values. What is not finite is NULL. Two operands that are each a plain integer, DECIMAL, BIT or YEAR
 * column or a number without exponent compare exactly, beyond 2^53 too.
 */
import { canonicalDecimal } from './canonical.js'
import { type Call, type Comparison, type Expression, type ExpressionType, isComparison } from './expression.js'
import { functionNamed, largestOperand } from './expression-functions.js'
import { compareBytes, compareDecimals } from './order.js'
import type { Image, TableShape, Value } from './table.js'

export type Scalar = number | string | boolean | null

type Evaluate = (image: Image) => Scalar

/** Numbers that are kept as exact decimal text. */
const exactKinds: ReadonlySet<string> = new Set(['integer', 'decimal', 'bit', 'year'])

/** Of an expression whose types fit. */
export const typeOf = (expression: Expression, table: TableShape): ExpressionType => {
  if (expression.kind === 'column') {
    const kind = table.columns[expression.column]?.type.kind ?? ''
    return exactKinds.has(kind) || kind === 'double' ? 'number' : 'text'
  }
  if (expression.kind !== 'call') return expression.kind
  const known = functionNamed(expression.name)
  if (known === undefined) return 'boolean'
  if (known.takes === 'number') return 'number'
  return expression.args.map((arg) => typeOf(arg, table)).find((type) => type !== 'null') ?? 'null'
}

/** Whether its operands are compared as exact decimals. */
export const isExact = (expression: Expression, table: TableShape): boolean => {
  if (expression.kind === 'number') return !/e/i.test(expression.text)
  return expression.kind === 'column' && exactKinds.has(table.columns[expression.column]?.type.kind ?? '')
}

/** True only where the condition is TRUE; NULL is no. */
export const compileCondition = (expression: Expression, table: TableShape): ((image: Image) => boolean) => {
  const evaluate = compile(expression, table)
  return (image) => evaluate(image) === true
}

/** NaN where the score is NULL. */
export const compileNumber = (expression: Expression, table: TableShape): ((image: Image) => number) => {
  const evaluate = compile(expression, table)
  return (image) => {
    const value = evaluate(image)
    return typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN
  }
}

export const compile = (expression: Expression, table: TableShape): Evaluate => {
  switch (expression.kind) {
    case 'column':
      return compileColumn(expression.column, table)
    case 'number': {
      const value = Number(expression.text)
      return () => value
    }
    case 'text':
      return () => expression.text
    case 'boolean':
      return () => expression.value
    case 'null':
      return () => null
    case 'call':
      return compileCall(expression, table)
  }
}

const compileColumn = (column: number, table: TableShape): Evaluate => {
  if (typeOf({ kind: 'column', column }, table) === 'text') return (image) => image[column] ?? null
  return (image) => {
    const value = image[column] ?? null
    return value === null ? null : Number(value)
  }
}

const compileCall = (call: Call, table: TableShape): Evaluate => {
  const { name, args } = call
  if (isComparison(name)) return compileComparison(name, args, table)
  if (functionNamed(name) !== undefined) return compileFunction(call, table)
  const parts = args.map((arg) => compile(arg, table))
  const [first = () => null] = parts
  switch (name) {
    case 'and':
      return connective(parts, false)
    case 'or':
      return connective(parts, true)
    case 'not':
      return (image) => {
        const value = first(image)
        return value === null ? null : value === false
      }
    default:
      return (image) => first(image) === null
  }
}

/** `or` is TRUE as soon as one part is, `and` FALSE as soon as one is; else NULL if any part is NULL. */
const connective =
  (parts: readonly Evaluate[], decisive: boolean): Evaluate =>
  (image) => {
    let unknown = false
    for (const part of parts) {
      const value = part(image)
      if (value === decisive) return decisive
      if (value === null) unknown = true
    }
    return unknown ? null : !decisive
  }

const compileFunction = ({ name, args }: Call, table: TableShape): Evaluate => {
  const known = functionNamed(name)
  const parts = args.map((arg) => compileOperand(arg, table))
  if (known?.takes !== 'number')
    return (image) => {
      for (const part of parts) {
        const value = part(image)
        if (value !== null) return value
      }
      return null
    }
  const [first = () => null, ...others] = parts
  return (image) => {
    const start = first(image)
    if (typeof start !== 'number') return null
    let result = others.length === 0 ? known.value(start, Number.NaN) : start
    for (const part of others) {
      const value = part(image)
      if (typeof value !== 'number') return null
      result = known.value(result, value)
    }
    return Number.isFinite(result) ? result : null
  }
}

const compileOperand = (arg: Expression, table: TableShape): Evaluate => {
  const evaluate = compile(arg, table)
  if (arg.kind !== 'column' || table.columns[arg.column]?.type.kind !== 'double') return evaluate
  return (image) => {
    const value = evaluate(image)
    return typeof value === 'number' && Math.abs(value) > largestOperand ? null : value
  }
}

const verdicts: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

const compileComparison = (name: Comparison, args: readonly Expression[], table: TableShape): Evaluate => {
  const verdict = verdicts[name]
  const [a = nullLiteral, b = nullLiteral] = args
  if (isExact(a, table) && isExact(b, table)) {
    const [left, right] = [exactText(a), exactText(b)]
    return (image) => {
      const [x, y] = [left(image), right(image)]
      return x === null || y === null ? null : verdict(compareDecimals(x, y))
    }
  }
  const [left, right] = [compile(a, table), compile(b, table)]
  return (image) => {
    const [x, y] = [left(image), right(image)]
    if (x === null || y === null) return null
    if (typeof x === 'string' && typeof y === 'string') return verdict(compareBytes(x, y))
    return verdict(Number(x) - Number(y))
  }
}

const nullLiteral: Expression = { kind: 'null' }

const exactText = (expression: Expression): ((image: Image) => Value) => {
  if (expression.kind === 'column') return (image) => image[expression.column] ?? null
  const text = expression.kind === 'number' ? (canonicalDecimal(expression.text) ?? null) : null
  return () => text
}
