/**
 * The functions and arithmetic of expressions, one entry each: what they take, what they are worth here and in SQL.
 *
 * The value here is the one that counts. SQL only narrows, so a range says by how much its SQL may differ: 0 where both
 * are the same double to the last bit, as + − * / are on MySQL and MariaDB (test/services/expression-values.test.ts).
 * No SQL of this table may fail, whatever the rows hold: MySQL ends a statement whose DOUBLE overflows, and with it every
 * refill. An expression that could pass `largestResult` is refused before the start.
 */

/** DOUBLE columns beyond this count as NULL in arithmetic (DECIMAL ends at 1e65), so that products stay finite. */
export const largestOperand = 1e75

/** A divisor nearer to zero than this counts as zero: the quotient is NULL. */
export const smallestDivisor = 1e-75

export const largestResult = 1e300

/** What is known of an operand before any row is. */
export interface Range {
  /** Its largest magnitude. */
  readonly most: number
  /** Its smallest magnitude beside zero itself. */
  readonly least: number
  readonly whole: boolean
  /** By how much SQL's result may differ from the one here. */
  readonly error: number
}

export interface ExpressionFunction {
  readonly least: number
  readonly mostArgs: number
  /** `number`: numbers in, a number out, and NULL if any of them is NULL. `same`: all of one type, which comes out. */
  readonly takes: 'number' | 'same'
  /** For `number`: the double it is worth; NaN or infinite: NULL. More than two operands are taken from the left. */
  readonly value: (a: number, b: number) => number
  /** Operands come in parentheses where they need them. `ranges` are theirs. */
  readonly sql: (args: readonly string[], ranges: readonly Range[]) => string
  readonly range: (args: readonly Range[]) => Range
}

const zero: Range = { most: 0, least: Number.POSITIVE_INFINITY, whole: true, error: 0 }

/** One that is exact as long as its operands are. */
const exact = (most: number, whole: boolean, error: number, least = 0): Range => ({
  most,
  least: whole ? Math.max(1, least) : least,
  whole,
  error,
})

const sum = ([a = zero, b = zero]: readonly Range[]): Range =>
  exact(a.most + b.most, a.whole && b.whole, a.error + b.error)

const product = ([a = zero, b = zero]: readonly Range[]): Range => {
  const error = a.most * b.error + b.most * a.error + a.error * b.error
  return exact(a.most * b.most, a.whole && b.whole, error, a.least * b.least)
}

/** A divisor that SQL may see as zero and the value here not, or the other way round, bounds nothing. */
const quotient = ([a = zero, b = zero]: readonly Range[]): Range => {
  const nearest = Math.max(b.least, smallestDivisor)
  return exact(a.most / nearest, false, b.error > 0 ? Number.POSITIVE_INFINITY : a.error / nearest)
}

const anyOf = (args: readonly Range[]): Range => ({
  most: Math.max(...args.map(({ most }) => most)),
  least: Math.min(...args.map(({ least }) => least)),
  whole: args.every(({ whole }) => whole),
  error: Math.max(...args.map(({ error }) => error)),
})

const infix = (operator: string) => (args: readonly string[]) => `(${args.join(` ${operator} `)})`
const named = (name: string) => (args: readonly string[]) => `${name}(${args.join(', ')})`

const divisor = (sql: string, { least }: Range): string =>
  least >= smallestDivisor ? `NULLIF(${sql}, 0)` : `IF(ABS(${sql}) < ${smallestDivisor}, NULL, ${sql})`

const number = { least: 2, mostArgs: 2, takes: 'number' } as const

export const expressionFunctions: Readonly<Record<string, ExpressionFunction>> = {
  '+': { ...number, value: (a, b) => a + b, sql: infix('+'), range: sum },
  '-': { ...number, value: (a, b) => a - b, sql: infix('-'), range: sum },
  '*': {
    ...number,
    value: (a, b) => a * b,
    sql: infix('*'),
    range: product,
  },
  '/': {
    ...number,
    value: (a, b) => (Math.abs(b) < smallestDivisor ? Number.NaN : a / b),
    sql: ([a = '', b = ''], [, range = zero]) => `(${a} / ${divisor(b, range)})`,
    range: quotient,
  },
  negate: {
    ...number,
    least: 1,
    mostArgs: 1,
    value: (a) => -a,
    sql: ([a = '']) => `(-${a})`,
    range: anyOf,
  },
  abs: { ...number, least: 1, mostArgs: 1, value: Math.abs, sql: named('ABS'), range: anyOf },
  min: { ...number, mostArgs: 20, value: (a, b) => Math.min(a, b), sql: named('LEAST'), range: anyOf },
  max: { ...number, mostArgs: 20, value: (a, b) => Math.max(a, b), sql: named('GREATEST'), range: anyOf },
  coalesce: { ...number, mostArgs: 20, takes: 'same', value: () => Number.NaN, sql: named('COALESCE'), range: anyOf },
}

/** An own entry only: names come from configurations. */
export const functionNamed = (name: string): ExpressionFunction | undefined =>
  Object.hasOwn(expressionFunctions, name) ? expressionFunctions[name] : undefined
