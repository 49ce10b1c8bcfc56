/** Offsets of consumer groups in Postgres, for commands. Needs SELECT, INSERT and UPDATE on `consumer_offsets`. */
import { param, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import type { Positions } from '../../core/positions.js'
import {
  type GroupOffsets,
  movedMeanwhile,
  movesLeft,
  type OffsetChange,
  targetsOf,
  throwFirst,
} from '../group-offsets.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool } from './connection.js'
import { expectedOffsets, moveOffsets, type OffsetRow, raiseEpochs, storedOffsets } from './consumer-offsets.js'
import { ownTableFindings } from './own-tables.js'

export class PostgresGroupOffsets implements GroupOffsets {
  readonly #pool: PostgresPool
  #checked: Promise<void> | undefined

  /** Opens no connection yet. */
  constructor(options: PostgresOptions) {
    this.#pool = createPostgresPool(options)
  }

  async read(group: string): Promise<Positions> {
    await this.#check()
    const rows = await this.#pool.use((session) =>
      session.run(
        'reading offsets',
        sql<s.consumer_offsets.SQL, OffsetRow[]>`
          SELECT ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'} FROM ${'consumer_offsets'}
          WHERE ${'consumer_group'} = ${param(group)}`,
      ),
    )
    return new Map([...storedOffsets(rows)].map(([id, { next }]) => [id, next]))
  }

  async set(group: string, changes: ReadonlyMap<string, OffsetChange>): Promise<readonly string[]> {
    if (changes.size === 0) return []
    await this.#check()
    return this.#pool.use(async (session) => {
      await session.run('beginning', sql`BEGIN`)
      const stored = storedOffsets(await session.run('taking partitions', raiseEpochs(group, targetsOf(changes))))
      const elsewhere = movedMeanwhile(changes, stored)
      const moves = movesLeft(changes, stored)
      if (elsewhere.length === 0 && moves.size > 0) {
        // The rows are locked since their epochs were raised: they stand as told.
        const moving = sql`WITH expected AS (${expectedOffsets(moves)}) ${moveOffsets(group, sql`true`)}`
        await session.run('setting offsets', moving)
      }
      await session.run('ending', elsewhere.length > 0 ? sql`ROLLBACK` : sql`COMMIT`)
      return elsewhere
    })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #check(): Promise<void> {
    this.#checked ??= this.#pool
      .use((session) => ownTableFindings(session, this.#pool.user, ['consumer_offsets']))
      .then(throwFirst)
    return this.#checked
  }
}
