/**
 * Values in the text of a statement. Batches of thousands of rows are written as text: placeholders would be searched
 * for in all of it, and prepared statements would be parsed anew for each number of rows.
 * Sessions have no NO_BACKSLASH_ESCAPES (see connection.ts), so backslashes escape.
 */
import { escape as escaped } from 'mysql2'

export const sqlString = (value: string): string => escaped(value)

/** A whole number as it stands: what is compared with a number must not be a string, which MySQL compares as doubles. */
export const sqlInteger = (value: string | number | bigint): string => {
  const text = String(value)
  if (!/^-?\d{1,40}$/.test(text)) throw new TypeError('not a whole number')
  return text
}

/** A DATETIME(3) in UTC. `ms` since 1970, in the years 1 to 9999 that the type allows. */
export const sqlUtc = (ms: number): string => {
  const text = new Date(ms).toISOString()
  if (text.length !== 24) throw new RangeError('a time beyond the years that DATETIME allows')
  return `'${text.slice(0, 10)} ${text.slice(11, 23)}'`
}

/** ms since 1970 of a DATETIME in UTC, as the server prints it. */
export const msOfUtc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`)

/** Remembers literals of texts that come again and again. */
export const stringLiterals = (): ((value: string) => string) => {
  const known = new Map<string, string>()
  return (value) => {
    let literal = known.get(value)
    if (literal === undefined) {
      literal = sqlString(value)
      known.set(value, literal)
    }
    return literal
  }
}

/** Bytes of text in one statement, about: well below the least max_allowed_packet in use, 1 MiB. */
const mostText = 500_000

/** Rows of a statement are parsed and undone as one; more in one bring no more speed. */
const mostRows = 2_000

export interface RowsText {
  /** Index of the first row. */
  readonly first: number
  readonly count: number
  /** `(…),(…)` */
  readonly text: string
}

/** Rows as texts of VALUES, in parts that a server takes; none for no rows. */
export function* rowsTexts(rows: Iterable<string>): Generator<RowsText> {
  let [first, part, size] = [0, [] as string[], 0]
  for (const row of rows) {
    if (part.length === mostRows || size + row.length > mostText) {
      if (part.length > 0) yield { first, count: part.length, text: part.join(',') }
      first += part.length
      part = []
      size = 0
    }
    part.push(row)
    size += row.length
  }
  if (part.length > 0) yield { first, count: part.length, text: part.join(',') }
}
