// What preflight finds on real servers, and that the statement it gives mends it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardSpec, Ties } from '../../src/core/board-spec.js'
import { readSettings } from '../../src/databases/mysql/binlog-findings.js'
import { preflight } from '../../src/databases/mysql/preflight.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let small: BoardSpec
  let large: BoardSpec
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'preflight')
    const columns = 'id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT, slug VARCHAR(20) CHARACTER SET latin1'
    await sandbox.run(
      `CREATE TABLE small (${columns})`,
      'INSERT INTO small (n) VALUES (1), (2), (3)',
      `CREATE TABLE large (${columns})`,
      'INSERT INTO large (n) VALUES (1), (2), (3), (4), (5)',
      ...Array.from({ length: 15 }, () => 'INSERT INTO large (n) SELECT n + id % 7 FROM large LIMIT 60000'),
      'ANALYZE TABLE large',
    )
    small = boardOn(await sandbox.shapeOf('small', { scores: ['n'], columns: [] }), 'n')
    large = boardOn(await sandbox.shapeOf('large', { scores: ['n'], columns: [] }), 'n')
  })
  afterAll(() => sandbox.close())

  const find = (board: BoardSpec, allowScan = false) =>
    preflight({ primary: sandbox.pool, refill: sandbox.pool, boards: [board], allowScan })

  test('the rows that make a table large are there', async () => {
    const { rows } = await sandbox.query('SELECT COUNT(*) FROM large')
    expect(Number(rows[0]?.[0])).toBeGreaterThan(120_000)
  })

  test('a small table without an index is warned of, with the statement', async () => {
    expect(await find(small)).toEqual([
      {
        level: 'warning',
        code: 'INDEX_MISSING',
        message: expect.stringContaining(
          `CREATE INDEX \`ranktide_likes\` ON \`${sandbox.database}\`.\`small\` (\`n\`)`,
        ),
      },
    ])
  })

  test('a column that Canal cannot carry is warned of', async () => {
    const shape = await sandbox.shapeOf('small', { scores: ['n'], columns: ['slug'] })
    expect(await find(boardOn(shape, 'n'))).toContainEqual({
      level: 'warning',
      code: 'CHARSET',
      message: expect.stringContaining('small.slug'),
    })
  })

  test('a large table without an index is refused, unless scans are allowed', async () => {
    expect(await find(large)).toMatchObject([{ level: 'error', code: 'INDEX_MISSING' }])
    expect(await find(large, true)).toEqual([])
  })

  test('an index that holds all columns but not the order is no help', async () => {
    await sandbox.run('CREATE INDEX covering ON large (slug, n)')
    expect(await find(large)).toMatchObject([{ level: 'error', code: 'INDEX_MISSING' }])
    await sandbox.run('DROP INDEX covering ON large')
  })

  test.each(['newest', 'oldest', 'redis'] satisfies Ties[])(
    'with the index it asks for, ties %s are served',
    async (ties) => {
      const board = { ...large, ties }
      const [finding] = await find(board)
      const statement = /CREATE INDEX `\S+` ON `\S+`\.`\S+` \([^)]*\)/.exec(finding?.message ?? '')?.[0] ?? ''
      await sandbox.run(statement)
      expect(await find(board)).toEqual([])
      await sandbox.run('DROP INDEX `ranktide_likes` ON large')
    },
  )

  test('an index on a small table silences the warning, though the server may sort', async () => {
    await sandbox.run('CREATE INDEX by_n ON small (n)')
    expect(await find(small)).toEqual([])
    await sandbox.run('DROP INDEX by_n ON small')
  })

  test('the settings of the binary log are read from the server', async () => {
    const settings = await sandbox.pool.use(readSettings)
    expect([settings.get('log_bin'), settings.get('binlog_format'), settings.get('binlog_row_image')]).toEqual([
      'ON',
      'ROW',
      'FULL',
    ])
    expect(settings.get('binlog_order_commits')).toBe(name === 'mysql' ? 'ON' : undefined)
  })
})
