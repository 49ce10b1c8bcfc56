/** Postgres as migrations see it: a connection of its own, without the time limits of the worker's statements. */
import pg from 'pg'
import { RanktideError } from '../../core/errors.js'
import type { MigrationTarget } from '../migrations/migration-target.js'
import { asDatabaseError } from './database-error.js'
import { parsePostgresUrl } from './postgres-url.js'

/** How long another process may take, in seconds. */
const patience = 60

/** Names the lock, which is of one database: any number that nobody else takes. */
const lockName = '7238466721'

const open = async (url: string, timeoutMs: number, address: string): Promise<pg.Client> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    application_name: 'ranktide',
  })
  // A broken connection is an error of the statement that meets it.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => {})
    throw asDatabaseError(error, 'connecting', address)
  }
}

/** Migrations hold no values: what the server says of them may be told. */
const said = (error: unknown, schema: string | undefined, user: string): RanktideError => {
  if (!(error instanceof pg.DatabaseError)) {
    return new RanktideError('DATABASE_UNREACHABLE', error instanceof Error ? error.message : 'closed')
  }
  const text = `${error.message} (${error.code ?? ''})`
  if (error.code === '55P03') {
    return new RanktideError('DATABASE_CONFLICT', `another process has been migrating for ${patience} s`)
  }
  return error.code === '42501'
    ? new RanktideError('DATABASE_DENIED', `${text}; run: GRANT USAGE, CREATE ON SCHEMA ${schema} TO "${user}"`)
    : new RanktideError('DATABASE_QUERY', text)
}

/** The first schema on the search path that is there: tables are made in it. postgrator takes plain names only. */
const currentSchema = async (client: pg.Client): Promise<string> => {
  const { rows } = await client.query<{ schema: string | null }>('SELECT current_schema() AS schema')
  const schema = rows[0]?.schema ?? ''
  if (/^[a-z_][a-z0-9_]*$/.test(schema)) return schema
  const what =
    schema === '' ? 'none of the schemas on the search path exists' : `the schema "${schema}" has no plain name`
  throw new RanktideError('MIGRATION_FAILED', `${what}: tables are made in the first one`)
}

export const openPostgresMigrations = async (url: string, timeoutMs: number): Promise<MigrationTarget> => {
  const { address, user, database } = parsePostgresUrl(url)
  const client = await open(url, timeoutMs, address)
  const close = () => client.end().catch(() => {})
  const schema = await currentSchema(client).catch(async (error: unknown) => {
    await close()
    throw asDatabaseError(error, 'asking for the schema', address)
  })
  const query = async (sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
    try {
      const result: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[] =
        await client.query<Record<string, unknown>>(sql)
      // Of several statements in one text each has a result.
      return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows
    } catch (error) {
      throw said(error, schema, user)
    }
  }
  return {
    driver: 'pg',
    place: `${address}/${database}`,
    database,
    schema,
    directory: new URL('./migrations/', import.meta.url),
    query,
    alone: async (work) => {
      await query(`BEGIN; SET LOCAL lock_timeout = '${patience}s'; SET LOCAL TIME ZONE 'UTC'`)
      try {
        await query(`SELECT pg_advisory_xact_lock(${lockName})`)
        const done = await work()
        await query('COMMIT')
        return done
      } catch (error) {
        await query('ROLLBACK').catch(() => {})
        throw error
      }
    },
    close,
  }
}
