import type { Journal, Newest, Touched } from './journal.js'

const none: readonly (readonly [string, Newest])[] = []

/**
 * A table's journal, group by group. A row that was touched is not taken from a query by any group, wherever it is now;
 * its newest image is on the board of its own group alone. One pass over the journal for all of them.
 */
export class GroupJournals {
  readonly #journal: Journal
  readonly #byValue = new Map<string, [string, Newest][]>()

  /** `per`: where the value stands in an image. `values`: those that will be asked for. */
  constructor(journal: Journal, per: number, values: { has(value: string): boolean }) {
    this.#journal = journal
    for (const entry of journal.entries()) {
      const value = entry[1].image?.[per] ?? null
      if (value === null || !values.has(value)) continue
      const entries = this.#byValue.get(value)
      if (entries === undefined) this.#byValue.set(value, [entry])
      else entries.push(entry)
    }
  }

  of(value: string): Touched {
    const entries = this.#byValue.get(value) ?? none
    return { has: (key) => this.#journal.has(key), entries: () => entries }
  }
}
