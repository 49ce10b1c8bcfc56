/** Makes the example's tables from its plain SQL files, each file once, in order; the table webook_migrations keeps which. */
import { fileURLToPath } from 'node:url'
import Postgrator from 'postgrator'
import { RanktideError } from '../../src/core/errors.js'
import type { MysqlPool } from '../../src/databases/mysql/connection.js'

const pattern = fileURLToPath(new URL('./migrations/*.sql', import.meta.url))

/** The files that were applied now. Fails with DATABASE_*, or with MIGRATION_FAILED for a file that has been changed. */
export const migrate = async (pool: MysqlPool): Promise<readonly string[]> => {
  const execQuery = async (sql: string) => {
    const { columns, rows } = await pool.use((session) => session.query('migrating', sql))
    return { rows: rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null]))) }
  }
  const postgrator = new Postgrator({
    driver: 'mysql',
    migrationPattern: pattern,
    schemaTable: 'webook_migrations',
    ...(pool.database === undefined ? {} : { database: pool.database }),
    execQuery,
  })
  try {
    const applied = await postgrator.migrate()
    return applied.map(({ filename }) => filename.slice(filename.lastIndexOf('/') + 1))
  } catch (error) {
    if (error instanceof RanktideError) throw error
    throw new RanktideError('MIGRATION_FAILED', error instanceof Error ? error.message : String(error))
  }
}
