/**
 * The name of one group of a split board: `likes/article`. It names the group wherever a board's name does: in Redis'
 * keys, in snapshots, in logs. Board names have no `/`, so it names no other board; different values never share one.
 */
import { sha256 } from './sha256.js'

export interface GroupId {
  /** Name of the split board. */
  readonly split: string
  readonly value: string
  /** As `groupName` has it. */
  readonly name: string
}

/** Bytes of a value that stand in a name as they are; a longer one is cut and told apart by its hash. */
const longest = 120
const kept = 80

/** Braces would end Redis' hash tag, `~` stands before a hash; blanks and control characters break logs and tools. */
const special = /[{}/:%~*?[\]\\"'\s\p{Cc}\p{Cf}\p{Cs}]/gu

export const groupName = (board: string, value: string): string => {
  const encoded = value.replace(special, percent)
  if (encoded.length <= longest / 4) return `${board}/${encoded}`
  const encoder = new TextEncoder()
  const bytes = encoder.encode(encoded)
  if (bytes.length <= longest) return `${board}/${encoded}`
  return `${board}/${beginning(encoded)}~${sha256(bytes).slice(0, 32)}`
}

/** UTF-8, byte by byte. Half a surrogate pair has no UTF-8 and gets a form of its own, lest two of them meet in U+FFFD. */
const percent = (char: string): string => {
  const code = char.codePointAt(0) ?? 0
  if (code >= 0xd800 && code <= 0xdfff) return `%u${code.toString(16).toUpperCase()}`
  return [...new TextEncoder().encode(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}

/** As much of a text as fits, without a character or an escape that is cut in two. */
const beginning = (encoded: string): string => {
  let size = 0
  let result = ''
  for (const [piece] of encoded.matchAll(/%u[0-9A-F]{4}|%[0-9A-F]{2}|./gsu)) {
    size += new TextEncoder().encode(piece).length
    if (size > kept) break
    result += piece
  }
  return result
}

/** The value that a group's name stands for; undefined where the name is no group's of this board, or tells only a hash. */
export const valueInName = (board: string, name: string): string | undefined => {
  const encoded = name.startsWith(`${board}/`) ? name.slice(board.length + 1) : undefined
  if (encoded === undefined || encoded.includes('~')) return undefined
  try {
    return encoded.replace(/%u([0-9A-F]{4})|(?:%[0-9A-F]{2})+/g, (text, unit: string | undefined) =>
      unit === undefined ? decodeURIComponent(text) : String.fromCharCode(Number.parseInt(unit, 16)),
    )
  } catch {
    return undefined
  }
}
