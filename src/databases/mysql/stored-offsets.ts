/** Offsets that a group has stored, for who looks on: no lock is taken, and nothing is waited for. */
import { RanktideError } from '../../core/errors.js'
import { type Positions, partitionId } from '../../core/positions.js'
import type { MysqlPool } from './connection.js'
import { ServerRefusal } from './database-error.js'

/** Next offset by partition; MIGRATION_MISSING where the table, or its database, is not there. */
export const readStoredOffsets = async (pool: MysqlPool, group: string): Promise<Positions> => {
  try {
    const { rows } = await pool.use((session) =>
      session.query(
        'reading offsets',
        'SELECT topic, partition_id, next_offset FROM consumer_offsets WHERE consumer_group = ?',
        [group],
      ),
    )
    return new Map(rows.map(([topic, partition, next]) => [partitionId(topic ?? '', Number(partition)), Number(next)]))
  } catch (error) {
    if (error instanceof ServerRefusal && (error.errno === 1146 || error.errno === 1049))
      throw new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
    throw error
  }
}
