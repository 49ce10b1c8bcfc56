/**
 * Users' latest reads in MySQL or MariaDB, with the offsets in one transaction (see write-batch.ts). Needs SELECT, INSERT
 * and UPDATE on `consumer_offsets` and `read_history`. Memory: the text of two batches.
 */
import type { HistoryBatch } from '../../core/history-batch.js'
import type { Positions } from '../../core/positions.js'
import type { Claim, HistoryStore, Span, WriteOutcome } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import type { MysqlPool } from './connection.js'
import { type MysqlStoreOptions, openWriters } from './count-store.js'
import { ownTableFindings } from './own-tables.js'
import { readStatements } from './upsert-reads.js'
import { useInTurns } from './use-in-turns.js'
import { takePartitions, writeBatch } from './write-batch.js'

export class MysqlHistoryStore implements HistoryStore {
  readonly #pool: MysqlPool
  readonly #batches: Pick<MysqlPool, 'use'>

  /** Opens no connection yet. */
  constructor(options: MysqlStoreOptions) {
    this.#pool = openWriters(options)
    this.#batches = useInTurns(this.#pool)
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Promise<Claim> {
    return takePartitions(this.#pool, group, partitions, unknown)
  }

  write(claim: Claim, span: Span, { reads }: HistoryBatch): Promise<WriteOutcome> {
    return writeBatch(this.#batches, claim, span, { statements: readStatements(reads) })
  }

  /** What keeps reads from being written; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return ownTableFindings(this.#pool, ['consumer_offsets', 'read_history'])
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
