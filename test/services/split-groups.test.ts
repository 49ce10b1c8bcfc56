// The groups of a split board as they are read from real servers: the same as sorting everything gives, for every type
// of column that can split a board and every order; and each reading is served by the index that the start names.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { memberOf } from '../../src/core/member.js'
import type { RefillRows } from '../../src/core/refill.js'
import type { Image, TableShape } from '../../src/core/table.js'
import { bestRowsOfGroups } from '../../src/databases/memory/best-rows.js'
import { preflight } from '../../src/databases/mysql/preflight.js'
import { imageOf } from '../../src/databases/mysql/read-board.js'
import { readGroups } from '../../src/databases/mysql/read-groups.js'
import { createIndex, pageQuery, selectedValue } from '../../src/databases/mysql/refill-query.js'
import { groupConditions, perColumn, valuesQuery } from '../../src/databases/mysql/split-query.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

const words = ['a', 'A', 'á', 'b', 'B ', 'b', 'ß', 'ss', '上架', '😀', '', ' ', 'x:y', "it's", '%', 'z']

const splits: Readonly<Record<string, { readonly type: string; readonly values: readonly string[] }>> = {
  n: { type: 'BIGINT', values: ['0', '-5', '7', '9223372036854775807', '-9223372036854775808', '12'] },
  u: { type: 'INT(8) UNSIGNED ZEROFILL', values: ['0', '7', '4294967295', '12'] },
  d: { type: 'DECIMAL(20,4)', values: ['0', '-1.5', '1.5000', '9007199254740993.0001', '2'] },
  bits: { type: 'BIT(64)', values: ['0', '1', '18446744073709551615', '255'] },
  y: { type: 'YEAR', values: ['1901', '2000', '2024', '2155'] },
  ci: { type: 'VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci', values: words },
  uca: { type: 'VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci', values: words },
  bin: { type: 'VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', values: words },
  three: { type: 'VARCHAR(20) CHARACTER SET utf8mb3', values: words.filter((word) => word !== '😀') },
  ascii: { type: 'CHAR(9) CHARACTER SET ascii', values: words.filter((word) => /^[ -~]*$/.test(word)) },
  e: { type: "ENUM('on','Off','é','x')", values: ['on', 'Off', 'é', 'x'] },
  st: { type: "SET('x','Y','é')", values: ['', 'x', 'x,Y', 'é', 'x,Y,é'] },
  day: { type: 'DATE', values: ['2026-01-01', '1999-12-31', '1000-01-01', '0000-00-00'] },
  at: { type: 'DATETIME(3)', values: ['2026-01-01 10:00:00.5', '2026-01-01 10:00:00', '1000-01-01 00:00:00.001'] },
  time: { type: 'TIME(2)', values: ['-838:59:59', '00:00:00', '10:00:00.25'] },
}
const names = Object.keys(splits)
const rowCount = 600

const quoted = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

const rowSql = (i: number): string => {
  const values = names.map((name, at) => {
    const { values: of } = splits[name] ?? { values: [] }
    const value = of[(Math.imul(i * 31 + at, 2654435761) >>> 9) % of.length] ?? ''
    if ((i + at) % 13 === 0) return 'NULL'
    return name === 'bits' ? value : quoted(value)
  })
  const score = i % 19 === 0 ? 'NULL' : String((i * 31) % 17)
  return `(${i}, ${score}, ${quoted(['on', 'ON', 'off'][i % 3] ?? '')}, ${values.join(', ')})`
}

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let shape: TableShape
  let rows: ReadonlyMap<string, Image>
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'groups')
    const columns = names.map((column) => `${column} ${splits[column]?.type}, KEY (${column}, score)`)
    await sandbox.run(
      `CREATE TABLE t (id INT UNSIGNED PRIMARY KEY, score INT, status VARCHAR(9), ${columns.join(', ')})`,
      `INSERT INTO t VALUES ${Array.from({ length: rowCount }, (_, i) => rowSql(i)).join(',')}`,
    )
    shape = await sandbox.shapeOf('t', { scores: ['score'], splits: names, columns: ['status'] })
    const { rows: raw } = await sandbox.query(`SELECT ${shape.columns.map(selectedValue).join(', ')} FROM t`)
    rows = new Map(raw.map((row) => imageOf(shape, row)).map((image) => [memberOf(shape, image) ?? '', image]))
  })
  afterAll(() => sandbox.close())

  const splitBy = (column: string, change: Partial<BoardSpec> = {}): BoardSpec =>
    boardOn(shape, 'score', { per: shape.columns.findIndex((one) => one.name === column), ...change })

  const read = (board: BoardSpec, limit: number, groups: Parameters<typeof readGroups>[1]['groups']) =>
    sandbox.pool.use((session) => readGroups(session, { board, limit, groups }))

  const shown = (groups: ReadonlyMap<string, RefillRows>) =>
    [...groups]
      .map(([value, of]) => [value, of.complete, of.rows.map(({ key }) => Number(key)).sort((a, b) => a - b)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))

  /** Ranges one after the other, until there is none. */
  const readAll = async (board: BoardSpec, limit: number, most: number) => {
    const groups = new Map<string, RefillRows>()
    let after: string | undefined
    for (let i = 0; i < 100; i++) {
      const range = await read(board, limit, { kind: 'range', after, most })
      for (const [value, of] of range.groups) {
        expect(groups.has(value), `${value} twice`).toBe(false)
        groups.set(value, of)
      }
      if (range.next === undefined) return groups
      after = range.next
    }
    throw new Error('no end of ranges')
  }

  const everything = (board: BoardSpec, limit: number) =>
    bestRowsOfGroups(board, limit, { kind: 'range', after: undefined, most: 1000 }, rows).groups

  const orders = (['desc', 'asc'] as const).flatMap((direction) =>
    (['newest', 'oldest', 'redis'] as const).map((ties) => ({ direction, ties })),
  )

  test.each(names)('split by %s: ranges tell every group once', async (column) => {
    const board = splitBy(column)
    const expected = everything(board, 7)
    expect(expected.size).toBe(new Set((splits[column]?.values ?? []).map((value) => canonical(column, value))).size)
    for (const most of [1, 3, 1000]) expect(shown(await readAll(board, 7, most))).toEqual(shown(expected))
  })

  /** What the column keeps: CHAR no spaces at the end, DECIMAL no zeros. */
  const canonical = (column: string, value: string): string =>
    column === 'ascii' ? value.replace(/ +$/, '') : column === 'd' ? String(value).replace(/\.0+$|0+$/, '') : value

  test.each(orders)('$direction, $ties: listed groups, in any order of ties', async (order) => {
    for (const column of ['n', 'ci', 'e']) {
      const board = splitBy(column, order)
      const values = [...(splits[column]?.values ?? [])]
      for (const limit of [1, 4, 11, 1000]) {
        const { groups } = await read(board, limit, { kind: 'listed', values })
        expect(shown(groups)).toEqual(shown(bestRowsOfGroups(board, limit, { kind: 'listed', values }, rows).groups))
      }
    }
  })

  test('a filter and an expression', async () => {
    const score = { kind: 'expression', expression: scoreOn(shape, 'score * 2 + id / 1000') } as const
    const where = conditionOn(shape, "status = 'on' and id <> 40")
    for (const column of ['ci', 'n'])
      for (const board of [
        splitBy(column, { where }),
        splitBy(column, { score, where }),
        splitBy(column, { score, direction: 'asc', ties: 'redis' }),
      ])
        expect(shown(await readAll(board, 5, 4))).toEqual(shown(everything(board, 5)))
  })

  test('a group of which the filter leaves nothing is none of the range, and empty in a list', async () => {
    const board = splitBy('e', { where: conditionOn(shape, "e <> 'é'") })
    expect([...(await readAll(board, 5, 2)).keys()].sort()).toEqual(['Off', 'on', 'x'])
    const { groups } = await read(board, 5, { kind: 'listed', values: ['é', 'on'] })
    expect(groups.get('é')).toEqual({ rows: [], complete: true })
    expect(groups.get('on')?.rows).toHaveLength(5)
  })

  test('values that no row can have are empty, whatever they are', async () => {
    const junk = [
      "' OR 1=1 -- ",
      'é',
      '😀',
      '1e3',
      '007',
      'nowhere',
      '2026-13-45x',
      '2026-13-45',
      '2026-01-01 00:00:00',
      '99:99:99',
      ';',
      '\\',
      '1.50',
      ' 7',
    ]
    for (const column of names) {
      const { groups } = await read(splitBy(column), 3, { kind: 'listed', values: junk })
      const known = new Set([...rows.values()].map((image) => image[shape.columns.findIndex((c) => c.name === column)]))
      for (const value of junk)
        if (!known.has(value)) expect(groups.get(value), `${column} ${value}`).toEqual({ rows: [], complete: true })
    }
  })

  test('as many groups as are asked for, in statements of bounded size', async () => {
    const values = Array.from({ length: 350 }, (_, i) => String(i))
    const { groups } = await read(splitBy('n'), 3, { kind: 'listed', values })
    expect(groups.size).toBe(350)
    expect(shown(groups)).toEqual(shown(bestRowsOfGroups(splitBy('n'), 3, { kind: 'listed', values }, rows).groups))
  })

  test.each(['n', 'ci', 'e', 'day'])(
    'split by %s: each page is served by its index, without sorting',
    async (column) => {
      const board = splitBy(column)
      const [value = ''] = (splits[column]?.values ?? []).slice(1)
      const conditions = groupConditions(perColumn(board), value) ?? []
      const { columns, rows: plan } = await sandbox.query(
        `EXPLAIN FORMAT=TRADITIONAL ${pageQuery(board, 5, conditions)}`,
      )
      const cell = (of: string) => plan[0]?.[columns.indexOf(of)] ?? ''
      expect(cell('key')).toBe(column)
      expect(cell('Extra')).not.toMatch(/filesort|temporary/)
    },
  )

  test('values are found from the index alone', async () => {
    const { columns, rows: plan } = await sandbox.query(
      `EXPLAIN FORMAT=TRADITIONAL ${valuesQuery(splitBy('n'), '3', 100)}`,
    )
    expect(plan[0]?.[columns.indexOf('Extra')]).toMatch(/Using index/)
  })

  test('the index that the start names is asked for and then found', async () => {
    await sandbox.run(
      'CREATE TABLE bare (id INT UNSIGNED PRIMARY KEY, score INT, biz VARCHAR(20), status VARCHAR(9), KEY (score))',
      "INSERT INTO bare VALUES (1, 2, 'a', 'on')",
    )
    const table = await sandbox.shapeOf('bare', { scores: ['score'], splits: ['biz'], columns: ['status'] })
    const board = boardOn(table, 'score', { per: 2, where: conditionOn(table, "status = 'on'") })
    const find = () => preflight({ primary: sandbox.pool, refill: sandbox.pool, boards: [board], allowScan: false })
    const statement = createIndex(board)
    expect(statement).toContain('(`biz`, `status`, `score`)')
    expect(await find()).toEqual([
      { level: 'warning', code: 'INDEX_MISSING', message: expect.stringContaining(statement) },
    ])
    await sandbox.run(statement)
    expect(await find()).toEqual([])
  })
})
