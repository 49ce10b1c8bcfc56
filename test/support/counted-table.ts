/** A table that read events are counted into, on a real server, with what the counters keep beside it. */
import pg from 'pg'
import { createMysqlPool } from '../../src/databases/mysql/connection.js'
import { type DatabaseName, databaseUrl, stack } from './stack.js'

export type CountingServer = DatabaseName | 'postgres'

export interface CountedTable {
  /** Of the database that holds it, for a configuration. */
  readonly url: string
  /** As a configuration names it. */
  readonly table: string
  /** Rows as text. */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>
  /** Deletes the database. */
  close(): Promise<void>
}

let made = 0

/** A database of its own with the table `interactives`; ranktide's own tables are for `ranktide migrate` to make. */
export const createCountedTable = async (server: CountingServer, about: string): Promise<CountedTable> => {
  const database = `ranktide_count_${about}_${process.pid}_${made++}`
  return server === 'postgres' ? onPostgres(database) : onMysql(server, database)
}

const onMysql = async (server: DatabaseName, database: string): Promise<CountedTable> => {
  const url = databaseUrl(server, database)
  const pool = createMysqlPool({
    url: databaseUrl(server, ''),
    timeoutMs: 60_000,
    timeZone: '+00:00',
    connections: 2,
  })
  const query = (sql: string) => pool.use(async (session) => (await session.query('test', sql)).rows)
  await query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  await query(`CREATE TABLE ${database}.interactives (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, biz VARCHAR(64) NOT NULL, biz_id BIGINT UNSIGNED NOT NULL,
    read_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0, like_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0, UNIQUE KEY item (biz, biz_id))`)
  return {
    url,
    table: `${database}.interactives`,
    query: (sql) => query(sql.replaceAll('DB.', `${database}.`)),
    close: async () => {
      await query(`DROP DATABASE ${database}`)
      await pool.close()
    },
  }
}

const onPostgres = async (database: string): Promise<CountedTable> => {
  const url = new URL(stack.postgres)
  const admin = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: stack.postgres })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  await admin(`CREATE DATABASE ${database}`)
  url.pathname = `/${database}`
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: url.href })
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' }).finally(() => client.end())
    return rows.map((row) => row.map((value) => (value === null ? null : String(value))))
  }
  await query(`CREATE TABLE interactives (
    id bigserial PRIMARY KEY, biz varchar(64) NOT NULL, biz_id numeric(20,0) NOT NULL,
    read_cnt bigint NOT NULL DEFAULT 0, like_cnt bigint NOT NULL DEFAULT 0, UNIQUE (biz, biz_id))`)
  return {
    url: url.href,
    table: 'interactives',
    query: (sql) => query(sql.replaceAll('DB.', '')),
    close: () => admin(`DROP DATABASE ${database} WITH (FORCE)`),
  }
}
