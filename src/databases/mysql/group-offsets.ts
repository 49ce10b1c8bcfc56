/** Offsets of consumer groups in MySQL and MariaDB, for commands. Needs SELECT, INSERT and UPDATE on `consumer_offsets`. */
import { RanktideError } from '../../core/errors.js'
import { type Positions, partitionId } from '../../core/positions.js'
import {
  type GroupOffsets,
  movedMeanwhile,
  movesLeft,
  type OffsetChange,
  targetsOf,
  throwFirst,
} from '../group-offsets.js'
import type { MysqlPool } from './connection.js'
import { lockOffsets, moveOffsets, raiseEpochs } from './consumer-offsets.js'
import { type MysqlStoreOptions, openWriters } from './count-store.js'
import { ownTableFindings } from './own-tables.js'
import { sqlString } from './sql-literal.js'
import { inTransaction } from './transaction.js'

export class MysqlGroupOffsets implements GroupOffsets {
  readonly #pool: MysqlPool
  #checked: Promise<void> | undefined

  /** Opens no connection yet. */
  constructor(options: MysqlStoreOptions) {
    this.#pool = openWriters(options)
  }

  async read(group: string): Promise<Positions> {
    await this.#check()
    const { rows } = await this.#pool.use((session) =>
      session.query(
        'reading offsets',
        `SELECT topic, partition_id, next_offset FROM consumer_offsets WHERE consumer_group = ${sqlString(group)}`,
      ),
    )
    return new Map(rows.map(([topic, partition, next]) => [partitionId(topic ?? '', Number(partition)), Number(next)]))
  }

  async set(group: string, changes: ReadonlyMap<string, OffsetChange>): Promise<readonly string[]> {
    if (changes.size === 0) return []
    await this.#check()
    return inTransaction<readonly string[]>(this.#pool, async (session) => {
      await raiseEpochs(session, group, targetsOf(changes))
      const stored = await lockOffsets(session, group, changes.keys())
      const elsewhere = movedMeanwhile(changes, stored)
      if (elsewhere.length > 0) return { rollback: elsewhere }
      const moves = movesLeft(changes, stored)
      if (moves.size === 0) return { commit: [] }
      const { affected } = await session.query('setting offsets', moveOffsets(group, moves))
      if (affected !== moves.size)
        throw new RanktideError(
          'DATABASE_CONFLICT',
          `the offsets of group ${group} were changed from outside meanwhile`,
        )
      return { commit: [] }
    })
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #check(): Promise<void> {
    this.#checked ??= ownTableFindings(this.#pool, ['consumer_offsets']).then(throwFirst)
    return this.#checked
  }
}
