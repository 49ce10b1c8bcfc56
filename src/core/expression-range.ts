/** How large an expression can get, and how far SQL's result can be from its value: known before any row is. */
import type { Expression } from './expression.js'
import { functionNamed, largestOperand, type Range } from './expression-functions.js'
import type { ColumnType } from './table.js'

/** Of a number; other operands have none to speak of. */
export const rangeOf = (expression: Expression, typeAt: (column: number) => ColumnType | undefined): Range => {
  switch (expression.kind) {
    case 'column':
      return columnRange(typeAt(expression.column))
    case 'number': {
      const size = Math.abs(Number(expression.text))
      return {
        most: size,
        least: size === 0 ? Number.POSITIVE_INFINITY : size,
        whole: Number.isInteger(size),
        error: 0,
      }
    }
    case 'call':
      return functionNamed(expression.name)?.range(expression.args.map((arg) => rangeOf(arg, typeAt))) ?? noNumber
    default:
      return noNumber
  }
}

const noNumber: Range = { most: 0, least: Number.POSITIVE_INFINITY, whole: true, error: 0 }

const columnRange = (type: ColumnType | undefined): Range => {
  switch (type?.kind) {
    case 'integer':
    case 'bit':
    case 'year':
      return { most: 2 ** 64, least: 1, whole: true, error: 0 }
    case 'decimal':
      return { most: 1e65, least: 1e-30, whole: false, error: 0 }
    default:
      return { most: largestOperand, least: 0, whole: false, error: 0 }
  }
}
