// A database of its own on a real Postgres, for one test file or test.
import { readdirSync, readFileSync } from 'node:fs'
import pg from 'pg'
import { stack } from './stack.js'

const migrations = new URL('../../src/databases/postgres/migrations/', import.meta.url)

/** The statements of ranktide's own tables, in order. */
export const postgresMigrations = (): readonly string[] =>
  readdirSync(migrations)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(new URL(name, migrations), 'utf8'))

export interface PostgresSandbox {
  readonly database: string
  readonly url: string
  /** As the user `reader`, who may only SELECT. */
  readonly readerUrl: string
  /** Several at once, without values. */
  run(...statements: string[]): Promise<void>
  /** Rows in select order, as text. */
  query(text: string, values?: readonly unknown[]): Promise<readonly (readonly string[])[]>
  /** A connection of its own, for a transaction. */
  connect(): Promise<pg.Client>
  /** Drops the database, whoever is connected to it. */
  close(): Promise<void>
}

const connected = async (connectionString: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  return client
}

const administer = async (statement: string): Promise<void> => {
  const client = await connected(stack.postgres)
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

let opened = 0

/** `about` keeps test files that run at once apart. */
export const openPostgresSandbox = async (about: string): Promise<PostgresSandbox> => {
  const database = `ranktide_test_${about}_${process.pid}_${opened++}`
  await administer(`CREATE DATABASE ${database}`)
  const url = Object.assign(new URL(stack.postgres), { pathname: `/${database}` }).href
  const readerUrl = Object.assign(new URL(url), { username: 'reader', password: 'reader' }).href
  const client = await connected(url)
  return {
    database,
    url,
    readerUrl,
    run: async (...statements) => {
      for (const statement of statements) await client.query(statement)
    },
    query: async (text, values = []) => {
      const { rows } = await client.query({ text, values: [...values], rowMode: 'array', types: { getTypeParser } })
      return rows
    },
    connect: () => connected(url),
    close: async () => {
      await client.end()
      await administer(`DROP DATABASE ${database} WITH (FORCE)`)
    },
  }
}

/** Every value as the server writes it. */
const getTypeParser = (): ((value: unknown) => string) => (value) => String(value)

/** Ends all other connections of ranktide to the sandbox's database, or those of which this holds. */
export const terminate = (sandbox: PostgresSandbox, which = 'true'): Promise<unknown> =>
  sandbox.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'ranktide' AND ${which}`,
  )
