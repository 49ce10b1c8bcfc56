/**
 * Every board that was ever true of a table: a model of its rows, and what `GET /boards/likes` had to say after each
 * change. One row, the sentinel, is always first and is raised again and again, so that any answer tells which part of
 * the history it is from, and how old it is.
 */
import type { Seed } from './interactives.js'

const sentinelId = 1
/** Above every other score. */
const sentinelBase = 1_000_000_000

export type LoadRow = readonly [id: number, bizId: number, biz: string, reads: number, likes: number | null]
type RankedRow = LoadRow & Seed

/** What one answer is worth. `sequence`: of the sentinel in it; `lag`: ms since something newer was committed. */
export type Judgement =
  | { readonly known: true; readonly sequence: number; readonly lag: number }
  | { readonly known: false; readonly why: string }

const isRanked = (row: LoadRow): row is RankedRow => row[4] !== null

const better = (a: RankedRow, b: RankedRow): number => b[4] - a[4] || b[0] - a[0]

const json = ([id, biz_id, biz, read_cnt, like_cnt]: LoadRow): string =>
  JSON.stringify({ id, biz_id, biz, read_cnt, like_cnt })

/** The body of `GET /boards/likes` with these rows. */
export const bodyOf = (rows: readonly string[]): string => `{"code":200,"msg":"查询成功","data":[${rows.join(',')}]}`

/** The sentinel's sequence in a body; undefined if it is not in the first place. */
export const sequenceIn = (body: string): number | undefined => {
  const likes = new RegExp(`"data":\\[\\{"id":${sentinelId},[^}]*"like_cnt":(\\d+)\\}`).exec(body)?.[1]
  return likes === undefined ? undefined : Number(likes) - sentinelBase
}

/** The sequence that a row stands for; undefined if it is not the sentinel. */
export const sequenceOf = (id: number, likes: number): number | undefined =>
  id === sentinelId ? likes - sentinelBase : undefined

export class TrueBoards {
  readonly #size: number
  readonly #rows = new Map<number, LoadRow>()
  readonly #bodies: Set<string>[] = []
  /** When the statement that raised the sentinel to each sequence had been answered. */
  readonly #committedAt: number[] = []
  #ranked: readonly RankedRow[] = []

  constructor(rows: readonly LoadRow[], size: number) {
    this.#size = size
    for (const row of rows) this.#rows.set(row[0], row)
  }

  /** Best first, without the sentinel. */
  get ranked(): readonly LoadRow[] {
    return this.#ranked.slice(1)
  }

  get rows(): ReadonlyMap<number, LoadRow> {
    return this.#rows
  }

  /** The newest sequence that may be in the table. */
  get sequence(): number {
    return this.#bodies.length - 1
  }

  /** A change that is about to be sent: from now on it may be seen. */
  put(row: LoadRow): void {
    this.#rows.set(row[0], row)
    this.#record()
  }

  remove(id: number): void {
    this.#rows.delete(id)
    this.#record()
  }

  /** The sentinel as it is to be written next. */
  raiseSentinel(): LoadRow {
    const row: LoadRow = [sentinelId, 0, 'sentinel', 0, sentinelBase + this.#bodies.length]
    this.#bodies.push(new Set())
    this.put(row)
    return row
  }

  /** The sentinel has been committed at its newest sequence. */
  committed(): void {
    this.#committedAt[this.sequence] = performance.now()
  }

  /** `asked`: when the answer was asked for, by performance.now(). */
  judge(body: string, asked: number): Judgement {
    const sequence = sequenceIn(body)
    if (sequence === undefined) return { known: false, why: 'the sentinel is not first' }
    if (this.#bodies[sequence]?.has(body) !== true) return { known: false, why: `never true at ${sequence}` }
    const next = this.#committedAt[sequence + 1]
    return { known: true, sequence, lag: next === undefined ? 0 : Math.max(0, asked - next) }
  }

  #record(): void {
    this.#ranked = [...this.#rows.values()].filter(isRanked).sort(better)
    this.#bodies.at(-1)?.add(bodyOf(this.#ranked.slice(0, this.#size).map(json)))
  }
}
