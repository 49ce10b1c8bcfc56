// examples/mysql/webook.sql on real servers: it runs, twice too; its users may do what they need and no more; the index
// serves the board's order; examples/traffic.sh moves it. It runs here under other names, so that it leaves nothing behind.
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMysqlPool } from '../../src/databases/mysql/connection.js'
import { ensureMarkerTable, readMarker, writeMarker } from '../../src/databases/mysql/marker.js'
import { type DatabaseName, databaseUrl, stack } from '../support/stack.js'

const sql = readFileSync(new URL('../../examples/mysql/webook.sql', import.meta.url), 'utf8')

describe.each<DatabaseName>(['mariadb', 'mysql'])('%s', (server) => {
  const suffix = randomUUID().slice(0, 8)
  const database = `example_${suffix}`
  const users = { ranktide: `ranktide_${suffix}`, canal: `canal_${suffix}` }
  const script = sql
    .replaceAll('webook', database)
    .replaceAll(/\b(ranktide|canal)@/g, (_, name: keyof typeof users) => `${users[name]}@`)
  let admin: Connection

  const as = (user: keyof typeof users): Promise<Connection> => {
    const { hostname, port } = new URL(stack[server])
    return createConnection({ host: hostname, port: Number(port), user: users[user], password: user, database })
  }

  beforeAll(async () => {
    admin = await createConnection({ uri: databaseUrl(server, ''), multipleStatements: true })
    await admin.query(script)
  })

  afterAll(async () => {
    await admin.query(`DROP DATABASE ${database}; DROP USER ${users.ranktide}, ${users.canal}`)
    await admin.end()
  })

  test('running it again changes nothing', async () => {
    await admin.query(`UPDATE ${database}.interactives SET like_cnt = 451 WHERE id = 78`)
    await admin.query(script)
    const [rows] = await admin.query(`SELECT id, like_cnt FROM ${database}.interactives ORDER BY like_cnt DESC LIMIT 2`)
    expect(rows).toEqual([
      { id: 78, like_cnt: 451 },
      { id: 58, like_cnt: 290 },
    ])
  })

  test("the board's order needs no sorting", async () => {
    const [plan] = await admin.query(
      `EXPLAIN FORMAT=TRADITIONAL SELECT id, like_cnt FROM ${database}.interactives ORDER BY like_cnt DESC, id DESC LIMIT 10`,
    )
    expect(plan).toMatchObject([{ key: 'like_cnt', Extra: expect.not.stringContaining('filesort') }])
  })

  test('ranktide may read, make and write its marker table, and nothing else', async () => {
    const url = Object.assign(new URL(databaseUrl(server, database)), {
      username: users.ranktide,
      password: 'ranktide',
    })
    const pool = createMysqlPool({ url: url.href, timeoutMs: 5_000, timeZone: '+00:00', connections: 1 })
    const marker = { database, table: 'ranktide_marker' }
    const ask = (sql: string) => pool.use((session) => session.query('asking', sql))
    try {
      await ask('SELECT * FROM interactives')
      expect(await ensureMarkerTable(pool, marker)).toBe('ready')
      const write = (nonce: string) => pool.use((session) => writeMarker(session, marker, 'feed', nonce))
      expect([await write('one'), await write('two')]).toEqual([1, 2])
      expect(await pool.use((session) => readMarker(session, marker, 'feed'))).toBe(2)
      for (const statement of [
        'DELETE FROM ranktide_marker',
        'UPDATE interactives SET like_cnt = 0',
        'CREATE TABLE other (id INT)',
      ])
        await expect(ask(statement)).rejects.toMatchObject({ code: 'DATABASE_DENIED' })
    } finally {
      await pool.close()
    }
  })

  test('canal may follow the binlog', async () => {
    const canal = await as('canal')
    try {
      const [rows] = await canal.query(server === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
      expect(rows).toMatchObject([{ Position: expect.any(Number) }])
    } finally {
      await canal.end()
    }
  })

  test('the traffic moves the board, and keeps its table', async () => {
    const board = async (): Promise<unknown> => {
      const order = 'ORDER BY like_cnt DESC, id DESC LIMIT 10'
      return (await admin.query(`SELECT id, like_cnt FROM ${database}.interactives ${order}`))[0]
    }
    const before = await board()
    const { hostname, port, username, password } = new URL(stack[server])
    const traffic = fileURLToPath(new URL('../../examples/traffic.sh', import.meta.url))
    const login = { MYSQL_HOST: hostname, MYSQL_TCP_PORT: port, MYSQL_USER: username, MYSQL_PWD: password }
    await promisify(execFile)('bash', [traffic], {
      env: { PATH: process.env.PATH ?? '', ...login, MYSQL_DATABASE: database, STATEMENTS: '200', PAUSE: '0' },
    })
    expect(await board()).not.toEqual(before)
    const [[left]] = await admin.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS kept, MIN(like_cnt) AS least, MAX(biz = 'article') AS added FROM ${database}.interactives`,
    )
    expect(left).toMatchObject({ added: 1 })
    expect(left?.kept).toBeGreaterThan(10)
    expect(left?.least).toBeGreaterThanOrEqual(0)
  })
})
