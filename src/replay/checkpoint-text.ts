/**
 * A checkpoint as text: a line that says of what it is and how far it came, a line a row (key and image, as an array), and
 * a line with their number, so that a file that was cut off is told from a whole one. Pure.
 */
import { RanktideError } from '../core/errors.js'
import type { Image } from '../core/table.js'
import { isJsonObject } from '../formats/strict-json.js'
import type { RangeState } from './range-base.js'

/** What a checkpoint belongs to, by name and as text: it is of no use to a replay that differs in any of them. */
export type CheckpointOf = Readonly<Record<string, string>>

export interface Checkpoint {
  readonly of: CheckpointOf
  /** The range as it was resolved when the replay began, or what else has to be known again. */
  readonly range: unknown
  readonly state: RangeState
}

const kind = 'ranktide replay checkpoint 1'

const pairs = <V>(map: ReadonlyMap<string, V>): readonly (readonly [string, V])[] => [...map]

export function* checkpointLines({ of, range, state }: Checkpoint): Generator<string> {
  const { table, positions, newest, messages, rows, refused } = state
  yield JSON.stringify({
    kind,
    of,
    range,
    positions: pairs(positions),
    newest: pairs(newest),
    messages,
    rows,
    refused,
    doubts: pairs(table.doubts),
    broken: table.broken ?? null,
    refusedRows: table.refused,
  })
  for (const [key, image] of table.rows) yield JSON.stringify([key, ...image])
  yield JSON.stringify({ rows: table.rows.size })
}

interface Header {
  readonly kind: string
  readonly of: CheckpointOf
  readonly range: unknown
  readonly positions: readonly [string, number][]
  readonly newest: readonly [string, number][]
  readonly messages: number
  readonly rows: number
  readonly refused: number
  readonly doubts: readonly [string, string][]
  readonly broken: string | null
  readonly refusedRows: number
}

/** Takes the lines of a checkpoint one after the other. CHECKPOINT_INVALID for what is none, or not whole. */
export class CheckpointReader {
  readonly #path: string
  readonly #rows = new Map<string, Image>()
  #header: Header | undefined
  #whole = false

  constructor(path: string) {
    this.#path = path
  }

  take(text: string): void {
    const value = this.#parsed(text)
    if (this.#header === undefined) {
      if (!isHeader(value)) throw this.invalid('it is not a checkpoint of ranktide replay')
      this.#header = value
    } else if (this.#whole) throw this.invalid('it goes on after its end')
    else if (isRow(value)) {
      const [key, ...image] = value
      this.#rows.set(key, image)
    } else {
      this.#whole = isEnd(value) && value.rows === this.#rows.size
      if (!this.#whole) throw this.invalid('it is damaged')
    }
  }

  get checkpoint(): Checkpoint {
    const header = this.#header
    if (header === undefined || !this.#whole) throw this.invalid('it is cut off')
    const { of, range, messages, rows, refused } = header
    const table = {
      rows: this.#rows,
      doubts: new Map(header.doubts),
      broken: header.broken ?? undefined,
      refused: header.refusedRows,
    }
    const [positions, newest] = [new Map(header.positions), new Map(header.newest)]
    return { of, range, state: { table, positions, newest, messages, rows, refused } }
  }

  invalid(why: string): RanktideError {
    return new RanktideError('CHECKPOINT_INVALID', `${this.#path}: ${why}; delete it to begin anew`)
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw this.invalid('it is damaged')
    }
  }
}

const isHeader = (value: unknown): value is Header =>
  isJsonObject(value) &&
  value.kind === kind &&
  isJsonObject(value.of) &&
  [value.positions, value.newest, value.doubts].every(Array.isArray)

const isRow = (value: unknown): value is [string, ...(string | null)[]] =>
  Array.isArray(value) &&
  typeof value[0] === 'string' &&
  value.every((one: unknown) => one === null || typeof one === 'string')

const isEnd = (value: unknown): value is { readonly rows: number } =>
  isJsonObject(value) && typeof value.rows === 'number'

/** CHECKPOINT_INVALID that names what differs. */
export const checkBelongs = (path: string, there: CheckpointOf, here: CheckpointOf): void => {
  const names = [...new Set([...Object.keys(there), ...Object.keys(here)])]
  const differing = names.filter((name) => there[name] !== here[name])
  if (differing.length === 0) return
  const told = differing.map((name) => {
    const [old, now] = [there[name] ?? 'nothing', here[name] ?? 'nothing']
    return old.length + now.length > 200 ? `another ${name}` : `${name} ${old} (here: ${now})`
  })
  throw new RanktideError(
    'CHECKPOINT_INVALID',
    `${path} is of another replay: ${told.join(', ')}; repeat its words to go on, or name another file to begin anew`,
  )
}
