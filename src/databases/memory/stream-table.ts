/**
 * One table as the stream tells it: the newest image of every row that it named, and what that may lack.
 *
 * Images are absolute, so duplicates and rewinds converge. Memory: every row of the table, as the only full copy.
 */
import type { DecodedEvent } from '../../core/change.js'
import type { ErrorCode } from '../../core/errors.js'
import type { Image } from '../../core/table.js'

type TableEvent = Exclude<DecodedEvent, { readonly kind: 'marker' }>

/** All that it knows, to go on from later. */
export interface StreamTableState {
  readonly rows: Map<string, Image>
  /** By kind, in the order in which they came. */
  readonly doubts: ReadonlyMap<string, string>
  readonly broken: string | undefined
  readonly refused: number
}

export class StreamTable {
  readonly #rows: Map<string, Image>
  readonly #doubts: Map<string, string>
  /** Rows are known to be missing or wrong: which ones is not. */
  #broken: string | undefined
  #refused: number

  constructor(state?: StreamTableState) {
    this.#rows = state?.rows ?? new Map()
    this.#doubts = new Map(state?.doubts)
    this.#broken = state?.broken
    this.#refused = state?.refused ?? 0
  }

  /** Not a copy: of the moment at which it is asked for. */
  get state(): StreamTableState {
    return { rows: this.#rows, doubts: this.#doubts, broken: this.#broken, refused: this.#refused }
  }

  get rows(): ReadonlyMap<string, Image> {
    return this.#rows
  }

  /** Why rows may be missing or wrong, in a few words; undefined: nothing speaks against them. */
  get doubt(): string | undefined {
    return this.#doubts.size === 0 ? undefined : [...this.#doubts.values()].join('; ')
  }

  /** What the stream said that it does not tell the rows of, as `CODE: detail`; undefined: nothing. */
  get broken(): string | undefined {
    return this.#broken
  }

  /** Something that was lost before the first message that was read. */
  cut(doubt: string): void {
    this.#doubts.set('cut', doubt)
  }

  /** `partitions`: with several, one may have overtaken another. */
  apply(event: TableEvent, partitions: number): void {
    switch (event.kind) {
      case 'row':
        if (event.after === null) this.#rows.delete(event.key)
        else this.#rows.set(event.key, event.after)
        return
      case 'truncate':
        this.#truncate(partitions)
        return
      case 'key-change':
        if (partitions > 1) this.#doubts.set('key-change', 'a key changed on several partitions')
        return
      case 'altered':
        this.#doubts.set('altered', 'the table was altered: values that this changed are not told')
        return
      case 'renamed':
        this.#break('TABLE_CHANGED', 'RENAME')
        return
      case 'xa-rollback':
        this.#break('XA_ROLLBACK', 'XA ROLLBACK')
        return
      case 'refused':
        this.#refused += 1
        this.#break(event.refusal.code, event.refusal.detail)
        return
    }
  }

  /** All rows are gone, and with them whatever was wrong with them; what another partition still brings is not. */
  #truncate(partitions: number): void {
    this.#rows.clear()
    this.#broken = undefined
    this.#refused = 0
    this.#doubts.clear()
    if (partitions > 1) this.#doubts.set('truncate', 'TRUNCATE or DROP on several partitions')
  }

  #break(code: ErrorCode, detail: string): void {
    this.#broken ??= `${code}: ${detail}`
  }
}
