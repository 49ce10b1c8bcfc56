/** Expressions as people read them, from their trees: parsed again they are the same. */
import { type Expression, isComparison } from './expression.js'
import { keywords } from './expression-parser.js'
import type { TableShape } from './table.js'

const levels: Readonly<Record<string, number>> = { or: 1, and: 2, not: 3, '+': 5, '-': 5, '*': 6, '/': 6, negate: 7 }
const comparisonLevel = 4
const leafLevel = 8

const isFunction = (name: string): boolean => /^[a-z]+$/.test(name) && levels[name] === undefined

const levelOf = (expression: Expression): number => {
  if (expression.kind !== 'call') return leafLevel
  if (isComparison(expression.name) || expression.name === 'is null') return comparisonLevel
  return levels[expression.name] ?? leafLevel
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/

const columnText = (name: string): string =>
  plainName.test(name) && !keywords.has(name.toLowerCase()) ? name : `\`${name.replaceAll('`', '``')}\``

export const expressionText = (expression: Expression, table: TableShape): string => {
  switch (expression.kind) {
    case 'column':
      return columnText(table.columns[expression.column]?.name ?? '')
    case 'number':
      return expression.text
    case 'text':
      return `'${expression.text.replaceAll("'", "''")}'`
    case 'boolean':
      return String(expression.value)
    case 'null':
      return 'null'
    case 'call':
      return callText(expression.name, expression.args, table)
  }
}

const callText = (name: string, args: readonly Expression[], table: TableShape): string => {
  if (isFunction(name)) return `${name}(${args.map((arg) => expressionText(arg, table)).join(', ')})`
  const level = levelOf({ kind: 'call', name, args })
  const operand = (arg: Expression, tighter: boolean): string => {
    const text = expressionText(arg, table)
    const own = levelOf(arg)
    return own < level || (tighter && own === level) ? `(${text})` : text
  }
  const [first] = args
  if (first === undefined) return name
  if (name === 'not') {
    if (first.kind === 'call' && first.name === 'is null')
      return callText('is null', first.args, table).replace(/null$/, 'not null')
    // Tighter than a comparison or not: without parentheses nobody is sure.
    return levelOf(first) === leafLevel
      ? `not ${expressionText(first, table)}`
      : `not (${expressionText(first, table)})`
  }
  if (name === 'negate') return `-${operand(first, true)}`
  if (name === 'is null') return `${operand(first, true)} is null`
  // From the left; comparisons do not chain.
  return args.map((arg, i) => operand(arg, i > 0 || level === comparisonLevel)).join(` ${name} `)
}
