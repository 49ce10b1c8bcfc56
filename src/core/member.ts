/**
 * A row's key as a board member. One key column: its canonical text. Several: the parts joined with `:`, a `:` or `%`
 * inside a part percent-encoded, so that `("a:b","c")` and `("a","b:c")` stay two members and parts can be read back.
 */
import type { Image, TableShape } from './table.js'

const encodePart = (part: string): string =>
  part.includes('%') || part.includes(':') ? part.replaceAll('%', '%25').replaceAll(':', '%3A') : part

const decodePart = (part: string): string =>
  part.includes('%') ? part.replaceAll('%3A', ':').replaceAll('%25', '%') : part

/** Undefined when a key column is NULL: such a row has no identity. */
export const memberOf = (table: TableShape, image: Image): string | undefined => {
  const [only, second] = table.key
  if (only !== undefined && second === undefined) return image[only] ?? undefined
  const parts: string[] = []
  for (const column of table.key) {
    const part = image[column]
    if (part === null || part === undefined) return undefined
    parts.push(encodePart(part))
  }
  return parts.join(':')
}

/** The key parts of a member, in the order of the key. */
export const partsOf = (table: TableShape, member: string): readonly string[] =>
  table.key.length === 1 ? [member] : member.split(':').map(decodePart)
