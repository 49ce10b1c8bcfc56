/** Whether the tables that `ranktide migrate` makes are there, as this version needs them, and may be used. */
import { RanktideError } from '../../core/errors.js'
import type { Finding } from '../finding.js'
import { readAccount } from './account.js'
import type { MysqlPool, Session } from './connection.js'
import { sqlName } from './sql-name.js'
import { inTransaction } from './transaction.js'

const columnsOf = {
  consumer_offsets: ['consumer_group', 'topic', 'partition_id', 'next_offset', 'epoch', 'updated_at'],
  count_buckets: ['counter', 'unit', 'bucket_start', 'biz', 'biz_id', 'events'],
  read_history: ['uid', 'biz', 'biz_id', 'read_at'],
} as const

export type OwnTable = keyof typeof columnsOf

/** What is asked of a table: `deletes` beside SELECT, or SELECT, INSERT and UPDATE. */
export type Use = 'writes' | 'deletes'

const rightsOf = { writes: 'SELECT, INSERT, UPDATE', deletes: 'SELECT, DELETE' } as const

const missingFinding = async (session: Session, table: OwnTable): Promise<Finding | undefined> => {
  const { rows } = await session.query(
    `looking for ${table}`,
    'SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [table],
  )
  const found = rows.map(([name]) => name)
  const missing = columnsOf[table].filter((name) => !found.includes(name))
  if (missing.length === 0) return undefined
  const what =
    found.length === 0
      ? 'is not there, or the user may not see it'
      : `has no column ${missing.join(', ')}: it is an older one, or not ranktide's`
  return {
    level: 'error',
    code: 'MIGRATION_MISSING',
    message: `the table ${table} ${what}; run: ranktide migrate`,
  }
}

/** Statements that need the rights of real ones and touch no row. */
const trials = (table: string, columns: readonly string[], use: Use): readonly string[] => {
  if (use === 'deletes') return [`DELETE FROM ${table} WHERE 1 = 0`, `SELECT 1 FROM ${table} WHERE 1 = 0`]
  const names = columns.map(sqlName)
  const last = names.at(-1)
  return [
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map(() => 'NULL').join(', ')} FROM DUAL WHERE 1 = 0` +
      ` ON DUPLICATE KEY UPDATE ${last} = VALUES(${last})`,
    `SELECT ${last} FROM ${table} WHERE 1 = 0 FOR UPDATE`,
  ]
}

/** Undefined if the account may use the table so. `table`: as SQL takes it; `columns`: those that new rows are given. */
export const deniedFinding = async (
  pool: MysqlPool,
  table: string,
  columns: readonly string[],
  use: Use,
): Promise<Finding | undefined> => {
  try {
    await inTransaction(pool, async (session) => {
      for (const trial of trials(table, columns, use)) await session.query(`trying ${table}`, trial)
      return { rollback: undefined }
    })
    return undefined
  } catch (error) {
    if (!(error instanceof RanktideError) || error.code !== 'DATABASE_DENIED') throw error
    const account = await pool.use(readAccount)
    const message = `the user may not ${use === 'deletes' ? 'delete from' : 'write to'} ${table}; run: GRANT ${rightsOf[use]} ON ${table} TO ${account}`
    return { level: 'error', code: 'DATABASE_DENIED', message }
  }
}

/** Throws DATABASE_*, which say nothing about the tables. */
export const ownTableFindings = async (
  pool: MysqlPool,
  tables: readonly OwnTable[],
  use: Use = 'writes',
): Promise<readonly Finding[]> => {
  const { database } = pool
  if (database === undefined) {
    const message = 'database.url names no database: that of the tables of ranktide has to be in it'
    return [{ level: 'error', code: 'CONFIG_INVALID', message }]
  }
  const findings: Finding[] = []
  for (const table of tables) {
    const missing = await pool.use((session) => missingFinding(session, table))
    const name = `${sqlName(database)}.${sqlName(table)}`
    const finding = missing ?? (await deniedFinding(pool, name, columnsOf[table], use))
    if (finding !== undefined) findings.push(finding)
  }
  return findings
}
