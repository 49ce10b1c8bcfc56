/** Offsets that a group has stored, for who looks on: no lock is taken, and nothing is waited for. */
import { param, sql } from 'zapatos/db'
import type * as s from 'zapatos/schema'
import { RanktideError } from '../../core/errors.js'
import { type Positions, partitionId } from '../../core/positions.js'
import type { PostgresPool } from './connection.js'
import type { OffsetRow } from './consumer-offsets.js'
import { ServerRefusal } from './database-error.js'

/** Next offset by partition; MIGRATION_MISSING where the table is not there. */
export const readStoredOffsets = async (pool: PostgresPool, group: string): Promise<Positions> => {
  const statement = sql<s.consumer_offsets.SQL, OffsetRow[]>`
    SELECT ${'topic'}, ${'partition_id'}, ${'next_offset'}, ${'epoch'} FROM ${'consumer_offsets'}
    WHERE ${'consumer_group'} = ${param(group)}`
  try {
    const rows = await pool.use((session) => session.run('reading offsets', statement))
    return new Map(rows.map((row) => [partitionId(row.topic, row.partition_id), Number(row.next_offset)]))
  } catch (error) {
    if (error instanceof ServerRefusal && error.state === '42P01')
      throw new RanktideError('MIGRATION_MISSING', `${error.detail}; run: ranktide migrate`)
    throw error
  }
}
