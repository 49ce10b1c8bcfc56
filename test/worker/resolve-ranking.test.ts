// From score and where in the file to what ranks a board, and what a start says of those that do not fit the table.
import { expect, test } from 'vitest'
import type { ColumnType } from '../../src/core/table.js'
import type { TableDescription } from '../../src/databases/mysql/describe-table.js'
import type { BoardConfig } from '../../src/runtime/config.js'
import { resolveDescribed } from '../../src/worker/resolve-boards.js'
import { bigint, varchar } from '../support/table-shapes.js'

const column = (name: string, type: ColumnType) => ({ name, type, sqlType: '', charset: null, nullable: true })

const description: TableDescription = {
  database: 'shop',
  table: 'items',
  engine: 'InnoDB',
  columns: [
    { ...column('id', bigint), nullable: false },
    column('likes', bigint),
    column('reads', bigint),
    column('status', varchar),
    column('score', bigint),
  ],
  indexes: [{ name: 'PRIMARY', unique: true, columns: ['id'] }],
}

const config: BoardConfig = {
  name: 'hot',
  topics: ['t'],
  format: 'canal-json',
  table: { database: 'shop', table: 'items' },
  key: undefined,
  score: 'likes',
  where: undefined,
  order: 'desc',
  ties: 'newest',
  size: 10,
  columns: ['likes'],
  per: undefined,
  maxBoards: 10_000,
  zset: undefined,
  window: { events: 1, timeMs: 1 },
}

const resolve = async (...boards: readonly Partial<BoardConfig>[]) =>
  resolveDescribed(
    async () => description,
    boards.map((board) => ({ ...config, ...board })),
  )

const refusal = async (board: Partial<BoardConfig>): Promise<string> =>
  resolve(board).then(
    () => 'accepted',
    (error: unknown) => `${(error as { code?: string }).code} ${(error as { detail?: string }).detail}`,
  )

test('a column by itself is a column, in backquotes and parentheses too', async () => {
  for (const score of ['likes', '`likes`', '(likes)']) {
    const [board] = await resolve({ score })
    expect(board?.score).toEqual({ kind: 'column', column: 1 })
  }
})

test('columns that only an expression uses are tracked, and not shown', async () => {
  const [board] = await resolve({ score: 'likes + reads', where: "status = 'on'" })
  expect(board?.table.columns.map(({ name }) => name)).toEqual(['id', 'likes', 'reads', 'status'])
  expect(board?.display).toEqual([0, 1])
  expect(board?.score).toEqual({
    kind: 'expression',
    expression: {
      kind: 'call',
      name: '+',
      args: [
        { kind: 'column', column: 1 },
        { kind: 'column', column: 2 },
      ],
    },
  })
})

test('boards of one table share its shape, whatever each of them uses', async () => {
  const [first, second] = await resolve({ score: 'reads * 2' }, { name: 'other', where: "status <> 'x'" })
  expect(first?.table).toBe(second?.table)
})

test('specs are compared as JSON', async () => {
  const [spec] = await resolve({ score: 'likes + reads', where: 'likes > 3' })
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  const [other] = await resolve({ score: 'likes + reads', where: 'likes > 4' })
  expect(JSON.stringify(other)).not.toBe(JSON.stringify(spec))
})

test('what does not fit the table is told with the key and carets under the spot', async () => {
  expect(await refusal({ where: "likes > 3 and\n  statsu = 'on'" })).toBe(
    "EXPRESSION_INVALID boards.hot.where: there is no column statsu; did you mean status?\n    statsu = 'on'\n    ^^^^^^",
  )
  expect(await refusal({ score: 'likes + status' })).toBe(
    'EXPRESSION_INVALID boards.hot.score: a number is needed here, this is a text\n  likes + status\n          ^^^^^^',
  )
  expect(await refusal({ score: 'lieks' })).toContain('COLUMN_MISSING shop.items has no column lieks')
})

test('what is wrong with several boards is told together', async () => {
  const boards = [{ score: 'lieks' }, { name: 'b', where: 'x > 1' }, { name: 'c', score: 'raeds' }]
  const told = await resolve(...boards).catch((error: unknown) => String(error))
  expect(
    String(told)
      .split('\n')
      .filter((line) => !line.startsWith('  ')),
  ).toEqual([
    'RanktideError: the column does not exist: shop.items has no column lieks: did you mean likes?',
    expect.stringMatching(/^EXPRESSION_INVALID: .*boards\.b\.where: there is no column x/),
    'shop.items has no column raeds: did you mean reads?',
  ])
})

test('a score that is no column is not shown beside a column called score', async () => {
  expect(await refusal({ score: 'likes + 1', columns: ['score'] })).toContain('name other columns in columns')
  expect(await refusal({ score: 'likes', columns: ['score'] })).toContain('add likes to columns')
  expect(await refusal({ score: 'score', columns: ['score'] })).toBe('accepted')
})
