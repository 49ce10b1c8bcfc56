/** A table that read events are counted into, in a database of its own on a real server: for the bench and for tests. */
import pg from 'pg'
import { createMysqlPool } from '../../src/databases/mysql/connection.js'

export interface CountedTable {
  /** Of the database that holds it, for a configuration. */
  readonly url: string
  /** As a configuration names it. */
  readonly table: string
  /** Rows as text. `DB.` before a table's name stands for the database. */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>
  /** Deletes the database. */
  close(): Promise<void>
}

let made = 0

/**
 * A new database with the table `interactives`; ranktide's own tables are for `ranktide migrate` to make. `server`: the URL
 * of a user who may create databases.
 */
export const createCountedTable = async (server: string, about: string): Promise<CountedTable> => {
  const database = `ranktide_${about}_${process.pid}_${made++}`
  return server.startsWith('mysql:') ? onMysql(server, database) : onPostgres(server, database)
}

const named = (server: string, database: string): string => {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

const onMysql = async (server: string, database: string): Promise<CountedTable> => {
  const pool = createMysqlPool({
    url: named(server, ''),
    timeoutMs: 60_000,
    timeZone: '+00:00',
    connections: 2,
  })
  const query = (sql: string) => pool.use(async (session) => (await session.query('the counted table', sql)).rows)
  await query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  await query(`CREATE TABLE ${database}.interactives (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, biz VARCHAR(64) NOT NULL, biz_id BIGINT UNSIGNED NOT NULL,
    read_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0, like_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0, UNIQUE KEY item (biz, biz_id))`)
  return {
    url: named(server, database),
    table: `${database}.interactives`,
    query: (sql) => query(sql.replaceAll('DB.', `${database}.`)),
    close: async () => {
      await query(`DROP DATABASE ${database}`)
      await pool.close()
    },
  }
}

const onPostgres = async (server: string, database: string): Promise<CountedTable> => {
  const url = named(server, database)
  const on = async (where: string, sql: string) => {
    const client = new pg.Client({ connectionString: where })
    // Of a connection that breaks, the statement under way tells.
    client.on('error', () => {})
    await client.connect()
    const { rows } = await client
      .query<(string | null)[]>({ text: sql, rowMode: 'array' })
      .finally(() => client.end().catch(() => {}))
    return rows.map((row) => row.map((value) => (value === null ? null : String(value))))
  }
  await on(server, `CREATE DATABASE ${database}`)
  await on(
    url,
    `CREATE TABLE interactives (
     id bigserial PRIMARY KEY, biz varchar(64) NOT NULL, biz_id numeric(20,0) NOT NULL,
     read_cnt bigint NOT NULL DEFAULT 0, like_cnt bigint NOT NULL DEFAULT 0, UNIQUE (biz, biz_id))`,
  )
  return {
    url,
    table: 'interactives',
    query: (sql) => on(url, sql.replaceAll('DB.', '')),
    close: async () => {
      await on(server, `DROP DATABASE ${database} WITH (FORCE)`)
    },
  }
}
