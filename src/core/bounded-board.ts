/**
 * A bounded view of a ranked table: the best C rows and what is known of all the others.
 *
 * Invariant, kept by every method: **every ranked row that is not held ranks at or below `below`** (`nothing`: there is
 * no such row; `everything`: nothing is known, so nothing may be held). Images are absolute, so the invariant survives
 * duplicates and rewinds. Memory: O(C) rows.
 */
import type { Entry } from './board-content.js'
import type { BoardSpec } from './board-spec.js'
import { type Held, HeldRows, type HeldWatcher } from './held-rows.js'
import type { Touched } from './journal.js'
import type { Place } from './order.js'
import { placeOf, type Ranking, rankingOf } from './ranking.js'
import type { ReadRow, RefillRows } from './refill.js'
import { exactScoreIn, rowJson } from './row-json.js'
import type { Image } from './table.js'

/** Bounds the rows that are not held. */
export type Below = Place | 'nothing' | 'everything'

/** A held row's columns, or its JSON: all that Redis keeps of them, and a quarter of their size. */
type Row = Image | string

/** What became of a row. `fell`: it was held and now ranks lower than before, or is gone. */
export type Applied = 'held' | 'fell' | 'passed'

export class BoundedBoard {
  readonly spec: BoardSpec
  readonly #ranking: Ranking
  readonly #held: HeldRows<Row>
  #capacity: number
  #below: Below
  /** The entries last shown, and the place of the last of them: only what ranks at or above it can change them. */
  #shown: readonly Entry[] = []
  #shownRows: readonly Held<Row>[] = []
  #last: Place | undefined
  #dirty = true
  readonly #compact: boolean

  /**
   * `ranking`: that of `spec`; boards that rank alike share one. `compact`: rows are kept as JSON, which is less to keep
   * and more to do: for boards of which there are many, each seldom touched.
   */
  constructor(spec: BoardSpec, capacity: number, below: Below, ranking = rankingOf(spec), compact = false) {
    this.spec = spec
    this.#ranking = ranking
    this.#compact = compact
    this.#held = new HeldRows(ranking.order)
    this.#capacity = capacity
    this.#below = below
  }

  get size(): number {
    return this.#held.size
  }

  get capacity(): number {
    return this.#capacity
  }

  get below(): Below {
    return this.#below
  }

  /** Whether the first N places are all known. */
  get full(): boolean {
    return this.#below === 'nothing' || this.#held.size >= this.spec.size
  }

  /** Below this many held rows more should be read: half of the reserve is used up. Never if nothing is below. */
  get low(): boolean {
    return this.#below !== 'nothing' && this.#held.size < this.spec.size + (this.#capacity - this.spec.size) / 2
  }

  held(key: string): Held<Row> | undefined {
    return this.#held.get(key)
  }

  /** From now on so many rows may be held; what is too many is let go. */
  resize(capacity: number): void {
    this.#capacity = capacity
    this.#trim()
  }

  /** Tells of every key that is held, now and from now on. */
  watchedBy(watcher: HeldWatcher): void {
    this.#held.watchedBy(watcher)
  }

  /** Tells that every key has been let go, and nothing after that. */
  unwatched(): void {
    this.#held.unwatched()
  }

  /** The newest image of a row; null when it is gone. `es`: its commit time, +Infinity when not known. */
  apply(key: string, image: Image | null, es: number): Applied {
    const before = this.#held.get(key)
    if (image === null) return this.#forget(before)
    const score = this.#ranking.score(image)
    if (Number.isNaN(score)) return this.#forget(before)
    // The usual row of a busy feed: not held and far below. One look-up, one comparison of doubles.
    if (before === undefined && typeof this.#below !== 'string' && this.#outscored(score, this.#below.score))
      return 'passed'
    if (!this.#ranking.accepts(image)) return this.#forget(before)
    const exact = this.#ranking.exact(image, score)
    const held: Held<Row> = { key, score, exact, row: this.#rowOf(image, exact), es }
    if (!this.#above(held)) return this.#forget(before)
    this.#touch(before)
    this.#touch(held)
    this.#held.set(held)
    this.#trim()
    return before !== undefined && this.#ranking.order(held, before) > 0 ? 'fell' : 'held'
  }

  /** Every row of the table is gone: nothing is held and nothing is below. */
  clear(): void {
    this.#held.clear()
    this.#below = 'nothing'
    this.#dirty = true
  }

  /**
   * Takes in what a query read, once the stream has passed everything the query saw. `complete`: nothing was left
   * unread. The journal holds the newest image of every key that the stream touched since before the query began; it
   * and the held rows are of the stream's present, so they win over what was read. `es`: the newest commit time that the
   * stream has shown; a row that was read and not touched since is as it was then.
   */
  merge({ rows, complete, cut }: RefillRows, journal: Touched, es: number): void {
    this.#below = this.#lower(this.#below, complete ? 'nothing' : (cut ?? this.#cut(rows)))
    for (const { key, image } of rows)
      if (this.#held.get(key) === undefined && !journal.has(key)) this.#admit(key, image, es)
    for (const [key, newest] of journal.entries())
      if (this.#held.get(key) === undefined && newest.image !== null) this.#admit(key, newest.image, newest.es)
    this.#trim()
    this.#dirty = true
  }

  /** A board that Redis kept: exact at the position where it was published. Nothing else is known to be below `rows`. */
  restore(entries: readonly Entry[], complete: boolean): boolean {
    for (const { member, row } of entries) {
      const exact = exactScoreIn(this.spec, row)
      if (exact === undefined) return false
      this.#held.set({ key: member, score: Number(exact), exact, row, es: Number.POSITIVE_INFINITY })
    }
    this.#below = complete ? 'nothing' : (this.#held.worst ?? 'everything')
    this.#dirty = true
    return complete || this.#held.size > 0
  }

  /** The first N entries, best first. The same array as before when nothing of it changed. */
  top(): readonly Entry[] {
    if (!this.#dirty) return this.#shown
    const best = this.#held.best(this.spec.size)
    const shown = new Map<Held<Row>, Entry | undefined>()
    for (const [i, held] of this.#shownRows.entries()) if (best[i] !== held) shown.set(held, this.#shown[i])
    // Most stay where they were.
    this.#shown = best.map(
      (held, i) => (this.#shownRows[i] === held ? this.#shown[i] : shown.get(held)) ?? this.#entry(held),
    )
    this.#shownRows = best
    this.#last = best.length < this.spec.size ? undefined : best.at(-1)
    this.#dirty = false
    return this.#shown
  }

  #rowOf(image: Image, exact: string): Row {
    return this.#compact ? rowJson(this.spec, image, exact) : image
  }

  #entry(held: Held<Row>): Entry {
    const row = typeof held.row === 'string' ? held.row : rowJson(this.spec, held.row, held.exact)
    const score = String(held.score)
    return { member: held.key, score: score === held.exact ? held.exact : score, row }
  }

  #outscored(score: number, by: number): boolean {
    return this.spec.direction === 'desc' ? score < by : score > by
  }

  /**
   * Whether a row at this place may be held. The floor itself counts: only the row that it is the place of can stand
   * there, and a warm board's last row does; a touch that leaves its score alone must not let it go.
   */
  #above(place: Place): boolean {
    if (typeof this.#below === 'string') return this.#below === 'nothing'
    return this.#ranking.order(place, this.#below) <= 0
  }

  #forget(before: Held<Row> | undefined): Applied {
    if (before === undefined) return 'passed'
    this.#touch(before)
    this.#held.delete(before.key)
    return 'fell'
  }

  /** A row from a query or the journal: above the floor it is held, whatever the number; `#trim` follows. */
  #admit(key: string, image: Image, es: number): void {
    const place = placeOf(this.#ranking, key, image)
    if (place === undefined || !this.#ranking.accepts(image)) return
    const { score, exact } = place
    // Field by field: a spread object takes half as much again, and there are millions.
    if (this.#above(place)) this.#held.set({ key, score, exact, row: this.#rowOf(image, exact), es })
  }

  /** Past C the worst row is let go, and the floor becomes its place. */
  #trim(): void {
    while (this.#held.size > this.#capacity) {
      const worst = this.#held.worst
      if (worst === undefined) return
      this.#touch(worst)
      this.#held.delete(worst.key)
      this.#below = worst
    }
  }

  /** The place of the worst row that was read, whether or not the filter lets it in. */
  #cut(rows: readonly ReadRow[]): Below {
    let worst: Place | undefined
    for (const { key, image } of rows) {
      const place = placeOf(this.#ranking, key, image)
      if (place === undefined) continue
      if (worst === undefined || this.#ranking.order(place, worst) > 0) worst = place
    }
    return worst ?? 'everything'
  }

  /** Of two true bounds the one that leaves fewer rows unknown. */
  #lower(a: Below, b: Below): Below {
    if (a === 'nothing' || b === 'nothing') return 'nothing'
    if (a === 'everything') return b
    if (b === 'everything') return a
    return this.#ranking.order(a, b) > 0 ? a : b
  }

  #touch(place: Place | undefined): void {
    if (place === undefined || this.#dirty) return
    if (this.#last === undefined || this.#ranking.order(place, this.#last) <= 0) this.#dirty = true
  }
}
