/**
 * Serialized answers. A body is put together once for a content and a limit, from the rows' JSON texts; a hit costs no
 * serialization. Memory: at most `bodiesPerContent` bodies for each content that is still in use.
 */
import { createHash } from 'node:crypto'
import type { BoardView } from './board-queries.js'
import { successBody } from './envelope.js'

export interface BoardBody {
  readonly bytes: Buffer
  /** Equal for equal bytes: what a client may send back as If-None-Match. */
  readonly etag: string
}

/** Clients that ask for every limit in turn get theirs made anew, rather than all of them kept. */
const bodiesPerContent = 16

const makeBody = (entries: BoardView['entries'], limit: number): BoardBody => {
  const rows = entries.slice(0, limit).map((entry) => entry.row)
  const bytes = Buffer.from(successBody(`[${rows.join(',')}]`))
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}

export class BoardBodies {
  /** By the array that holds the content: when it is no longer in use, its bodies go with it. */
  readonly #bodies = new WeakMap<BoardView['entries'], Map<number, BoardBody>>()

  bodyOf({ entries }: Pick<BoardView, 'entries'>, limit: number): BoardBody {
    // Limits past the end give the same body.
    const effective = Math.min(limit, entries.length)
    const kept = this.#bodies.get(entries) ?? new Map<number, BoardBody>()
    this.#bodies.set(entries, kept)
    const known = kept.get(effective)
    if (known !== undefined) return known
    const body = makeBody(entries, effective)
    const [oldest] = kept.keys()
    if (kept.size >= bodiesPerContent && oldest !== undefined) kept.delete(oldest)
    kept.set(effective, body)
    return body
  }
}
