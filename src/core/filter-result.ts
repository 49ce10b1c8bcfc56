/** What a filter says of one row, and which part of it is why. Pure. */
import { columnsOf, type Expression } from './expression.js'
import { expressionText } from './expression-text.js'
import { compile } from './expression-value.js'
import type { Image, TableShape, Value } from './table.js'

/** Null: SQL's NULL, which lets no row in. */
export type Truth = boolean | null

export interface FilterPart {
  readonly text: string
  readonly value: Truth
  /** The columns that it looks at, with what the row has there; of `and` and `or` none: their parts have them. */
  readonly columns: readonly { readonly name: string; readonly value: Value }[]
  /** Of `and` and `or`. */
  readonly parts: readonly FilterPart[]
}

export const filterResult = (expression: Expression, table: TableShape, image: Image): FilterPart => {
  const value = compile(expression, table)(image)
  const connective = expression.kind === 'call' && (expression.name === 'and' || expression.name === 'or')
  return {
    text: expressionText(expression, table),
    value: typeof value === 'boolean' ? value : null,
    columns: connective
      ? []
      : columnsOf(expression).map((column) => ({
          name: table.columns[column]?.name ?? '',
          value: image[column] ?? null,
        })),
    parts: connective ? expression.args.map((arg) => filterResult(arg, table, image)) : [],
  }
}

/** The smallest parts that are not true and keep the whole from being so. */
export const reasonsIn = (part: FilterPart): readonly FilterPart[] => {
  if (part.value === true) return []
  return part.parts.length === 0 ? [part] : part.parts.flatMap(reasonsIn)
}

/** `status = 1 is false (status is 0)`. */
export const partSentence = ({ text, value, columns }: FilterPart): string => {
  const values = columns.map(({ name, value: has }) => `${name} is ${has ?? 'NULL'}`)
  return `${text} is ${value ?? 'NULL'}${values.length === 0 ? '' : ` (${values.join(', ')})`}`
}
