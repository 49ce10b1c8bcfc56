// What happens to statements and connections when a Postgres refuses, hangs or is not there.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { raw, sql } from 'zapatos/db'
import { createPostgresPool, type PostgresPool } from '../../src/databases/postgres/connection.js'
import { CutProxy } from '../support/cut-proxy.js'
import { openPostgresSandbox, type PostgresSandbox } from '../support/postgres-sandbox.js'
import { until } from '../support/until.js'

const timeoutMs = 600

let sandbox: PostgresSandbox
const opened: PostgresPool[] = []
const open = (url = sandbox.url, limit = timeoutMs): PostgresPool => {
  const pool = createPostgresPool({ url, timeoutMs: limit })
  opened.push(pool)
  return pool
}
beforeAll(async () => {
  sandbox = await openPostgresSandbox('connection')
  await sandbox.run('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)')
})
afterAll(async () => {
  for (const pool of opened) await pool.close()
  await sandbox.close()
})

const ask = (pool: PostgresPool, text = 'SELECT id FROM t') =>
  pool.use((session) => session.run('asking', sql`${raw(text)}`))
const changed = (change: Partial<URL>): string => Object.assign(new URL(sandbox.url), change).href

test('a wrong password is told as such, without the password', async () => {
  const error = await ask(open(changed({ password: 'hunter2' }))).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'DATABASE_DENIED', detail: expect.stringContaining('user "app"') })
  expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toContain('hunter2')
})

test('a database that does not exist is named', async () => {
  await expect(ask(open(changed({ pathname: '/no_such' })))).rejects.toMatchObject({
    code: 'DATABASE_QUERY',
    detail: expect.stringContaining('no_such'),
  })
})

test('a port where nobody listens is told with the address', async () => {
  await expect(ask(open(changed({ hostname: '127.0.0.1', port: '1' })))).rejects.toMatchObject({
    code: 'DATABASE_UNREACHABLE',
    detail: expect.stringMatching(/127\.0\.0\.1:1.*ECONNREFUSED/),
  })
})

test('a statement that runs too long is stopped on the server, too, and its connection serves the next', async () => {
  const pool = open()
  const pid = async () => (await ask(pool, 'SELECT pg_backend_pid() AS pid'))[0]?.pid as number
  const before = await pid()
  const start = performance.now()
  await expect(ask(pool, 'SELECT pg_sleep(30)')).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
  expect(performance.now() - start).toBeLessThan(3 * timeoutMs)
  expect(await pid()).toBe(before)
  const [row] = await sandbox.query(
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()",
  )
  expect(row).toEqual(['0'])
})

test('a transaction that was left open by an error is not met by the next user', async () => {
  // So long that the server does not end it first.
  const pool = open(sandbox.url, 30_000)
  const failing = pool.use(async (session) => {
    await session.run('beginning', sql`BEGIN`)
    await session.run('locking', sql`SELECT id FROM t FOR UPDATE`)
    throw new Error('in the middle')
  })
  await expect(failing).rejects.toThrow('in the middle')
  await sandbox.run("SET lock_timeout = '5s'", 'SELECT id FROM t FOR UPDATE')
  expect(await ask(pool)).toEqual([{ id: 1 }])
})

test('a transaction whose client has gone silent is ended by the server', async () => {
  const proxy = await CutProxy.open(sandbox.url)
  try {
    const pool = open(proxy.url)
    proxy.plan('silent_words', 'silence-before')
    const silent = pool.use(async (session) => {
      await session.run('beginning', sql`BEGIN`)
      await session.run('locking', sql`SELECT id FROM t FOR UPDATE`)
      await session.run('asking', sql`SELECT 'silent_words'`)
    })
    await expect(silent).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
    await until('the lock is free', async () => {
      return sandbox.run('SELECT id FROM t FOR UPDATE NOWAIT').then(
        () => true,
        () => false,
      )
    })
  } finally {
    proxy.close()
  }
})

test('idle connections that end are an error of nobody, and the pool goes on', async () => {
  const pool = open()
  for (let i = 0; i < 3; i++) {
    await ask(pool)
    await sandbox.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ranktide'",
    )
    await until('it answers again', () =>
      ask(pool).then(
        () => true,
        () => false,
      ),
    )
  }
})

test('settings are those of statements that wait for each other, whatever the server has by default', async () => {
  await sandbox.run(`ALTER DATABASE ${sandbox.database} SET default_transaction_isolation = 'serializable'`)
  const names = ['transaction_isolation', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
  const shown = await ask(open(), `SELECT ${names.map((name) => `current_setting('${name}') AS ${name}`).join(', ')}`)
  expect(shown).toEqual([
    {
      transaction_isolation: 'read committed',
      statement_timeout: '540ms',
      lock_timeout: '300ms',
      idle_in_transaction_session_timeout: '600ms',
    },
  ])
})

test('numbers of 64 bits come whole out of JSON, as text', async () => {
  const [row] = await ask(open(), 'SELECT to_json(9223372036854775807::bigint) AS n')
  expect(row).toEqual({ n: '9223372036854775807' })
})
