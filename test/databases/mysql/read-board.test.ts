// What a reading proves where SQL and the board judge differently: nothing of the rows that were not read is guessed.
import { afterEach, describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../../src/core/board-spec.js'
import { BoundedBoard } from '../../../src/core/bounded-board.js'
import { type ExpressionFunction, expressionFunctions } from '../../../src/core/expression-functions.js'
import { Journal } from '../../../src/core/journal.js'
import type { Session, SqlRow } from '../../../src/databases/mysql/connection.js'
import { filterSql } from '../../../src/databases/mysql/expression-sql.js'
import { readBoard } from '../../../src/databases/mysql/read-board.js'
import { readGroups } from '../../../src/databases/mysql/read-groups.js'
import { conditionOn, scoreOn } from '../../support/expressions.js'
import { boardOn } from '../../support/mysql-sandbox.js'
import { bigint, tableShape } from '../../support/table-shapes.js'

const shape = tableShape('shop.items', { id: bigint, likes: bigint, biz: bigint }, ['id'])

/** 100 rows, likes falling with the id. It knows orders and limits and lets every row in. */
const session = (asked: string[] = []): Session => ({
  together: async () => {},
  query: async (_what, sql) => {
    asked.push(sql)
    const rows = sql.split(' UNION ALL ').flatMap((part): SqlRow[] => {
      const limit = Number(/LIMIT (\d+)\)?$/.exec(part)?.[1])
      const biz = /`biz` = (\d)/.exec(part)?.[1]
      return Array.from({ length: 100 }, (_, i) => [String(i), String(200 - i), String(i % 2)])
        .filter((row) => biz === undefined || row[2] === biz)
        .slice(0, limit)
    })
    return { columns: [], rows, insertId: 0, affected: 0 }
  },
})

const limitsOf = (asked: readonly string[]): number[] => asked.map((sql) => Number(/LIMIT (\d+)/.exec(sql)?.[1]))

const filtered = (where: string, change: Partial<BoardSpec> = {}): BoardSpec =>
  boardOn(shape, 'likes', { size: 2, where: conditionOn(shape, where), ...change })

describe('a filter of which SQL lets in more', () => {
  test('is asked again with twice the limit until enough rows pass', async () => {
    const asked: string[] = []
    const board = filtered('likes <= 190')
    const read = await readBoard(session(asked), board, 4)
    expect(limitsOf(asked)).toEqual([4, 8, 16])
    expect(read.complete).toBe(false)
    const held = new BoundedBoard(board, 3, 'everything')
    held.merge(read, new Journal(), 0)
    expect(held.top().map(({ score }) => score)).toEqual(['190', '189'])
    expect(held.below).toMatchObject({ score: 187 })
  })

  test('says that nothing is below only when SQL has no more rows, however few pass', async () => {
    const asked: string[] = []
    const read = await readBoard(session(asked), filtered('likes = 150'), 4)
    expect(limitsOf(asked)).toEqual([4, 8, 16, 32, 64, 128])
    expect(read.complete).toBe(true)
  })

  test('is asked again for those groups only that lack rows', async () => {
    const asked: string[] = []
    const board = filtered('likes <= 190 or biz = 0', { per: 2 })
    const { groups } = await readGroups(session(asked), {
      board,
      limit: 4,
      groups: { kind: 'listed', values: ['0', '1'] },
    })
    expect(limitsOf(asked)).toEqual([4, 8, 16])
    expect(asked[1]).not.toContain('UNION ALL')
    expect(groups.get('0')?.rows.map(({ key }) => key)).toEqual(['0', '2', '4', '6'])
    expect(
      groups
        .get('1')
        ?.rows.map(({ key }) => key)
        .slice(0, 3),
    ).toEqual(['11', '13', '15'])
    expect([...groups.values()].map(({ complete }) => complete)).toEqual([false, false])
  })
})

describe('a function of which SQL gives other bits', () => {
  // There is none yet: this one stands for a logarithm.
  const rough: ExpressionFunction = {
    least: 1,
    mostArgs: 1,
    takes: 'number',
    value: (a) => a,
    sql: ([a = '']) => `ROUGH(${a})`,
    range: ([a]) => ({ most: a?.most ?? 0, least: 0, whole: false, error: (a?.error ?? 0) + 0.5 }),
  }
  const table = expressionFunctions as Record<string, ExpressionFunction>
  afterEach(() => {
    delete table.rough
  })

  test.each(['desc', 'asc'] as const)('the floor is the cut and the difference, %s', async (direction) => {
    table.rough = rough
    const score = { kind: 'expression', expression: scoreOn(shape, 'rough(likes) * 2') } as const
    const board = boardOn(shape, 'likes', { size: 2, score, direction })
    const { cut, complete } = await readBoard(session(), board, 10)
    expect(complete).toBe(false)
    // The last row read is worth 382, and its score may be 1 off, as may that of a row that was not read.
    const margin = direction === 'desc' ? (cut?.score ?? 0) - 382 : 382 - (cut?.score ?? 0)
    expect(margin).toBeGreaterThanOrEqual(2)
    expect(margin).toBeLessThan(4)
    const held = new BoundedBoard(board, 20, 'everything')
    held.merge(await readBoard(session(), board, 10), new Journal(), 0)
    expect(held.below).toEqual(cut)
  })

  test('a condition on it is not for SQL to judge', () => {
    table.rough = rough
    const where = conditionOn(shape, 'likes > 3 and (rough(likes) < 7 or biz = 1) and not biz = 2')
    expect(filterSql(where, shape)).toEqual(['(`likes` > 3)', '(NOT (`biz` = 2))'])
  })
})
