/**
 * Connections to one MySQL or MariaDB server.
 *
 * Guarantees: every statement ends within the timeout, with rows or with a DATABASE_* error; after any error the
 * connection is destroyed, so no half-open transaction or late answer meets the next user; nothing is retried here.
 * Memory: at most `connections` sockets and the rows of the statements under way.
 *
 * A statement is bounded from both ends. The server's own limit stops it there even when this process was killed or
 * cut off, and works through proxies, whose connection ids KILL QUERY would miss. It does not cover everything (MySQL
 * limits SELECTs only; neither server notices that the client is gone), so lock waits are bounded too, and the client
 * gives up by its own clock and destroys the connection.
 */
import mysql, { type Pool, type PoolConnection } from 'mysql2/promise'
import { RanktideError } from '../../core/errors.js'
import { withDeadline } from '../deadline.js'
import { asDatabaseError } from './database-error.js'
import { parseDatabaseUrl } from './database-url.js'
import { listDatabases, nearestOf } from './databases.js'

export interface MysqlOptions {
  /** `mysql://user:password@host:port/database` */
  readonly url: string
  /** Limit of every statement and of connecting, in ms. */
  readonly timeoutMs: number
  /** The zone in which TIMESTAMP columns are printed, as `+00:00`: that of Canal's JVM. */
  readonly timeZone: string
  /** How many connections may be open at once; more users wait their turn. */
  readonly connections: number
  /**
   * For transactions that write: nothing is committed by itself, READ COMMITTED (a write locks the rows that it names and
   * no gaps between them), and lock waits end with an answer before the statement's own limit.
   */
  readonly writes?: boolean
}

/** One row in select order; every value is the server's own text. */
export type SqlRow = readonly (string | null)[]

export interface SqlResult {
  readonly columns: readonly string[]
  readonly rows: readonly SqlRow[]
  /** What LAST_INSERT_ID(…) was set to; 0 where the statement sets none. */
  readonly insertId: number
  /** Rows that an UPDATE or DELETE found; an upsert counts 1 for a new row and 2 for one that it changed. */
  readonly affected: number
}

/** A connection in use. `what` names the statement in errors. */
export interface Session {
  query(what: string, sql: string, params?: readonly (string | number)[]): Promise<SqlResult>
  /**
   * Statements without results in one message, on a pool of writers: carried out one after the other until one fails, with
   * no way to the client and back between them.
   */
  together(what: string, statements: readonly string[]): Promise<void>
}

export interface MysqlPool {
  /** `host:port`, for messages. */
  readonly address: string
  /** The database that the URL names. */
  readonly database: string | undefined
  /** Runs `work` on one connection, which it has for itself until it returns. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Lets statements under way end, within the timeout, and closes all connections; whoever waits for one is refused. */
  close(): Promise<void>
}

/**
 * - The executable comments give each server its own limit: MariaDB skips `/*!50708`, MySQL skips `/*M!`.
 * - sql_mode: none of the modes that change what is read or how text is quoted (PAD_CHAR_TO_FULL_LENGTH, ANSI_QUOTES,
 *   NO_BACKSLASH_ESCAPES), whatever the server's default is.
 * - max_sort_length: keys of up to 3072 bytes, percent-encoded as members, must not be cut when they are sorted.
 * - wait_timeout: the locks of a transaction whose client was cut off are given back then; servers notice no earlier.
 */
const sessionSettings = (options: MysqlOptions): string => {
  const seconds = Math.ceil(options.timeoutMs / 1000)
  const lockWait = options.writes === true ? Math.max(1, Math.floor(seconds / 2)) : seconds
  return [
    `SET SESSION /*!50708 max_execution_time = ${options.timeoutMs}, */`,
    `/*M! max_statement_time = ${options.timeoutMs / 1000}, */`,
    `lock_wait_timeout = ${lockWait}, innodb_lock_wait_timeout = ${lockWait},`,
    ...(options.writes === true ? [`autocommit = 0, wait_timeout = ${abandonedAfter(seconds)},`] : ['autocommit = 1,']),
    `sql_mode = 'STRICT_ALL_TABLES', max_sort_length = 16384, time_zone = ?`,
  ].join(' ')
}

/** How long a connection of writers may be silent, in seconds. */
const abandonedAfter = (statementSeconds: number): number => Math.max(10, 2 * statementSeconds)

const sessionOn = (connection: PoolConnection, address: string, timeoutMs: number): Session => {
  const ask = async (what: string, sql: string, params: readonly (string | number)[]) => {
    const answer = connection.query({
      sql,
      // Without values, not with none: the text would be searched for placeholders, and batches are long.
      ...(params.length > 0 ? { values: [...params] } : {}),
      rowsAsArray: true,
      typeCast: (field) => field.string(),
    })
    const late = () => new RanktideError('DATABASE_TIMEOUT', `${address}: ${what}: no answer in ${timeoutMs} ms`)
    try {
      return await withDeadline(answer, timeoutMs, late)
    } catch (error) {
      throw asDatabaseError(error, what, address)
    }
  }
  return {
    query: async (what, sql, params = []) => {
      const [result, fields] = await ask(what, sql, params)
      return Array.isArray(result)
        ? {
            columns: fields.map((field) => field.name),
            rows: result as unknown as readonly SqlRow[],
            insertId: 0,
            affected: 0,
          }
        : { columns: [], rows: [], insertId: result.insertId, affected: result.affectedRows }
    },
    together: async (what, statements) => {
      await ask(what, statements.join(';'), [])
    },
  }
}

const openPool = (options: MysqlOptions): Pool => {
  const { host, port, user, password, database } = parseDatabaseUrl(options.url)
  return mysql.createPool({
    host,
    port,
    user,
    password,
    ...(database === undefined ? {} : { database }),
    charset: 'utf8mb4',
    connectTimeout: options.timeoutMs,
    connectionLimit: options.connections,
    // Idle ones are closed here before the server does it: mysql2 looks for them only if fewer may be idle than open.
    ...(options.writes === true
      ? {
          multipleStatements: true,
          maxIdle: options.connections - 1,
          idleTimeout: 500 * abandonedAfter(Math.ceil(options.timeoutMs / 1000)),
          gracefulEnd: true,
        }
      : {}),
    // Session settings are made once a connection; a reset at each release would undo them.
    resetOnRelease: false,
  })
}

/** Unknown database, or one that the user has no rights on, which servers do not tell apart for every user. */
const refusesDatabase = (error: unknown): boolean =>
  error instanceof Error && 'errno' in error && (error.errno === 1049 || error.errno === 1044)

/** What could have been meant, as the end of a sentence, asked on a connection that names no database. */
const otherDatabases = async (options: MysqlOptions, database: string): Promise<string> => {
  const url = new URL(options.url)
  url.pathname = '/'
  const pool = createMysqlPool({ ...options, url: url.href, connections: 1 })
  try {
    return nearestOf(database, await pool.use(listDatabases))
  } catch {
    return ''
  } finally {
    await pool.close()
  }
}

/** Opens no connection yet: the first user does. */
export const createMysqlPool = (options: MysqlOptions): MysqlPool => {
  const { host, port, database } = parseDatabaseUrl(options.url)
  const address = `${host}:${port}`
  const pool = openPool(options)
  const prepared = new WeakSet<object>()

  const connect = async (): Promise<PoolConnection> => {
    try {
      return await pool.getConnection()
    } catch (error) {
      const known = asDatabaseError(error, 'connecting', address)
      if (database === undefined || !refusesDatabase(error)) throw known
      throw new RanktideError(known.code, `${known.detail}${await otherDatabases(options, database)}`)
    }
  }
  const prepare = async (connection: PoolConnection, session: Session): Promise<void> => {
    if (prepared.has(connection.connection)) return
    await session.query('session settings', sessionSettings(options), [options.timeZone])
    const level = options.writes === true ? 'READ COMMITTED' : 'REPEATABLE READ'
    await session.query('isolation level', `SET SESSION TRANSACTION ISOLATION LEVEL ${level}`)
    prepared.add(connection.connection)
  }

  return {
    address,
    database,
    use: async (work) => {
      const connection = await connect()
      const session = sessionOn(connection, address, options.timeoutMs)
      try {
        await prepare(connection, session)
        const result = await work(session)
        connection.release()
        return result
      } catch (error) {
        connection.destroy()
        throw error
      }
    },
    close: async () => {
      const late = () => new RanktideError('DATABASE_TIMEOUT', `${address}: closing`)
      // What a hanging server leaves open ends with the process; who closes has nothing better to do about it.
      await withDeadline(pool.end(), options.timeoutMs, late).catch(() => {})
    },
  }
}
