/** Offsets of consumer groups in MySQL and MariaDB, for commands. Setting needs SELECT, INSERT and UPDATE on their table. */
import { RanktideError } from '../../core/errors.js'
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
import { createMysqlPool, type MysqlPool, type Session } from './connection.js'
import { lockOffsets, moveOffsets, raiseEpochs } from './consumer-offsets.js'
import { type MysqlStoreOptions, openWriters } from './count-store.js'
import { ownTableFindings } from './own-tables.js'
import { readStoredOffsets } from './stored-offsets.js'
import { inTransaction } from './transaction.js'

export class MysqlGroupOffsets implements GroupOffsets {
  readonly #reader: MysqlPool
  readonly #writers: MysqlPool

  /** Opens no connection yet. */
  constructor(options: MysqlStoreOptions) {
    this.#reader = createMysqlPool({ ...options, timeZone: '+00:00', connections: 1 })
    this.#writers = openWriters(options)
  }

  read(group: string): Promise<Positions> {
    return readStoredOffsets(this.#reader, group)
  }

  async set(groups: ReadonlyMap<string, OffsetChanges>): Promise<readonly string[]> {
    throwFirst(await ownTableFindings(this.#writers, ['consumer_offsets']))
    return inTransaction<readonly string[]>(this.#writers, async (session) => {
      for (const [group, changes] of inOrder(groups)) {
        const elsewhere = await setGroup(session, group, changes)
        if (elsewhere.length > 0) return { rollback: elsewhere }
      }
      return { commit: [] }
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#writers.close()])
  }
}

const setGroup = async (session: Session, group: string, changes: OffsetChanges): Promise<readonly string[]> => {
  await raiseEpochs(session, group, targetsOf(changes))
  const stored = await lockOffsets(session, group, changes.keys())
  const elsewhere = movedMeanwhile(changes, stored)
  const moves = movesLeft(changes, stored)
  if (elsewhere.length > 0 || moves.size === 0) return elsewhere
  const { affected } = await session.query('setting offsets', moveOffsets(group, moves))
  if (affected !== moves.size)
    throw new RanktideError('DATABASE_CONFLICT', `the offsets of group ${group} were changed from outside meanwhile`)
  return []
}
