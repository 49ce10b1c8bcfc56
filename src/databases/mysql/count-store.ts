/**
 * Counts in MySQL or MariaDB: the counted table, its buckets and the offsets move in one transaction (see
 * write-batch.ts). Needs SELECT, INSERT and UPDATE on these tables. Memory: the text of two batches.
 */
import type { CountBatch } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, CountStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import { createMysqlPool, type MysqlPool } from './connection.js'
import { countPreflight } from './count-preflight.js'
import type { RowsStatement } from './upsert.js'
import { bucketStatements } from './upsert-buckets.js'
import { addCounts, countStatements } from './upsert-counts.js'
import { takePartitions, writeBatch } from './write-batch.js'

export interface MysqlStoreOptions {
  /** `mysql://user:password@host:port/database`: ranktide's own tables are in that database. */
  readonly url: string
  /** Limit of every statement and of connecting, in ms. */
  readonly timeoutMs: number
}

/** A take, and a check beside it. */
export const openWriters = ({ url, timeoutMs }: MysqlStoreOptions): MysqlPool =>
  createMysqlPool({ url, timeoutMs, timeZone: '+00:00', connections: 2, writes: true })

/**
 * Batches have one connection: the next one waits here for the answer to the one before, not there for its locks. Two
 * connections in turns have two threads of the server, and what one has in its processor's cache the other one lacks: they
 * took a tenth longer (`scripts/bench/counters`).
 */
export const openBatchWriter = ({ url, timeoutMs }: MysqlStoreOptions): MysqlPool =>
  createMysqlPool({ url, timeoutMs, timeZone: '+00:00', connections: 1, writes: true })

export class MysqlCountStore implements CountStore {
  readonly #pool: MysqlPool
  readonly #batches: MysqlPool
  readonly #spec: CounterSpec

  /** Opens no connection yet. */
  constructor({ spec, ...options }: MysqlStoreOptions & { readonly spec: CounterSpec }) {
    this.#spec = spec
    this.#pool = openWriters(options)
    this.#batches = openBatchWriter(options)
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Promise<Claim> {
    return takePartitions(this.#pool, group, partitions, unknown)
  }

  write(claim: Claim, span: Span, batch: CountBatch): Promise<WriteOutcome> {
    return writeBatch(this.#batches, claim, span, {
      statements: this.#statementsOf(batch),
      findRefused: (session) => addCounts(session, this.#spec, batch.increments),
    })
  }

  #statementsOf({ increments, buckets }: CountBatch): readonly RowsStatement[] {
    return [...countStatements(this.#spec, increments), ...bucketStatements(this.#spec.name, buckets)]
  }

  /** What keeps this counter from being written, and what would be a surprise; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return countPreflight(this.#pool, this.#spec)
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#batches.close()])
  }
}
