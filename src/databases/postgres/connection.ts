/**
 * Connections to one Postgres server.
 *
 * Guarantees: every statement ends within the timeout, with rows or with a DATABASE_* error; after any error but one of
 * the statement itself the connection is destroyed, so no half-open transaction or late answer meets the next user;
 * nothing is retried here; a connection that breaks while nobody uses it is an error of nobody. Memory: at most
 * `connections` sockets and the rows of the statements under way.
 *
 * A statement is bounded from both ends. The server's own limits stop it there even when this process was killed or cut
 * off; they are settings of the session, so a pooler between has to keep sessions together (pgbouncer: pool_mode =
 * session). The client gives up by its own clock and destroys the connection.
 */
import pg, { type PoolClient } from 'pg'
import { enableCustomJSONParsingForLargeNumbers, raw, type SQLFragment, sql } from 'zapatos/db'
import { RanktideError } from '../../core/errors.js'
import { withDeadline } from '../deadline.js'
import { asDatabaseError, isOfStatement, refusalOf } from './database-error.js'
import { parsePostgresUrl } from './postgres-url.js'

// Without it whatever zapatos reads as JSON loses the last digits of 64-bit numbers, silently.
enableCustomJSONParsingForLargeNumbers(pg)

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`: ranktide's own tables are in that database. */
  readonly url: string
  /** Limit of every statement and of connecting, in ms. */
  readonly timeoutMs: number
}

export type Attempt<T> =
  | { readonly kind: 'done'; readonly rows: T }
  /** A row of the statement cannot be stored, for this reason; the transaction, if there is one, is good for no more. */
  | { readonly kind: 'refused'; readonly why: string }

/** A connection in use. `what` names the statement in errors. Each statement commits by itself unless one begins. */
export interface Session {
  run<T>(what: string, statement: SQLFragment<T>): Promise<T>
  attempt<T>(what: string, statement: SQLFragment<T>): Promise<Attempt<T>>
}

export interface PostgresPool {
  /** `host:port`, for messages. */
  readonly address: string
  readonly user: string
  /** Runs `work` on one connection, which it has for itself until it returns. A transaction has to end in it. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>
  /** Lets statements under way end, within the timeout, and closes all connections; whoever waits for one is refused. */
  close(): Promise<void>
}

/** A batch, the next one, which waits for its locks, and a take or a check beside them. */
const connections = 3

/**
 * - The server is to give up before the client does: then the connection can stay. A lock is given up earlier: a
 *   conflict is tried again soon, and a timeout is a server in trouble.
 * - Statements rely on seeing what another transaction has committed while they waited for its lock.
 */
const sessionSettings = (timeoutMs: number): SQLFragment =>
  sql`SET statement_timeout = ${raw(String(Math.ceil(timeoutMs * 0.9)))};
    SET lock_timeout = ${raw(String(Math.ceil(timeoutMs * 0.5)))};
    SET idle_in_transaction_session_timeout = ${raw(String(timeoutMs))};
    SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED`

/** A connection, and whether it has to be given up: no error but a statement's own leaves it as it was. */
interface Use {
  readonly session: Session
  broken(): boolean
}

const useOf = (client: PoolClient, address: string, timeoutMs: number): Use => {
  let broken = false
  const attempt = async <T>(what: string, statement: SQLFragment<T>): Promise<Attempt<T>> => {
    const late = () => new RanktideError('DATABASE_TIMEOUT', `${address}: ${what}: no answer in ${timeoutMs} ms`)
    try {
      return { kind: 'done', rows: await withDeadline(statement.run(client), timeoutMs, late) }
    } catch (error) {
      broken ||= !isOfStatement(error)
      const why = refusalOf(error)
      if (why !== undefined) return { kind: 'refused', why }
      throw asDatabaseError(error, what, address)
    }
  }
  const run = async <T>(what: string, statement: SQLFragment<T>): Promise<T> => {
    const outcome = await attempt(what, statement)
    if (outcome.kind === 'done') return outcome.rows
    throw new RanktideError('DATABASE_QUERY', `${address}: ${what}: ${outcome.why}`)
  }
  return { session: { run, attempt }, broken: () => broken }
}

const openPool = ({ url, timeoutMs }: PostgresOptions): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'ranktide',
    max: connections,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
  })
  // Both emit `error` when a connection breaks, which would end the process; whoever uses it learns from its statement.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** Opens no connection yet: the first user does. */
export const createPostgresPool = (options: PostgresOptions): PostgresPool => {
  const { address, user } = parsePostgresUrl(options.url)
  const { timeoutMs } = options
  const pool = openPool(options)
  const prepared = new WeakSet<PoolClient>()

  const connect = async (): Promise<PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw asDatabaseError(error, 'connecting', address)
    }
  }
  return {
    address,
    user,
    use: async (work) => {
      const client = await connect()
      const { session, broken } = useOf(client, address, timeoutMs)
      try {
        if (!prepared.has(client)) await session.run('session settings', sessionSettings(timeoutMs))
        prepared.add(client)
        return await work(session)
      } finally {
        // Without a transaction a failed statement has left nothing behind; with one that is open nothing may follow.
        client.release(broken() || client.getTransactionStatus() !== 'I')
      }
    },
    close: async () => {
      const late = () => new RanktideError('DATABASE_TIMEOUT', `${address}: closing`)
      // What a hanging server leaves open ends with the process; who closes has nothing better to do about it.
      await withDeadline(pool.end(), timeoutMs, late).catch(() => {})
    },
  }
}
