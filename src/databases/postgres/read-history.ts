/**
 * Users' read history in Postgres: pages, erasure, retention. Needs SELECT and DELETE on `read_history`, and UPDATE to
 * lock what is deleted.
 *
 * Order: the latest read first; reads of one millisecond by item, backwards. Deletes are committed in parts of 1,000
 * rows, so that a writer never waits long; after an error, what was committed stays deleted. Memory: one page.
 */
import type { SQLFragment } from 'zapatos/db'
import { RanktideError } from '../../core/errors.js'
import type { HistoryEntry, HistoryPlace, ReadHistory } from '../../operators/batch-store.js'
import type { Finding } from '../finding.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool } from './connection.js'
import { ServerRefusal } from './database-error.js'
import { deleteReadsBefore, deleteReadsOf } from './delete-reads.js'
import { ownTableFindings } from './own-tables.js'
import { entryOf, readPage } from './read-page.js'

const part = 1_000

/** SQLSTATE 42P01: there is no such table. */
const asMissing = (error: unknown): unknown =>
  error instanceof ServerRefusal && error.state === '42P01'
    ? new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
    : error

export class PostgresReadHistory implements ReadHistory {
  readonly #pool: PostgresPool

  /** Opens no connection yet. */
  constructor(options: PostgresOptions) {
    this.#pool = createPostgresPool(options)
  }

  async page(uid: string, limit: number, before?: HistoryPlace): Promise<readonly HistoryEntry[]> {
    const rows = await this.#run('reading a page', readPage(uid, limit, before))
    return rows.map(entryOf)
  }

  erase(uid: string): Promise<number> {
    return this.#inParts(Number.POSITIVE_INFINITY, (most) => deleteReadsOf(uid, most))
  }

  expire(before: number, most: number): Promise<number> {
    return this.#inParts(most, (rows) => deleteReadsBefore(before, rows))
  }

  /** What keeps reads from being read and deleted; DATABASE_* errors are thrown. */
  preflight(): Promise<readonly Finding[]> {
    return this.#pool.use((session) => ownTableFindings(session, this.#pool.user, ['read_history'], 'deletes'))
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #run<T>(what: string, statement: SQLFragment<T>): Promise<T> {
    return this.#pool
      .use((session) => session.run(what, statement))
      .catch((error: unknown) => {
        throw asMissing(error)
      })
  }

  async #inParts(
    most: number,
    statement: (most: number) => SQLFragment<readonly { readonly rows: string }[]>,
  ): Promise<number> {
    let deleted = 0
    for (;;) {
      const rows = Math.min(part, most - deleted)
      if (rows <= 0) return deleted
      const [found] = await this.#run('deleting reads', statement(rows))
      const now = Number(found?.rows ?? 0)
      deleted += now
      if (now < rows) return deleted
    }
  }
}
