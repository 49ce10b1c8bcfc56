/**
 * The tables of counters in memory: counted tables, buckets, history, offsets. For pipelines without a database: the
 * demo, simulations.
 *
 * A transaction happens at once, whole or not at all; what it changed in counted tables is told after it, in order.
 * Memory: every row.
 */
import type { BucketUnit, ItemKey } from '../../core/count-batch.js'
import type { LatestRead } from '../../core/history-batch.js'
import type { StoredOffset } from '../offset-moves.js'

export interface MemoryCountRow extends ItemKey {
  /** From 1, in the order in which rows were made. */
  readonly id: number
  /** By column. */
  readonly counts: ReadonlyMap<string, bigint>
}

export interface MemoryBucketRow extends ItemKey {
  readonly counter: string
  readonly unit: BucketUnit
  /** ms since 1970 */
  readonly start: number
  readonly events: bigint
}

/** What an integer column allows. */
export interface CountRange {
  readonly least: bigint
  readonly most: bigint
}

export interface CountChange {
  readonly table: string
  /** Undefined: the row is new. */
  readonly before: MemoryCountRow | undefined
  readonly after: MemoryCountRow
}

export interface MemoryTablesOptions {
  /** Columns that are not 64 bits wide, by name. */
  readonly ranges?: Readonly<Record<string, CountRange>>
  /** Told after each transaction of every row of a counted table that it changed. */
  readonly changed?: (changes: readonly CountChange[]) => void
  /** Runs before each statement and before each commit; what it throws rolls the transaction back and is its result. */
  readonly interrupt?: (statement: Statement) => void
}

export type Statement = 'take' | 'offsets' | 'counts' | 'buckets' | 'history' | 'commit'

/** How a transaction ends, and what it answers. */
export type Ending<T> = { readonly commit: T } | { readonly rollback: T }

const int64: CountRange = { least: -(2n ** 63n), most: 2n ** 63n - 1n }

export class MemoryTables {
  /** By table, then by item. */
  readonly #counts = new Map<string, Map<string, MemoryCountRow>>()
  readonly #buckets = new Map<string, MemoryBucketRow>()
  /** By user, then by item. */
  readonly #history = new Map<string, Map<string, LatestRead>>()
  /** By group, then by partition. */
  readonly #offsets = new Map<string, Map<string, StoredOffset>>()
  readonly #options: MemoryTablesOptions
  /** Undoes what the transaction has done, the last first. */
  #undo: (() => void)[] = []
  #changes: CountChange[] = []

  constructor(options: MemoryTablesOptions = {}) {
    this.#options = options
  }

  transaction<T>(work: () => Ending<T>): T {
    this.#undo = []
    this.#changes = []
    try {
      const ending = work()
      if ('rollback' in ending) {
        this.#rollBack()
        return ending.rollback
      }
      this.#options.interrupt?.('commit')
      const changes = this.#changes
      this.#undo = []
      this.#changes = []
      if (changes.length > 0) this.#options.changed?.(changes)
      return ending.commit
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** A statement begins. */
  begin(statement: Statement): void {
    this.#options.interrupt?.(statement)
  }

  rangeOf(column: string): CountRange {
    return this.#options.ranges?.[column] ?? int64
  }

  counts(table: string): Map<string, MemoryCountRow> {
    return inner(this.#counts, table)
  }

  get buckets(): ReadonlyMap<string, MemoryBucketRow> {
    return this.#buckets
  }

  history(uid: string): Map<string, LatestRead> {
    return inner(this.#history, uid)
  }

  get users(): readonly string[] {
    return [...this.#history.keys()]
  }

  offsets(group: string): Map<string, StoredOffset> {
    return inner(this.#offsets, group)
  }

  setCount(table: string, item: string, after: MemoryCountRow): void {
    const before = this.counts(table).get(item)
    this.#set(this.counts(table), item, after)
    this.#changes.push({ table, before, after })
  }

  setBucket(key: string, row: MemoryBucketRow): void {
    this.#set(this.#buckets, key, row)
  }

  setRead(item: string, read: LatestRead): void {
    this.#set(this.history(read.uid), item, read)
  }

  setOffset(group: string, partition: string, offset: StoredOffset): void {
    this.#set(this.offsets(group), partition, offset)
  }

  #set<V>(map: Map<string, V>, key: string, value: V): void {
    const before = map.get(key)
    this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    map.set(key, value)
  }

  #rollBack(): void {
    for (const undo of this.#undo.reverse()) undo()
    this.#undo = []
  }
}

const inner = <V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> => {
  const known = maps.get(key)
  if (known !== undefined) return known
  const made = new Map<string, V>()
  maps.set(key, made)
  return made
}
