/**
 * The functions and arithmetic of expressions, one entry each: what they take, what they are worth here and in SQL.
 *
 * The value here is the one that counts. SQL only narrows, so an entry says by how much its SQL may differ: 0 where both
 * are the same double to the last bit. No SQL of this table may fail, whatever the rows hold: MySQL ends a statement
 * whose DOUBLE overflows, and with it every refill. `most` bounds each result; where an expression could pass
 * `largestResult` it is refused before the start.
 */

/** DOUBLE columns beyond this count as NULL in arithmetic (DECIMAL ends at 1e65), so that products stay finite. */
export const largestOperand = 1e75

/** A divisor nearer to zero than this counts as zero: the quotient is NULL. */
export const smallestDivisor = 1e-75

export const largestResult = 1e300

/** What is known of an operand before any row is: its largest magnitude, and whether it is always a whole number. */
export interface Range {
  readonly most: number
  readonly whole: boolean
}

export interface ExpressionFunction {
  readonly least: number
  readonly mostArgs: number
  /** `number`: numbers in, a number out, and NULL if any of them is NULL. `same`: all of one type, which comes out. */
  readonly takes: 'number' | 'same'
  /** For `number`: the double it is worth; NaN or infinite: NULL. */
  readonly value: (a: number, b: number) => number
  /** Operands in, in parentheses where they need them. `ranges` are theirs. */
  readonly sql: (args: readonly string[], ranges: readonly Range[]) => string
  /** By which part of itself SQL's result may differ. */
  readonly error: number
  readonly range: (args: readonly Range[]) => Range
}

const sum = ([a = nothing, b = nothing]: readonly Range[]): Range => ({
  most: a.most + b.most,
  whole: a.whole && b.whole,
})

const largest = (args: readonly Range[]): Range => ({
  most: Math.max(...args.map(({ most }) => most)),
  whole: args.every(({ whole }) => whole),
})

const nothing: Range = { most: 0, whole: true }

const infix = (operator: string) => (args: readonly string[]) => `(${args.join(` ${operator} `)})`
const named = (name: string) => (args: readonly string[]) => `${name}(${args.join(', ')})`

/** A whole number is zero or at least 1, and needs the cheaper test; elsewhere what is next to zero counts too. */
const divisor = (sql: string, whole: boolean): string =>
  whole ? `NULLIF(${sql}, 0)` : `IF(ABS(${sql}) < ${smallestDivisor}, NULL, ${sql})`

const number = { least: 2, mostArgs: 2, takes: 'number', error: 0 } as const

export const expressionFunctions: Readonly<Record<string, ExpressionFunction>> = {
  '+': { ...number, value: (a, b) => a + b, sql: infix('+'), range: sum },
  '-': { ...number, value: (a, b) => a - b, sql: infix('-'), range: sum },
  '*': {
    ...number,
    value: (a, b) => a * b,
    sql: infix('*'),
    range: ([a = nothing, b = nothing]) => ({ most: a.most * b.most, whole: a.whole && b.whole }),
  },
  '/': {
    ...number,
    value: (a, b) => (Math.abs(b) < smallestDivisor ? Number.NaN : a / b),
    sql: ([a = '', b = ''], [, range = nothing]) => `(${a} / ${divisor(b, range.whole)})`,
    range: ([a = nothing, b = nothing]) => ({ most: b.whole ? a.most : a.most / smallestDivisor, whole: false }),
  },
  negate: {
    ...number,
    least: 1,
    mostArgs: 1,
    value: (a) => -a,
    sql: ([a = '']) => `(-${a})`,
    range: largest,
  },
  abs: { ...number, least: 1, mostArgs: 1, value: Math.abs, sql: named('ABS'), range: largest },
  min: { ...number, mostArgs: 20, value: (a, b) => Math.min(a, b), sql: named('LEAST'), range: largest },
  max: { ...number, mostArgs: 20, value: (a, b) => Math.max(a, b), sql: named('GREATEST'), range: largest },
  coalesce: { ...number, mostArgs: 20, takes: 'same', value: () => Number.NaN, sql: named('COALESCE'), range: largest },
}

/** An own entry only: names come from configurations. */
export const functionNamed = (name: string): ExpressionFunction | undefined =>
  Object.hasOwn(expressionFunctions, name) ? expressionFunctions[name] : undefined
