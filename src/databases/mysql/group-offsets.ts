/** Offsets of consumer groups in MySQL and MariaDB, for commands. Setting needs SELECT, INSERT and UPDATE on their table. */
import { RanktideError } from '../../core/errors.js'
import { type Positions, partitionId } from '../../core/positions.js'
import {
  type GroupOffsets,
  type OffsetChanges,
  type OffsetStatements,
  setOffsets,
  throwFirst,
} from '../group-offsets.js'
import { createMysqlPool, type MysqlPool, type Session } from './connection.js'
import { lockOffsets, moveOffsets, raiseEpochs } from './consumer-offsets.js'
import { type MysqlStoreOptions, openWriters } from './count-store.js'
import { ServerRefusal } from './database-error.js'
import { ownTableFindings } from './own-tables.js'
import { inTransaction } from './transaction.js'

/** Errors of a table, and of a database, that is not there. */
const missing: readonly number[] = [1146, 1049]

export class MysqlGroupOffsets implements GroupOffsets {
  readonly #reader: MysqlPool
  readonly #writers: MysqlPool

  /** Opens no connection yet. */
  constructor(options: MysqlStoreOptions) {
    this.#reader = createMysqlPool({ ...options, timeZone: '+00:00', connections: 1 })
    this.#writers = openWriters(options)
  }

  async read(group: string): Promise<Positions> {
    const statement = 'SELECT topic, partition_id, next_offset FROM consumer_offsets WHERE consumer_group = ?'
    try {
      const { rows } = await this.#reader.use((session) => session.query('reading offsets', statement, [group]))
      return new Map(
        rows.map(([topic, partition, next]) => [partitionId(topic ?? '', Number(partition)), Number(next)]),
      )
    } catch (error) {
      if (error instanceof ServerRefusal && missing.includes(error.errno))
        throw new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
      throw error
    }
  }

  async set(groups: ReadonlyMap<string, OffsetChanges>): Promise<readonly string[]> {
    throwFirst(await ownTableFindings(this.#writers, ['consumer_offsets']))
    return inTransaction(this.#writers, async (session) => {
      const elsewhere = await setOffsets(groups, statementsOn(session))
      return elsewhere.length > 0 ? { rollback: elsewhere } : { commit: elsewhere }
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#writers.close()])
  }
}

const statementsOn = (session: Session): OffsetStatements => ({
  take: async (group, offsets) => {
    await raiseEpochs(session, group, offsets)
    return lockOffsets(session, group, offsets.keys())
  },
  move: async (group, moves) => {
    const { affected } = await session.query('setting offsets', moveOffsets(group, moves))
    if (affected !== moves.size)
      throw new RanktideError('DATABASE_CONFLICT', `the offsets of group ${group} were changed from outside meanwhile`)
  },
})
