/**
 * Users' latest reads in Postgres, with the offsets in one statement (see write-batch.ts). Needs SELECT, INSERT and
 * UPDATE on `consumer_offsets` and `read_history`. Memory: the values of one batch.
 */
import type { HistoryBatch } from '../../core/history-batch.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, HistoryStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool } from './connection.js'
import { ownTableFindings } from './own-tables.js'
import { takePartitions, writeBatch } from './write-batch.js'
import { writeReads } from './write-reads.js'

export class PostgresHistoryStore implements HistoryStore {
  readonly #pool: PostgresPool

  /** Opens no connection yet. */
  constructor(options: PostgresOptions) {
    this.#pool = createPostgresPool(options)
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Promise<Claim> {
    return takePartitions(this.#pool, group, partitions, unknown)
  }

  write(claim: Claim, span: Span, { reads }: HistoryBatch): Promise<WriteOutcome> {
    return writeBatch(this.#pool, claim, span, 'writing reads', {
      items: reads.length,
      part: (first, end) => (condition) => (first === end ? [] : [writeReads(reads.slice(first, end), condition)]),
      tell: async (_session, why) => why,
    })
  }

  /** What keeps reads from being written; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return this.#pool.use((session) => ownTableFindings(session, this.#pool.user, ['consumer_offsets', 'read_history']))
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
