// Boards with expressions and filters read exactly the best rows of the table, and the index that the start names serves.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { BoundedBoard } from '../../src/core/bounded-board.js'
import { Journal } from '../../src/core/journal.js'
import { preflight } from '../../src/databases/mysql/preflight.js'
import { readBoard } from '../../src/databases/mysql/read-board.js'
import { createIndex, scoreColumnName } from '../../src/databases/mysql/refill-query.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { boardOn, databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

const rowCount = 400

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  let board: BoardSpec
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'expressionboards')
    await sandbox.run(
      `CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, likes INT UNSIGNED, \`reads\` INT UNSIGNED,
       status VARCHAR(20) CHARACTER SET utf8mb4, kind ENUM('a','b') NOT NULL, slug VARCHAR(20), KEY (slug))`,
      `INSERT INTO t VALUES ${Array.from({ length: rowCount }, (_, i) => rowSql(i)).join(',')}`,
    )
    const shape = await sandbox.shapeOf('t', {
      scores: [],
      columns: ['likes', 'reads', 'status', 'kind', 'slug'],
    })
    board = boardOn(shape, 'likes', { display: [0], size: 5 })
  })
  afterAll(() => sandbox.close())

  const rowSql = (i: number): string => {
    const likes = i % 17 === 0 ? 'NULL' : String((i * 7) % 23)
    const status = i % 11 === 0 ? 'NULL' : `'${['on', 'ON', 'off', 'On ', '上架'][i % 5]}'`
    return `(${i}, ${likes}, ${i % 5}, ${status}, '${i % 3 === 0 ? 'a' : 'b'}', 's${i}')`
  }

  /** The truth, from the rules that rowSql follows and nothing of the program's. */
  const truth = (
    score: (likes: number, reads: number) => number,
    keeps: (status: string | null, i: number) => boolean,
  ) =>
    Array.from({ length: rowCount }, (_, i) => i)
      .filter(
        (i) => i % 17 !== 0 && keeps(i % 11 === 0 ? null : (['on', 'ON', 'off', 'On ', '上架'][i % 5] ?? null), i),
      )
      .map((i) => ({ key: String(i), score: score((i * 7) % 23, i % 5) }))
      .filter((row) => Number.isFinite(row.score))

  const best = (rows: readonly { key: string; score: number }[], spec: BoardSpec, limit: number): string[] => {
    const sign = spec.direction === 'desc' ? -1 : 1
    const keySign = spec.ties === 'newest' ? -1 : 1
    const byKey = (a: string, b: string) =>
      spec.ties === 'redis' ? (a < b ? -sign : sign) : (Number(a) - Number(b)) * keySign
    return [...rows]
      .sort((a, b) => (a.score === b.score ? byKey(a.key, b.key) : (a.score - b.score) * sign))
      .slice(0, limit)
      .map(({ key }) => key)
  }

  /** The members of a board that a reading has filled, best first. */
  const filled = async (spec: BoardSpec, limit: number) => {
    const read = await sandbox.pool.use((session) => readBoard(session, spec, limit))
    const held = new BoundedBoard(spec, limit - 1, 'everything')
    held.merge(read, new Journal(), 0)
    return { members: held.top().map(({ member }) => member), held, read }
  }

  const orders = (['desc', 'asc'] as const).flatMap((direction) =>
    (['newest', 'oldest', 'redis'] as const).map((ties) => ({ direction, ties })),
  )

  test.each(orders)('an expression and a filter, $direction, $ties', async (order) => {
    const spec: BoardSpec = {
      ...board,
      ...order,
      score: { kind: 'expression', expression: scoreOn(board.table, 'likes * 2 + 10 / `reads`') },
      where: conditionOn(board.table, "status <> 'on' and kind = 'b'"),
    }
    const rows = truth(
      (likes, reads) => (reads === 0 ? Number.NaN : likes * 2 + 10 / reads),
      (status, i) => status !== null && status !== 'on' && i % 3 !== 0,
    )
    for (const limit of [6, 20, 1000]) {
      const { members, held } = await filled(spec, limit)
      expect(members).toEqual(best(rows, spec, 5))
      expect(held.below === 'nothing').toBe(limit === 1000)
    }
  })

  test.each(orders)('a column and a filter that collations would judge otherwise, $direction, $ties', async (order) => {
    const spec: BoardSpec = { ...board, ...order, where: conditionOn(board.table, "status = 'on'") }
    const rows = truth(
      (likes) => likes,
      (status) => status === 'on',
    )
    for (const limit of [6, 9, 30]) {
      const { members, read } = await filled(spec, limit)
      expect(members).toEqual(best(rows, spec, 5))
      expect(read.rows.map(({ key }) => key).sort()).toEqual(best(rows, spec, limit).sort())
    }
  })

  test('texts beyond ASCII', async () => {
    const where = conditionOn(board.table, "status in ('上架', '😀')")
    const { members } = await filled({ ...board, where }, 6)
    const rows = truth(
      (likes) => likes,
      (status) => status === '上架',
    )
    expect(members).toEqual(best(rows, board, 5))
  })

  test('the score is shown with each row, and read back from it', async () => {
    const expression = scoreOn(board.table, 'likes / 3')
    const spec: BoardSpec = { ...board, score: { kind: 'expression', expression } }
    const { held } = await filled(spec, 6)
    const top = held.top()
    expect(JSON.parse(top[0]?.row ?? '')).toEqual({ id: Number(top[0]?.member), score: 22 / 3 })
    const restored = new BoundedBoard(spec, 6, 'everything')
    expect(restored.restore(top, true)).toBe(true)
    expect(restored.top().map(({ member, score }) => [member, score])).toEqual(
      top.map(({ member, score }) => [member, score]),
    )
  })

  describe('indexes', () => {
    const large = 130_000
    beforeAll(async () => {
      await sandbox.run(
        `CREATE TABLE big (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, likes INT UNSIGNED, \`reads\` INT UNSIGNED,
         status VARCHAR(20), kind ENUM('a','b') NOT NULL)`,
        "INSERT INTO big (likes, `reads`, status, kind) VALUES (1, 2, 'on', 'a'), (3, 4, 'off', 'b'), (5, 6, '上架', 'a')",
        ...Array.from(
          { length: 16 },
          () =>
            `INSERT INTO big (likes, \`reads\`, status, kind) SELECT likes + id % 97, id % 89, ELT(1 + id % 50, 'on', '上架', 'off'), kind FROM big LIMIT ${large / 4}`,
        ),
        'ANALYZE TABLE big',
      )
    })

    const specOn = async (score: string, where?: string, columns: readonly string[] = []): Promise<BoardSpec> => {
      const table = await sandbox.shapeOf('big', {
        scores: [],
        columns: ['likes', 'reads', 'status', 'kind', ...columns],
      })
      const plain = table.columns.findIndex((column) => column.name === score)
      return boardOn(table, 'likes', {
        name: `hot.${columns.length}`,
        score:
          plain < 0 ? { kind: 'expression', expression: scoreOn(table, score) } : { kind: 'column', column: plain },
        where: where === undefined ? undefined : conditionOn(table, where),
      })
    }
    const find = (spec: BoardSpec, allowScan = false) =>
      preflight({ primary: sandbox.pool, refill: sandbox.pool, boards: [spec], allowScan })

    test.each([
      ["status = 'on'", '`status`, `likes`'],
      ["status = '上架' and kind = 'a'", '`status`, `kind`, `likes`'],
      ["kind = 'b' and `reads` = 7", '`kind`, `reads`, `likes`'],
    ])('where %s asks for an index on (%s), which then serves', async (where, columns) => {
      const spec = await specOn('likes', where)
      const [finding] = await find(spec)
      expect(finding).toMatchObject({ level: 'error', code: 'INDEX_MISSING' })
      const statement = createIndex(spec)
      expect(finding?.message).toContain(statement)
      expect(statement).toContain(`(${columns})`)
      await sandbox.run(statement, 'ANALYZE TABLE big')
      expect(await find(spec)).toEqual([])
      await sandbox.run('DROP INDEX `ranktide_hot.0` ON big', 'ANALYZE TABLE big')
    })

    test('an expression is refused with a statement that works, and the column that it adds is the score', async () => {
      const spec = await specOn('likes * 2 + `reads` / 3', "status = 'on'")
      const [finding] = await find(spec)
      expect(finding).toMatchObject({ level: 'error', code: 'INDEX_MISSING' })
      expect(await find(spec, true)).toEqual([])
      const column = scoreColumnName(spec)
      expect(finding?.message).toContain(`; then set boards.hot.0.score: ${column}`)
      const statement = / run: (ALTER TABLE .*?);/.exec(finding?.message ?? '')?.[1] ?? ''
      await sandbox.run(statement, 'ANALYZE TABLE big')
      const generated = await specOn(column, "status = 'on'", [column])
      expect(generated.score).toMatchObject({ kind: 'column' })
      expect(await find(generated)).toEqual([])
      const [before, after] = await Promise.all(
        [spec, generated].map((one) => sandbox.pool.use((session) => readBoard(session, one, 50))),
      )
      const scoreOf = (read: typeof before, of: BoardSpec) => {
        const held = new BoundedBoard(of, 50, 'everything')
        if (read !== undefined) held.merge(read, new Journal(), 0)
        return held.top().map(({ member, score }) => `${member} ${score}`)
      }
      expect(scoreOf(after, generated)).toEqual(scoreOf(before, spec))
    })
  })
})
