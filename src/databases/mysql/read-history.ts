/**
 * Users' read history in MySQL or MariaDB: pages, erasure, retention. Needs SELECT and DELETE on `read_history`.
 *
 * Order: the latest read first; reads of one millisecond by item, backwards. Deletes are committed in parts of 1,000
 * rows, so that a writer never waits long; after an error, what was committed stays deleted. Memory: one page.
 */
import { RanktideError } from '../../core/errors.js'
import type { HistoryEntry, HistoryPlace, ReadHistory } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import type { MysqlPool, Session } from './connection.js'
import { type MysqlStoreOptions, openWriters } from './count-store.js'
import { ServerRefusal } from './database-error.js'
import { deleteReadsBefore, deleteReadsOf } from './delete-reads.js'
import { ownTableFindings } from './own-tables.js'
import { readPage } from './read-page.js'
import { inTransaction } from './transaction.js'

const part = 1_000

/** Errors 1146 and 1049: the table, or its database, is not there. */
const asMissing = (error: unknown): unknown =>
  error instanceof ServerRefusal && (error.errno === 1146 || error.errno === 1049)
    ? new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
    : error

export class MysqlReadHistory implements ReadHistory {
  readonly #pool: MysqlPool

  /** Opens no connection yet. */
  constructor(options: MysqlStoreOptions) {
    this.#pool = openWriters(options)
  }

  page(uid: string, limit: number, before?: HistoryPlace): Promise<readonly HistoryEntry[]> {
    return this.#transaction((session) => readPage(session, uid, limit, before))
  }

  erase(uid: string): Promise<number> {
    return this.#inParts(Number.POSITIVE_INFINITY, (session, most) => deleteReadsOf(session, uid, most))
  }

  expire(before: number, most: number): Promise<number> {
    return this.#inParts(most, (session, rows) => deleteReadsBefore(session, before, rows))
  }

  /** What keeps reads from being read and deleted; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return ownTableFindings(this.#pool, ['read_history'], 'deletes')
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return inTransaction(this.#pool, async (session) => ({ commit: await work(session) })).catch((error: unknown) => {
      throw asMissing(error)
    })
  }

  async #inParts(most: number, work: (session: Session, most: number) => Promise<number>): Promise<number> {
    let deleted = 0
    for (;;) {
      const rows = Math.min(part, most - deleted)
      const now = rows <= 0 ? 0 : await this.#transaction((session) => work(session, rows))
      deleted += now
      if (now < part) return deleted
    }
  }
}
