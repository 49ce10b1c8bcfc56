/** Values of the column that splits a board, as readers write them in `?per=`. */
import { canonicalValue } from '../core/canonical.js'
import type { ColumnType } from '../core/table.js'

/** The text under which the group is kept; undefined: no row can have this value. */
export const splitValue = (type: ColumnType, text: string): string | undefined => {
  switch (type.kind) {
    case 'enum':
      return type.labels.includes(text) ? text : undefined
    case 'set':
      return text === '' || text.split(',').every((label) => type.labels.includes(label)) ? text : undefined
    case 'integer':
      return type.unsigned && text.startsWith('-') ? undefined : (canonicalValue(type, text) ?? undefined)
    case 'temporal':
      return /^-?\d[\d :.-]*$/.test(text) ? (canonicalValue(type, text) ?? undefined) : undefined
    default:
      return canonicalValue(type, text) ?? undefined
  }
}

/** What is allowed there, to be read after "allowed: a value of the column biz, ". */
export const splitValueText = (type: ColumnType): string => {
  switch (type.kind) {
    case 'integer':
    case 'bit':
    case 'year':
      return 'a whole number'
    case 'enum':
    case 'set':
      return `one of ${type.labels.slice(0, 20).join(', ')}`
    case 'temporal':
      return 'a date or time as the database prints it'
    case 'decimal':
    case 'double':
    case 'float':
      return 'a number'
    default:
      return 'a text'
  }
}
