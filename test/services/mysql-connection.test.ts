// What happens to statements and connections when servers refuse, hang or are not there.
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMysqlPool, type MysqlPool } from '../../src/databases/mysql/connection.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { until } from '../support/until.js'

const options = { timeoutMs: 500, timeZone: '+00:00', connections: 2 }
const ask = (pool: MysqlPool, sql = 'SELECT 1') => pool.use((session) => session.query('asking', sql))

/** Forwards to a server until it is told to hang: then connections stay open and nothing passes. */
const openProxy = async (target: URL) => {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream).pipe(client)
    sockets.push(client, upstream)
  })
  const port = await listen(server)
  return {
    url: Object.assign(new URL(target), { port: String(port) }).href,
    hang: () => {
      for (const socket of sockets) socket.unpipe()
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const withPassword = (url: string, password: string): string => {
  const changed = new URL(url)
  changed.password = password
  return changed.href
}

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'connection')
    await sandbox.run('CREATE TABLE t (id INT PRIMARY KEY)', 'INSERT INTO t VALUES (1)')
  })
  afterAll(() => sandbox.close())

  test('an unknown database is told with the one that was probably meant', async () => {
    const wrong = `${sandbox.database}x`
    const asUser = (url: string, path: string) => Object.assign(new URL(url), { pathname: `/${path}` }).href
    for (const url of [sandbox.url, sandbox.readerUrl]) {
      await expect(ask(sandbox.open({ url: asUser(url, wrong) }))).rejects.toMatchObject({
        detail: expect.stringMatching(`Unknown database '${wrong}' \\(1049\\); did you mean ${sandbox.database}\\?$`),
      })
    }
    await expect(ask(sandbox.open({ url: asUser(sandbox.url, 'zzzzzzzzzz') }))).rejects.toMatchObject({
      detail: expect.stringMatching(/; the user sees .*webook/),
    })
  })

  test('a wrong password is told as such, without the password', async () => {
    const pool = sandbox.open({ url: withPassword(sandbox.url, 'hunter2') })
    const error = await ask(pool).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'DATABASE_DENIED', detail: expect.stringContaining("user 'app'") })
    expect(JSON.stringify(error) + String(error)).not.toContain('hunter2')
  })

  test('a database that does not exist is named', async () => {
    await expect(ask(sandbox.open({ url: sandbox.url.replace(/[^/]*$/, 'no_such') }))).rejects.toThrow(/no_such/)
  })

  test('a user who may only SELECT can read with all session settings', async () => {
    const { rows } = await sandbox
      .open({ url: sandbox.readerUrl, timeZone: '+08:00' })
      .use((session) => session.query('asking', 'SELECT @@time_zone, @@max_sort_length, @@sql_mode, id FROM t'))
    expect(rows).toEqual([['+08:00', '16384', 'STRICT_ALL_TABLES', '1']])
  })

  test('a statement that waits for a lock ends in time, and the pool serves the next one', async () => {
    const pool = sandbox.open({ timeoutMs: options.timeoutMs })
    await sandbox.pool.use(async (holder) => {
      await holder.query('locking', 'LOCK TABLES t WRITE')
      const start = performance.now()
      await expect(ask(pool, 'SELECT id FROM t')).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
      expect(performance.now() - start).toBeLessThan(3 * options.timeoutMs)
      await holder.query('unlocking', 'UNLOCK TABLES')
    })
    expect((await ask(pool, 'SELECT id FROM t')).rows).toEqual([['1']])
  })

  test('a statement that runs too long is stopped on the server, too', async () => {
    const pool = sandbox.open({ timeoutMs: options.timeoutMs })
    const endless = `SELECT COUNT(*) AS endless_${process.pid} FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b`
    const sql = `${endless}, information_schema.COLLATIONS c, information_schema.COLLATIONS d, information_schema.COLLATIONS e`
    await expect(ask(pool, sql)).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
    await until('the statement is gone from the server', async () => {
      const { columns, rows } = await sandbox.query('SHOW FULL PROCESSLIST')
      return !rows.some((row) => (row[columns.indexOf('Info')] ?? '').startsWith(endless))
    })
  })

  test('a server that hangs while it is connected is given up in time', async () => {
    const proxy = await openProxy(new URL(sandbox.url))
    const pool = createMysqlPool({ ...options, url: proxy.url })
    await ask(pool)
    proxy.hang()
    const start = performance.now()
    await expect(ask(pool)).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
    expect(performance.now() - start).toBeLessThan(3 * options.timeoutMs)
    await pool.close()
    proxy.close()
  })

  test('a pool whose server hangs closes in time', async () => {
    const proxy = await openProxy(new URL(sandbox.url))
    const pool = createMysqlPool({ ...options, url: proxy.url })
    await ask(pool)
    proxy.hang()
    const start = performance.now()
    let asking: Promise<unknown> | undefined
    await new Promise<void>((underWay) => {
      asking = pool.use((session) => {
        underWay()
        return session.query('asking', 'SELECT 1')
      })
      asking.catch(() => {})
    })
    await pool.close()
    expect(performance.now() - start).toBeLessThan(3 * options.timeoutMs)
    await expect(asking).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' })
    proxy.close()
  })

  test('a connection that the server has closed is an unreachable database once, and then another one', async () => {
    const pool = sandbox.open()
    await ask(pool)
    const killed = pool.use(async (session) => {
      const [[id] = []] = (await session.query('asking', 'SELECT CONNECTION_ID()')).rows
      await sandbox.run(`KILL ${id}`)
      await session.query('asking', 'SELECT 1')
    })
    await expect(killed).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect((await ask(pool)).rows).toEqual([['1']])
  })

  test('who waits for a connection gets one after another user has failed', async () => {
    const pool = createMysqlPool({ ...options, url: sandbox.url, connections: 1 })
    const failing = expect(ask(pool, 'SELECT no_such_column')).rejects.toMatchObject({ code: 'DATABASE_QUERY' })
    expect((await ask(pool)).rows).toEqual([['1']])
    await failing
    await pool.close()
  })

  test('a transaction that failed half-way leaves nothing behind', async () => {
    const pool = createMysqlPool({ ...options, url: sandbox.url, connections: 1 })
    const failing = pool.use(async (session) => {
      await session.query('opening', 'START TRANSACTION')
      await session.query('writing', 'INSERT INTO t VALUES (2)')
      await session.query('failing', 'SELECT no_such_column FROM t')
    })
    await expect(failing).rejects.toMatchObject({
      code: 'DATABASE_QUERY',
      detail: expect.stringContaining('no_such_column'),
    })
    expect((await ask(pool, 'SELECT COUNT(*) FROM t')).rows).toEqual([['1']])
    await pool.close()
  })
})

test('a port where nobody listens', async () => {
  const pool = createMysqlPool({ ...options, url: 'mysql://app:hunter2@127.0.0.1:1/d' })
  const error = await ask(pool).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'DATABASE_UNREACHABLE', detail: '127.0.0.1:1: ECONNREFUSED (connecting)' })
  await pool.close()
})

test('a server that accepts and says nothing is given up in time', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}))
  const pool = createMysqlPool({ ...options, url: `mysql://app:app@127.0.0.1:${await listen(silent)}/d` })
  const start = performance.now()
  await expect(ask(pool)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  expect(performance.now() - start).toBeLessThan(3 * options.timeoutMs)
  await pool.close()
  silent.close()
})
