// A database of its own on a real server, for one test file.
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { TableShape } from '../../src/core/table.js'
import { createMysqlPool, type MysqlPool, type SqlResult } from '../../src/databases/mysql/connection.js'
import { describeTable } from '../../src/databases/mysql/describe-table.js'
import { tableShape, type WantedColumns } from '../../src/databases/mysql/table-shape.js'
import { type DatabaseName, databaseUrl } from './stack.js'

export const databaseNames = ['mariadb', 'mysql'] as const satisfies readonly DatabaseName[]

export interface Sandbox {
  readonly database: string
  readonly url: string
  /** As the user `reader`, who may only SELECT. */
  readonly readerUrl: string
  /** All rights, 30 s a statement. */
  readonly pool: MysqlPool
  /** Another pool, with the settings of a refill unless told otherwise. */
  open(options?: { url?: string; timeoutMs?: number; timeZone?: string }): MysqlPool
  run(...statements: string[]): Promise<void>
  query(sql: string, params?: readonly string[]): Promise<SqlResult>
  insert(table: string, rows: readonly (readonly (string | null)[])[]): Promise<void>
  shapeOf(table: string, wanted: WantedColumns): Promise<TableShape>
  /** Drops the database and closes all pools. */
  close(): Promise<void>
}

const settings = { timeoutMs: 5_000, timeZone: '+00:00', connections: 6 }

const quoted = (value: string | null): string =>
  value === null ? 'NULL' : `CONVERT(X'${Buffer.from(value, 'utf8').toString('hex')}' USING utf8mb4)`

/** `about` keeps test files that run at once apart. */
export const openSandbox = async (name: DatabaseName, about: string): Promise<Sandbox> => {
  const database = `ranktide_test_${about}_${process.pid}`
  const url = databaseUrl(name, database)
  const admin = createMysqlPool({ ...settings, url: databaseUrl(name, ''), timeoutMs: 30_000 })
  await admin.use(async (session) => {
    await session.query('setup', `DROP DATABASE IF EXISTS ${database}`)
    await session.query('setup', `CREATE DATABASE ${database} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci`)
  })
  const opened: MysqlPool[] = [admin]
  const open: Sandbox['open'] = (options = {}) => {
    const pool = createMysqlPool({ ...settings, url, ...options })
    opened.push(pool)
    return pool
  }
  const pool = open({ timeoutMs: 30_000 })
  const query: Sandbox['query'] = (sql, params = []) => pool.use((session) => session.query('test', sql, params))
  return {
    database,
    url,
    readerUrl: databaseUrl(name, database, 'reader'),
    pool,
    open,
    query,
    run: async (...statements) => {
      for (const statement of statements) await query(statement)
    },
    insert: async (table, rows) => {
      await query(`INSERT INTO ${table} VALUES ${rows.map((row) => `(${row.map(quoted).join(',')})`).join(',')}`)
    },
    shapeOf: async (table, wanted) => tableShape(await describeTable(pool, database, table), wanted),
    close: async () => {
      await admin.use((session) => session.query('cleanup', `DROP DATABASE ${database}`))
      for (const one of opened) await one.close()
    },
  }
}

/** A board on a shape whose score is the column of that name. */
export const boardOn = (table: TableShape, score: string, change: Partial<BoardSpec> = {}): BoardSpec => ({
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: table.columns.map((_, i) => i),
  score: { kind: 'column', column: table.columns.findIndex(({ name }) => name === score) },
  where: undefined,
  ...change,
})
