/**
 * A column value as Canal writes it → its canonical text. Canal writes ENUM as the index of the label and SET as the
 * bit mask of the labels; everything else differs from SQL's text only as core/canonical.ts says.
 */

import { canonicalInteger, canonicalValue, maxDigits } from '../core/canonical.js'
import type { Refusal } from '../core/change.js'
import type { Column, ColumnType, Value } from '../core/table.js'

const digits = /^-?\d{1,20}$/

/** Index 0 is the empty string that MySQL stores for a value that is no label. */
const enumLabel = (labels: readonly string[], raw: string): string | undefined => {
  if (!digits.test(raw)) return undefined
  const index = Number(raw)
  return index === 0 ? '' : labels[index - 1]
}

/** 64 labels fill 64 bits; the mask of such a column may come with the sign of a 64-bit integer. */
const setLabels = (labels: readonly string[], raw: string): string | undefined => {
  if (!digits.test(raw)) return undefined
  const mask = BigInt(raw)
  const bits = mask < 0n ? BigInt.asUintN(64, mask) : mask
  if (bits >> BigInt(labels.length) !== 0n) return undefined
  return labels.filter((_, bit) => (bits >> BigInt(bit)) & 1n).join(',')
}

const canonicalOf = (type: ColumnType): ((raw: string) => Value | undefined) => {
  switch (type.kind) {
    case 'text':
      return (raw) => raw
    case 'integer':
      return canonicalInteger
    case 'enum':
      return (raw) => enumLabel(type.labels, raw)
    case 'set':
      return (raw) => setLabels(type.labels, raw)
    default:
      return (raw) => canonicalValue(type, raw)
  }
}

const refusalOf = (column: Column, raw: string): Refusal => {
  const { kind } = column.type
  if (kind === 'enum' || kind === 'set') {
    return { code: 'VALUE_TYPE', detail: `column ${column.name}: no ${kind} value of the labels known at start` }
  }
  if (raw.length > maxDigits) return { code: 'LIMIT', detail: `column ${column.name}: more than ${maxDigits} digits` }
  return { code: 'SCORE_PARSE', detail: `column ${column.name} is ${kind}` }
}

/** U+FFFD is what a charset that could not be decoded leaves behind; half a surrogate pair is no text at all. */
const brokenText = /[\uFFFD\p{Surrogate}]/u
/** Bytes come as ISO-8859-1 text. */
const notLatin1 = /[^\0-\xff]/

const isBrokenKey = (type: ColumnType, value: string): boolean =>
  (type.kind === 'text' && brokenText.test(value)) || (type.kind === 'bytes' && notLatin1.test(value))

export type ReadValue = (raw: unknown) => Value | Refusal

/** Reads one column's values. `isKey`: two keys that a wrong charset made equal would be taken for one row. */
export const valueReader = (column: Column, isKey: boolean, lenientScalars: boolean): ReadValue => {
  const canonical = canonicalOf(column.type)
  return (raw) => {
    if (raw === null) return null
    const text =
      typeof raw === 'string' ? raw : lenientScalars && typeof raw === 'boolean' ? (raw ? '1' : '0') : undefined
    if (text === undefined) return { code: 'VALUE_TYPE', detail: `column ${column.name}: ${typeof raw}` }
    const value = canonical(text)
    if (value === undefined) return refusalOf(column, text)
    if (isKey && value !== null && isBrokenKey(column.type, value)) {
      return { code: 'CHARSET', detail: `key column ${column.name}` }
    }
    return value
  }
}
