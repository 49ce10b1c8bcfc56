/** MySQL or MariaDB as migrations see it: a connection of its own, without the time limits of the worker's statements. */
import { createHash } from 'node:crypto'
import mysql, { type Connection } from 'mysql2/promise'
import { RanktideError } from '../../core/errors.js'
import type { MigrationTarget } from '../migrations/migration-target.js'
import { quoteAccount } from './account.js'
import { asDatabaseError } from './database-error.js'
import { parseDatabaseUrl } from './database-url.js'
import { sqlName } from './sql-name.js'

/** How long another process may take, in seconds. */
const patience = 60

/** Locks are of the whole server, and their names have at most 64 characters. A lock ends with its connection. */
const lockName = (database: string): string =>
  `ranktide.migrate.${createHash('sha256').update(database).digest('hex').slice(0, 32)}`

const open = async (url: string, timeoutMs: number): Promise<Connection> => {
  const { host, port, user, password, database = '' } = parseDatabaseUrl(url)
  try {
    const connection = await mysql.createConnection({
      host,
      port,
      user,
      password,
      database,
      charset: 'utf8mb4',
      connectTimeout: timeoutMs,
    })
    // A broken connection is an error of the statement that meets it.
    connection.on('error', () => {})
    await connection.query(
      `SET SESSION sql_mode = 'STRICT_ALL_TABLES', time_zone = '+00:00', lock_wait_timeout = ${patience}`,
    )
    return connection
  } catch (error) {
    throw asDatabaseError(error, 'connecting', `${host}:${port}`)
  }
}

const withoutRights: ReadonlySet<unknown> = new Set([1044, 1142, 1227])

/** Migrations hold no values: what the server says of them may be told. */
const said = async (connection: Connection, database: string, error: unknown): Promise<RanktideError> => {
  const { message = 'the connection was lost', errno } = (error ?? {}) as { message?: string; errno?: unknown }
  if (!withoutRights.has(errno)) return new RanktideError('DATABASE_QUERY', `${message} (${String(errno)})`)
  const [rows] = await connection.query('SELECT CURRENT_USER() AS account')
  const account = Array.isArray(rows) ? String((rows[0] as { account?: unknown } | undefined)?.account) : ''
  const grant = `GRANT CREATE, ALTER, SELECT, INSERT ON ${sqlName(database)}.* TO ${quoteAccount(account)}`
  return new RanktideError('DATABASE_DENIED', `${message} (${String(errno)}); run: ${grant}`)
}

export const openMysqlMigrations = async (url: string, timeoutMs: number): Promise<MigrationTarget> => {
  const { host, port, database } = parseDatabaseUrl(url)
  if (database === undefined) {
    throw new RanktideError('CONFIG_INVALID', 'database.url names no database: the tables of ranktide are made in it')
  }
  const connection = await open(url, timeoutMs)
  const query = async (sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    try {
      const [rows] = await connection.query(sql)
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
    } catch (error) {
      throw await said(connection, database, error)
    }
  }
  return {
    driver: 'mysql',
    place: `${host}:${port}/${database}`,
    database,
    schema: undefined,
    directory: new URL('./migrations/', import.meta.url),
    query,
    alone: async (work) => {
      const name = lockName(database)
      const [row] = await query(`SELECT GET_LOCK('${name}', ${patience}) AS locked`)
      if (Number(row?.locked) !== 1) {
        throw new RanktideError('DATABASE_CONFLICT', `another process has been migrating for ${patience} s`)
      }
      try {
        return await work()
      } finally {
        await query(`SELECT RELEASE_LOCK('${name}')`).catch(() => {})
      }
    },
    close: () => connection.end().catch(() => connection.destroy()),
  }
}
