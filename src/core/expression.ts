/**
 * Scores and filters over the columns of a row, as plain data: specs that hold them are compared as JSON. Columns stand
 * by their position in `table.columns`. Every tree here has passed expression-types.ts: its types fit.
 */
import type { TableShape } from './table.js'

export type Expression =
  | { readonly kind: 'column'; readonly column: number }
  /** A number as it was written: exact if it has no exponent. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | Call

/** An operator, a comparison or a function of expression-functions.ts; `-` with one operand is `negate`. */
export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expression[]
}

/** What an expression is worth. NULL fits everywhere. */
export type ExpressionType = 'number' | 'text' | 'boolean' | 'null'

export const comparisons = ['=', '<>', '<', '<=', '>', '>='] as const
export type Comparison = (typeof comparisons)[number]

export const isComparison = (name: string): name is Comparison => (comparisons as readonly string[]).includes(name)

/** Where the columns that it uses stand in `table.columns`, each once. */
export const columnsOf = (expression: Expression | undefined): readonly number[] => {
  if (expression === undefined) return []
  if (expression.kind === 'column') return [expression.column]
  if (expression.kind !== 'call') return []
  return [...new Set(expression.args.flatMap(columnsOf))]
}

/** With names and types in the place of positions, which depend on what other boards of the table show. */
export const namedColumns = (expression: Expression, table: TableShape): unknown => {
  if (expression.kind === 'column') return table.columns[expression.column]
  if (expression.kind !== 'call') return expression
  return [expression.name, ...expression.args.map((arg) => namedColumns(arg, table))]
}
