/** Offsets of consumer groups in Postgres, for commands. Setting needs SELECT, INSERT and UPDATE on `consumer_offsets`. */
import { param, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import { RanktideError } from '../../core/errors.js'
import type { Positions } from '../../core/positions.js'
import {
  type GroupOffsets,
  type OffsetChanges,
  type OffsetStatements,
  setOffsets,
  throwFirst,
} from '../group-offsets.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool, type Session } from './connection.js'
import { expectedOffsets, moveOffsets, type OffsetRow, raiseEpochs, storedOffsets } from './consumer-offsets.js'
import { ServerRefusal } from './database-error.js'
import { ownTableFindings } from './own-tables.js'

/** The state of an error of a table that is not there. */
const missing = '42P01'

export class PostgresGroupOffsets implements GroupOffsets {
  readonly #pool: PostgresPool

  /** Opens no connection yet. */
  constructor(options: PostgresOptions) {
    this.#pool = createPostgresPool(options)
  }

  async read(group: string): Promise<Positions> {
    const statement = sql<s.consumer_offsets.SQL, OffsetRow[]>`
      SELECT ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'} FROM ${'consumer_offsets'}
      WHERE ${'consumer_group'} = ${param(group)}`
    try {
      const rows = await this.#pool.use((session) => session.run('reading offsets', statement))
      return new Map([...storedOffsets(rows)].map(([id, { next }]) => [id, next]))
    } catch (error) {
      if (error instanceof ServerRefusal && error.state === missing)
        throw new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
      throw error
    }
  }

  set(groups: ReadonlyMap<string, OffsetChanges>): Promise<readonly string[]> {
    return this.#pool.use(async (session) => {
      throwFirst(await ownTableFindings(session, this.#pool.user, ['consumer_offsets']))
      await session.run('beginning', sql`BEGIN`)
      const elsewhere = await setOffsets(groups, statementsOn(session))
      if (elsewhere.length > 0) await session.run('rolling back', sql`ROLLBACK`)
      else await session.run('committing', sql`COMMIT`)
      return elsewhere
    })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

const statementsOn = (session: Session): OffsetStatements => ({
  take: async (group, offsets) => storedOffsets(await session.run('taking partitions', raiseEpochs(group, offsets))),
  move: async (group, moves) => {
    // The rows are locked since their epochs were raised: they stand as told.
    const moving = sql`WITH expected AS (${expectedOffsets(moves)}) ${moveOffsets(group, sql`true`)}`
    await session.run('setting offsets', moving)
  },
})
