/** Offsets of consumer groups in Postgres, for commands. Setting needs SELECT, INSERT and UPDATE on `consumer_offsets`. */
import { sql } from 'zapatos/db'
import type { Positions } from '../../core/positions.js'
import {
  type GroupOffsets,
  inOrder,
  movedMeanwhile,
  movesLeft,
  type OffsetChanges,
  targetsOf,
  throwFirst,
} from '../group-offsets.js'
import { createPostgresPool, type PostgresOptions, type PostgresPool, type Session } from './connection.js'
import { expectedOffsets, moveOffsets, raiseEpochs, storedOffsets } from './consumer-offsets.js'
import { ownTableFindings } from './own-tables.js'
import { readStoredOffsets } from './stored-offsets.js'

export class PostgresGroupOffsets implements GroupOffsets {
  readonly #pool: PostgresPool

  /** Opens no connection yet. */
  constructor(options: PostgresOptions) {
    this.#pool = createPostgresPool(options)
  }

  read(group: string): Promise<Positions> {
    return readStoredOffsets(this.#pool, group)
  }

  set(groups: ReadonlyMap<string, OffsetChanges>): Promise<readonly string[]> {
    return this.#pool.use(async (session) => {
      throwFirst(await ownTableFindings(session, this.#pool.user, ['consumer_offsets']))
      await session.run('beginning', sql`BEGIN`)
      for (const [group, changes] of inOrder(groups)) {
        const elsewhere = await setGroup(session, group, changes)
        if (elsewhere.length === 0) continue
        await session.run('rolling back', sql`ROLLBACK`)
        return elsewhere
      }
      await session.run('committing', sql`COMMIT`)
      return []
    })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}

const setGroup = async (session: Session, group: string, changes: OffsetChanges): Promise<readonly string[]> => {
  const stored = storedOffsets(await session.run('taking partitions', raiseEpochs(group, targetsOf(changes))))
  const elsewhere = movedMeanwhile(changes, stored)
  const moves = movesLeft(changes, stored)
  if (elsewhere.length > 0 || moves.size === 0) return elsewhere
  // The rows are locked since their epochs were raised: they stand as told.
  const moving = sql`WITH expected AS (${expectedOffsets(moves)}) ${moveOffsets(group, sql`true`)}`
  await session.run('setting offsets', moving)
  return []
}
