// The base on real servers: markers, snapshots and rights.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import { ensureMarkerTable, type MarkerTable } from '../../src/databases/mysql/marker.js'
import { MysqlBase } from '../../src/databases/mysql/mysql-base.js'
import { RefillBudget } from '../../src/databases/mysql/refill-budget.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let marker: MarkerTable
  let board: BoardSpec
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'base')
    marker = { database: sandbox.database, table: 'ranktide_marker' }
    await sandbox.run(
      'CREATE TABLE t (id INT NOT NULL PRIMARY KEY, n INT, KEY (n))',
      `INSERT INTO t VALUES ${Array.from({ length: 40 }, (_, i) => `(${i + 1}, 5)`).join(', ')}`,
    )
    board = boardOn(await sandbox.shapeOf('t', { scores: ['n'], columns: [] }), 'n')
    await ensureMarkerTable(sandbox.pool, marker)
  })
  afterAll(() => sandbox.close())

  const baseOn = (pool: MysqlPool, change: { marker?: MarkerTable | undefined; overlapMs?: number } = {}) =>
    new MysqlBase({
      primary: pool,
      refill: pool,
      marker,
      feed: 'likes',
      overlapMs: 10_000,
      visibleMs: 5_000,
      budget: new RefillBudget({ concurrency: 4, perMinute: 10_000 }),
      ...change,
    })
  const rowsOf = async (base: MysqlBase, limit: number, spec = board) => (await base.read({ board: spec, limit })).rows

  test('the marker table is created where it is missing, and only there', async () => {
    const other = { database: sandbox.database, table: 'other_marker' }
    expect(await ensureMarkerTable(sandbox.pool, other)).toBe('ready')
    expect(await ensureMarkerTable(sandbox.pool, other)).toBe('ready')
    const { rows } = await sandbox.query(`SELECT COUNT(*) FROM other_marker`)
    expect(rows).toEqual([['0']])
  })

  test('who may only read is told so, whether the table is there or not', async () => {
    const reader = sandbox.open({ url: sandbox.readerUrl })
    expect(await ensureMarkerTable(reader, marker)).toBe('denied')
    expect(await ensureMarkerTable(reader, { database: sandbox.database, table: 'not_there' })).toBe('denied')
    await expect(baseOn(reader).mark('n')).rejects.toMatchObject({ code: 'DATABASE_DENIED' })
  })

  test('a table of that name which is no marker table is refused, with the statement that makes one', async () => {
    await expect(ensureMarkerTable(sandbox.pool, { database: sandbox.database, table: 't' })).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      detail: expect.stringContaining('CREATE TABLE'),
    })
  })

  test('a marker is one row a feed, with the newest nonce', async () => {
    const base = baseOn(sandbox.pool)
    await base.mark('first')
    await base.mark('second')
    const { rows } = await sandbox.query("SELECT nonce FROM ranktide_marker WHERE feed = 'likes'")
    expect(rows).toEqual([['second']])
  })

  test('who may only read can still refill, after the overlap', async () => {
    const base = baseOn(sandbox.open({ url: sandbox.readerUrl }), { marker: undefined, overlapMs: 100 })
    const start = performance.now()
    expect(base.marks).toBe(false)
    expect(await rowsOf(base, 3)).toHaveLength(3)
    expect(performance.now() - start).toBeGreaterThanOrEqual(99)
  })

  test('many readings of one feed at once all find their markers', async () => {
    const base = baseOn(sandbox.open())
    const readings = await Promise.all(Array.from({ length: 20 }, () => rowsOf(base, 3)))
    expect(readings.map((rows) => rows.map(({ key }) => key))).toEqual(Array(20).fill(['40', '39', '38']))
  })

  test('a reading holds what was committed before it was asked for', async () => {
    const base = baseOn(sandbox.open())
    for (let n = 6; n < 26; n++) {
      await sandbox.run(`UPDATE t SET n = ${n} WHERE id = 7`)
      expect((await rowsOf(base, 1))[0]?.image).toEqual(['7', String(n)])
    }
    await sandbox.run('UPDATE t SET n = 5')
  })

  test('both statements of a reading see one snapshot, whatever is written between them', async () => {
    const base = baseOn(sandbox.open())
    const oldest: BoardSpec = { ...board, ties: 'oldest' }
    let writing = true
    const writer = (async () => {
      for (let n = 6; writing; n++) await sandbox.run(`UPDATE t SET n = ${n}`)
    })()
    for (let i = 0; i < 60; i++) {
      const rows = await rowsOf(base, 25, oldest)
      expect(rows.map(({ key }) => Number(key)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 25 }, (_, k) => k + 1),
      )
      expect(new Set(rows.map(({ image }) => image[1])).size).toBe(1)
    }
    writing = false
    await writer
  })

  test('text that is no number of its type is refused: the table is no longer what it was', async () => {
    await sandbox.run('CREATE TABLE changed (id INT PRIMARY KEY, n INT)', 'INSERT INTO changed VALUES (1, 1)')
    const spec = boardOn(await sandbox.shapeOf('changed', { scores: ['n'], columns: [] }), 'n')
    await sandbox.run('ALTER TABLE changed MODIFY n VARCHAR(20)', "UPDATE changed SET n = 'many'")
    const base = baseOn(sandbox.pool)
    await expect(base.read({ board: spec, limit: 3 })).rejects.toMatchObject({ code: 'DATABASE_QUERY' })
    await sandbox.run('ALTER TABLE changed DROP COLUMN n')
    await expect(base.read({ board: spec, limit: 3 })).rejects.toMatchObject({ code: 'DATABASE_QUERY' })
  })
})
