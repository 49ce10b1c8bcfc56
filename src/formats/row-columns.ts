/**
 * Where the tracked columns stand in a message's row objects. Names are matched without case, as MySQL does; two names
 * that differ only by case make the row ambiguous, for nobody could say which of them the column is.
 *
 * The rows of a message, and mostly those of the next one, have the same keys in the same order: the answer for one
 * list of keys is kept until another list comes. Comparing the lists is a comparison of pointers a key.
 */
import type { Refusal } from '../core/change.js'
import type { Column } from '../core/table.js'
import type { JsonObject } from './strict-json.js'

export interface RowColumns {
  /** The key under which each tracked column stands in the row; undefined where the row has no such column. */
  readonly keys: readonly (string | undefined)[]
}

export type FindColumns = (row: JsonObject) => RowColumns | Refusal

const sameKeys = (a: readonly string[], b: readonly string[]): boolean => {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

const locate = (columns: readonly Column[], rowKeys: readonly string[]): RowColumns | Refusal => {
  const byName = new Map<string, string | undefined>()
  for (const key of rowKeys) {
    const name = key.toLowerCase()
    byName.set(name, byName.has(name) ? undefined : key)
  }
  const keys: (string | undefined)[] = []
  for (const column of columns) {
    const name = column.name.toLowerCase()
    const key = byName.get(name)
    if (key === undefined && byName.has(name)) return { code: 'AMBIGUOUS', detail: `column ${column.name}` }
    keys.push(key)
  }
  return { keys }
}

/** Holds one answer: memory is that of one list of keys. */
export const columnFinder = (columns: readonly Column[], maxColumns: number): FindColumns => {
  let seen: readonly string[] | undefined
  let found: RowColumns | Refusal = { keys: [] }
  return (row) => {
    const rowKeys = Object.keys(row)
    if (seen !== undefined && sameKeys(seen, rowKeys)) return found
    if (rowKeys.length > maxColumns) {
      return { code: 'LIMIT', detail: `a row of ${rowKeys.length} columns, at most ${maxColumns}` }
    }
    seen = rowKeys
    found = locate(columns, rowKeys)
    return found
  }
}
