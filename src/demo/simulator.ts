/** Writes traffic to a table, some tens of changes a second, until told to stop. */
import { setTimeout as delay } from 'node:timers/promises'
import type { ItemKey } from '../core/count-batch.js'
import { itemText } from '../core/folding.js'
import type { CountColumn } from './articles.js'
import { type Change, nextChange, sayChange } from './traffic.js'

/** A table of articles, whatever keeps it. */
export interface ArticleTable {
  /** All rows as id and likes. */
  articles(): Promise<Map<number, number>>
  /** Carries out one change; returns the id that it concerned, or undefined if the row was gone. */
  apply(change: Change): Promise<number | undefined>
  /** What read events call an article; undefined: it is not there. */
  item(id: number): ItemKey | undefined
  /** What a board stands for, asked of the table itself: the `data` of `GET /boards/NAME`, as JSON text. */
  best(column: CountColumn, limit: number): Promise<string>
  /** Reads of each item (`itemText`) that has any. */
  totals(): Promise<ReadonlyMap<string, number>>
}

/** Writers at the same time, and the longest that one of them pauses, ms. */
const writers = 3
const longestPause = 140

/** What is kept of the latest changes. */
const remembered = 5

export class Simulator {
  /** Changes that found their row. */
  changes = 0
  /** The latest changes, newest first, one line each. */
  latest: readonly string[] = []
  /** Items (`itemText`) whose articles were deleted, and their counts with them. */
  readonly deleted = new Set<string>()
  /** What the table last refused, and how often it did. */
  failures = 0
  failure = ''
  readonly #table: ArticleTable
  readonly #articles: Map<number, number>
  #running = true
  readonly #ended: Promise<unknown>

  private constructor(table: ArticleTable, articles: Map<number, number>) {
    this.#table = table
    this.#articles = articles
    this.#ended = Promise.all(Array.from({ length: writers }, () => this.#write()))
  }

  static async start(table: ArticleTable): Promise<Simulator> {
    return new Simulator(table, await table.articles())
  }

  /** Likes of the articles that are there, by id. */
  get articles(): ReadonlyMap<number, number> {
    return this.#articles
  }

  /** Resolves when the last change is through. */
  async stop(): Promise<void> {
    this.#running = false
    await this.#ended
  }

  async #write(): Promise<void> {
    while (this.#running) {
      await delay(Math.random() * longestPause)
      await this.#change().catch((error: Error) => {
        this.failures += 1
        this.failure = error.message
      })
    }
  }

  async #change(): Promise<void> {
    const change = nextChange(this.#articles, Math.random)
    const leaving = change.kind === 'delete' ? this.#table.item(change.id) : undefined
    if (leaving !== undefined) this.deleted.add(itemText(leaving))
    const id = await this.#table.apply(change)
    if (id === undefined) return
    const before = this.#articles.get(id) ?? 0
    if (change.kind === 'delete') this.#articles.delete(id)
    else this.#articles.set(id, before + change.likes)
    this.changes += 1
    this.latest = [sayChange(change, id), ...this.latest].slice(0, remembered)
  }
}
