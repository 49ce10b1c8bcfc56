// Expressions over a shape, from their text.
import type { Expression } from '../../src/core/expression.js'
import { parseExpression } from '../../src/core/expression-parser.js'
import { resolveCondition, resolveScore } from '../../src/core/expression-types.js'
import type { TableShape } from '../../src/core/table.js'

export const scoreOn = (table: TableShape, source: string): Expression =>
  resolveScore(parseExpression(source), table.columns)

export const conditionOn = (table: TableShape, source: string): Expression =>
  resolveCondition(parseExpression(source), table.columns)
