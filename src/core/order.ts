/**
 * The total order of a board: score first, then the key. A smaller result ranks higher, so a plain sort puts the best
 * row first. Two different rows never compare equal: their keys differ.
 */
import type { BoardSpec } from './board-spec.js'
import { partsOf } from './member.js'
import type { TableShape } from './table.js'

/** Where a row stands: `exact` is the canonical text of its score and `score` the double nearest to it. */
export interface Place {
  readonly score: number
  readonly exact: string
  readonly key: string
}

export type Order = (a: Place, b: Place) => number

/**
 * Compares canonical decimal texts (optional sign, digits, fraction without trailing zeros) exactly, whatever their
 * length. Texts with an exponent are doubles, and equal doubles have equal texts: they never get here unequal.
 */
export const compareDecimals = (a: string, b: string): number => {
  if (a === b) return 0
  const aNegative = a.startsWith('-')
  const bNegative = b.startsWith('-')
  if (aNegative !== bNegative) return aNegative ? -1 : 1
  return aNegative ? compareMagnitudes(b.slice(1), a.slice(1)) : compareMagnitudes(a, b)
}

const compareMagnitudes = (a: string, b: string): number => {
  const aPoint = a.indexOf('.')
  const bPoint = b.indexOf('.')
  const aWhole = aPoint < 0 ? a : a.slice(0, aPoint)
  const bWhole = bPoint < 0 ? b : b.slice(0, bPoint)
  if (aWhole.length !== bWhole.length) return aWhole.length - bWhole.length
  if (aWhole !== bWhole) return aWhole < bWhole ? -1 : 1
  const aFraction = aPoint < 0 ? '' : a.slice(aPoint + 1)
  const bFraction = bPoint < 0 ? '' : b.slice(bPoint + 1)
  if (aFraction === bFraction) return 0
  return aFraction < bFraction ? -1 : 1
}

/**
 * The order of the texts' UTF-8 bytes, without encoding them. UTF-16 code units order the same way except that
 * surrogates (U+10000 and up) stand below U+E000–U+FFFF; moving both past each other repairs that.
 */
export const compareBytes = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return utf8Rank(x) - utf8Rank(y)
  }
  return a.length - b.length
}

const utf8Rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** Ascending order of keys: integers as numbers, everything else by bytes, column by column. */
const compareKeys = (table: TableShape): ((a: string, b: string) => number) => {
  const comparers = table.key.map((column) => {
    const kind = table.columns[column]?.type.kind
    return kind === 'integer' || kind === 'decimal' || kind === 'bit' || kind === 'year'
      ? compareDecimals
      : compareBytes
  })
  const [only] = comparers
  if (only !== undefined && comparers.length === 1) return only
  return (a, b) => {
    const aParts = partsOf(table, a)
    const bParts = partsOf(table, b)
    for (const [i, compare] of comparers.entries()) {
      const result = compare(aParts[i] ?? '', bParts[i] ?? '')
      if (result !== 0) return result
    }
    return 0
  }
}

/** The order of a board, best first. Rounding to doubles is monotonic, so doubles decide unless they are equal. */
export const orderOf = (spec: BoardSpec): Order => {
  const direction = spec.direction === 'desc' ? -1 : 1
  const keys = spec.ties === 'redis' ? compareBytes : compareKeys(spec.table)
  // Redis: ZREVRANGE turns the member order with the scores. Else `newest` is the greater key first, either way.
  const keyDirection = spec.ties === 'redis' ? direction : spec.ties === 'newest' ? -1 : 1
  return (a, b) => {
    if (a.score !== b.score) return a.score < b.score ? -direction : direction
    if (a.exact !== b.exact) {
      const exact = compareDecimals(a.exact, b.exact)
      if (exact !== 0) return exact * direction
    }
    return a.key === b.key ? 0 : keys(a.key, b.key) * keyDirection
  }
}
