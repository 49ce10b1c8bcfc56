/**
 * Counts in MySQL or MariaDB: the counted table, its buckets and the offsets move in one transaction (see
 * write-batch.ts). Items of which a batch was written before are updated, the others upserted; that a row to be updated is
 * not there undoes the batch, and all of it is upserted. Needs SELECT, INSERT and UPDATE on these tables. Memory: the text
 * of two batches, and the items that are known.
 */
import type { CountBatch, Increment } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, CountStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import { createMysqlPool, type MysqlPool } from './connection.js'
import { countPreflight } from './count-preflight.js'
import { ServerRefusal } from './database-error.js'
import { KnownItems } from './known-items.js'
import { readKeyIndex, updateRefusals, updateStatements } from './update-counts.js'
import type { RowsStatement } from './upsert.js'
import { bucketStatements } from './upsert-buckets.js'
import { addCounts, countStatements } from './upsert-counts.js'
import { useInTurns } from './use-in-turns.js'
import { takePartitions, writeBatch } from './write-batch.js'

export interface MysqlStoreOptions {
  /** `mysql://user:password@host:port/database`: ranktide's own tables are in that database. */
  readonly url: string
  /** Limit of every statement and of connecting, in ms. */
  readonly timeoutMs: number
}

/** A batch, and a take and a check beside it. */
export const openWriters = ({ url, timeoutMs }: MysqlStoreOptions): MysqlPool =>
  createMysqlPool({ url, timeoutMs, timeZone: '+00:00', connections: 3, writes: true })

export class MysqlCountStore implements CountStore {
  readonly #pool: MysqlPool
  readonly #batches: Pick<MysqlPool, 'use'>
  readonly #spec: CounterSpec
  readonly #known = new KnownItems()
  /** By which known items are updated; undefined: none can be. */
  #index: Promise<string | undefined> | undefined

  /** Opens no connection yet. */
  constructor({ spec, ...options }: MysqlStoreOptions & { readonly spec: CounterSpec }) {
    this.#spec = spec
    this.#pool = openWriters(options)
    this.#batches = useInTurns(this.#pool)
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Promise<Claim> {
    return takePartitions(this.#pool, group, partitions, unknown)
  }

  async write(claim: Claim, span: Span, batch: CountBatch): Promise<WriteOutcome> {
    const { increments } = batch
    const { known, others } = this.#known.split(increments)
    const index = known.size === 0 ? undefined : await this.#keyIndex()
    const updates = index === undefined ? [] : updateStatements(this.#spec, index, known)
    try {
      const outcome = await writeBatch(this.#batches, claim, span, {
        statements: [...updates, ...this.#upserts(index === undefined ? increments : others, batch)],
        // Rows were deleted: which ones, the upserts need not know.
        instead: () => this.#upserts(increments, batch),
        findRefused: (session) => addCounts(session, this.#spec, increments),
      })
      if (outcome.kind === 'written') this.#known.add(increments)
      return outcome
    } catch (error) {
      if (index === undefined || !(error instanceof ServerRefusal) || !updateRefusals.has(error.errno)) throw error
      this.#index = Promise.resolve(undefined)
      return this.write(claim, span, batch)
    }
  }

  #keyIndex(): Promise<string | undefined> {
    this.#index ??= this.#pool
      .use((session) => readKeyIndex(session, this.#spec))
      .catch((error: unknown) => {
        this.#index = undefined
        throw error
      })
    return this.#index
  }

  #upserts(increments: readonly Increment[], { buckets }: CountBatch): readonly RowsStatement[] {
    return [...countStatements(this.#spec, increments), ...bucketStatements(this.#spec.name, buckets)]
  }

  /** What keeps this counter from being written, and what would be a surprise; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return countPreflight(this.#pool, this.#spec)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
