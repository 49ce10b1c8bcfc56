/**
 * One canonical text per column type, whichever way a value came: a refilled row equals its stream image byte for byte.
 * Every function returns undefined for text that is not a value of its type; none of them goes through a double unless
 * the type is one.
 */
import type { ColumnType, Value } from './table.js'

/** No column type of MySQL has more than 65 digits; anything longer is garbage and would only cost time. */
export const maxDigits = 1000

// These patterns leave nothing to choose, so that a long wrong text fails in linear time.
const decimalPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/
const doublePattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** Where `text` ends without the trailing `char`s. A loop: `/0+$/` takes quadratic time on a long run in the middle. */
const endWithout = (text: string, char: string, start = 0): number => {
  let end = text.length
  while (end > start && text[end - 1] === char) end--
  return end
}

/** `-0012.5000` → `-12.5`, `10.0` → `10`, `-0.0` → `0`. No exponents: DECIMAL and integers never print one. */
export const canonicalDecimal = (text: string): string | undefined => {
  if (text.length > maxDigits || !decimalPattern.test(text)) return undefined
  const point = text.indexOf('.')
  const wholeEnd = point === -1 ? text.length : point
  let start = text[0] === '-' || text[0] === '+' ? 1 : 0
  while (start < wholeEnd && text[start] === '0') start++
  const end = point === -1 ? wholeEnd : endWithout(text, '0', point + 1)
  const fraction = end > wholeEnd + 1 ? text.slice(wholeEnd, end) : ''
  const digits = `${text.slice(start, wholeEnd) || '0'}${fraction}`
  return text[0] === '-' && digits !== '0' ? `-${digits}` : digits
}

/** What most integers are already; saves them the work below. */
const plainInteger = /^(?:0|-?[1-9]\d{0,18})$/

/** As `canonicalDecimal`, and nothing but zeros after the point. */
export const canonicalInteger = (text: string): string | undefined => {
  if (plainInteger.test(text)) return text
  const canonical = canonicalDecimal(text)
  return canonical?.includes('.') ? undefined : canonical
}

/** The shortest text that parses back to the same double; −0 is `0`. Infinity and NaN are no values of a column. */
export const canonicalDouble = (text: string): string | undefined => {
  if (text.length > maxDigits || !doublePattern.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? String(value + 0) : undefined
}

/** The shortest decimal that rounds to the same 32-bit float: `3.140000104904175` and `3.14` are both `3.14`. */
export const canonicalFloat = (text: string): string | undefined => {
  const double = canonicalDouble(text)
  if (double === undefined) return undefined
  const value = Math.fround(Number(double))
  if (!Number.isFinite(value)) return undefined
  for (let digits = 1; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.fround(candidate) === value) return String(candidate + 0)
  }
  return String(Number(value.toPrecision(9)) + 0)
}

/** `2026-11-21 09:00:00.500000` → `2026-11-21 09:00:00.5`; a fraction of zeros goes with its point. */
export const canonicalTemporal = (text: string): string => {
  if (!text.includes('.')) return text
  const end = endWithout(text, '0')
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end)
}

/** Bytes as ISO-8859-1 text; BINARY(n) is padded with NULs by some routes and not by others, so they go. */
export const canonicalBytes = (latin1: string): string => latin1.slice(0, endWithout(latin1, '\0'))

/** The canonical text of a value whose raw text is that of SQL (labels for ENUM and SET, decimal digits for BIT). */
export const canonicalValue = (type: ColumnType, raw: Value): Value | undefined => {
  if (raw === null) return null
  switch (type.kind) {
    case 'integer':
    case 'bit':
    case 'year':
      return canonicalInteger(raw)
    case 'decimal':
      return canonicalDecimal(raw)
    case 'double':
      return canonicalDouble(raw)
    case 'float':
      return canonicalFloat(raw)
    case 'temporal':
      return canonicalTemporal(raw)
    case 'bytes':
      return canonicalBytes(raw)
    case 'enum':
    case 'set':
    case 'text':
      return raw
  }
}
