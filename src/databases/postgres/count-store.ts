/**
 * Counts in Postgres: the counted table, its buckets and the offsets move in one statement (see write-batch.ts). Needs
 * SELECT, INSERT and UPDATE on these tables. Memory: the values of one batch.
 */
import type { SQLFragment } from 'zapatos/db'
import type { BucketIncrement, CountBatch } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import { itemText } from '../../core/folding.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, CountStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import { addBuckets } from './add-buckets.js'
import { addCounts } from './add-counts.js'
import type { Batch } from './batch-additions.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool } from './connection.js'
import { countPreflight } from './count-preflight.js'
import { rangesOf, readCountedTable } from './counted-table.js'
import { quotedTable } from './sql-name.js'
import { takePartitions, writeBatch } from './write-batch.js'

const partOf = ({ increments, buckets }: CountBatch, first: number, end: number): CountBatch => {
  if (first === 0 && end === increments.length) return { increments, buckets }
  const part = increments.slice(first, end)
  const names = new Set(part.map(itemText))
  return { increments: part, buckets: buckets.filter((bucket) => names.has(itemText(bucket))) }
}

const additionsOf = (spec: CounterSpec, { increments, buckets }: CountBatch, condition: SQLFragment): SQLFragment[] => {
  const bucketsOf = (some: readonly BucketIncrement[]) =>
    some.length === 0 ? [] : [addBuckets(spec.name, some, condition)]
  return increments.length === 0 ? bucketsOf(buckets) : [addCounts(spec, increments, condition), ...bucketsOf(buckets)]
}

const batchOf = (spec: CounterSpec, batch: CountBatch): Batch => {
  let ranges: Promise<string> | undefined
  return {
    items: batch.increments.length,
    part: (first, end) => (condition) => additionsOf(spec, partOf(batch, first, end), condition),
    tell: async (session, why) => {
      ranges ??= readCountedTable(session, spec.table).then((table) => rangesOf(spec, table))
      return `${why}: ${await ranges}`
    },
  }
}

export class PostgresCountStore implements CountStore {
  readonly #pool: PostgresPool
  readonly #spec: CounterSpec

  /** Opens no connection yet. */
  constructor({ spec, ...options }: PostgresOptions & { readonly spec: CounterSpec }) {
    this.#spec = spec
    this.#pool = createPostgresPool(options)
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Promise<Claim> {
    return takePartitions(this.#pool, group, partitions, unknown)
  }

  write(claim: Claim, span: Span, batch: CountBatch): Promise<WriteOutcome> {
    return writeBatch(this.#pool, claim, span, `adding to ${quotedTable(this.#spec.table)}`, batchOf(this.#spec, batch))
  }

  /** What keeps this counter from being written, and what would be a surprise; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return countPreflight(this.#pool, this.#spec)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
