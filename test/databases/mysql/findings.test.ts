import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../../src/core/board-spec.js'
import type { Column } from '../../../src/core/table.js'
import { primaryFindings, replicaFindings } from '../../../src/databases/mysql/binlog-findings.js'
import { indexFindings } from '../../../src/databases/mysql/index-findings.js'
import { conditionOn, scoreOn } from '../../support/expressions.js'

const mysql = {
  log_bin: 'ON',
  binlog_format: 'ROW',
  binlog_row_image: 'FULL',
  binlog_row_value_options: '',
  binlog_order_commits: 'ON',
}
const found = (settings: Record<string, string>) =>
  primaryFindings(new Map(Object.entries(settings))).map(({ level, code, message }) => `${level} ${code}: ${message}`)

describe('the binary log', () => {
  test('nothing to say of a server as it should be', () => {
    expect(found(mysql)).toEqual([])
    expect(found({ log_bin: 'ON', binlog_format: 'ROW', binlog_row_image: 'FULL' })).toEqual([])
  })

  test.each([
    [{ log_bin: 'OFF' }, 'BINLOG_FORMAT', '--log-bin'],
    [{ binlog_format: 'MIXED' }, 'BINLOG_FORMAT', "SET GLOBAL binlog_format = 'ROW'"],
    [{ binlog_row_image: 'MINIMAL' }, 'BINLOG_FORMAT', "SET GLOBAL binlog_row_image = 'FULL'"],
    [{ binlog_row_image: 'NOBLOB' }, 'BINLOG_FORMAT', "SET GLOBAL binlog_row_image = 'FULL'"],
    [{ binlog_row_value_options: 'PARTIAL_JSON' }, 'BINLOG_FORMAT', "SET GLOBAL binlog_row_value_options = ''"],
    [{ binlog_order_commits: 'OFF' }, 'BINLOG_ORDER', 'SET GLOBAL binlog_order_commits = ON'],
  ])('%o is an error with the statement to paste', (setting, code, statement) => {
    const [finding, ...others] = found({ ...mysql, ...setting })
    expect(others).toEqual([])
    expect(finding).toContain(`error ${code}`)
    expect(finding).toContain(statement)
  })

  test('everything that is wrong is told at once', () => {
    expect(found({ ...mysql, binlog_format: 'STATEMENT', binlog_row_image: 'MINIMAL' })).toHaveLength(2)
  })

  test.each([
    [{ replica_preserve_commit_order: 'OFF', replica_parallel_workers: '4' }, 1],
    [{ slave_preserve_commit_order: 'OFF', slave_parallel_workers: '4' }, 1],
    [{ replica_preserve_commit_order: 'OFF', replica_parallel_workers: '1' }, 0],
    [{ replica_preserve_commit_order: 'ON', replica_parallel_workers: '4' }, 0],
    [{ slave_parallel_workers: '4' }, 0],
  ])('a replica with %o', (settings, findings) => {
    expect(replicaFindings(new Map(Object.entries(settings)))).toHaveLength(findings)
  })
})

describe('the plan of a refill', () => {
  const board: BoardSpec = {
    name: 'likes',
    table: {
      id: 'd.t(id)',
      database: 'd',
      table: 't',
      columns: [
        { name: 'id', type: { kind: 'integer', unsigned: false } },
        { name: 'n', type: { kind: 'integer', unsigned: false } },
      ],
      key: [0],
      primaryKey: ['id'],
    },
    direction: 'desc',
    ties: 'newest',
    size: 10,
    display: [0],
    score: { kind: 'column', column: 1 },
    where: undefined,
  }
  const column = (name: string): Column => ({ name, type: { kind: 'integer', unsigned: false } })
  const index = (...columns: string[]) => [{ name: 'i', unique: false, columns }]
  const levels = (rows: number, indexes: ReturnType<typeof index>, spec = board, allowScan = false) =>
    indexFindings(spec, { served: false, rows }, indexes, allowScan).map(({ level }) => level)

  test('a sort of many rows is refused, of few rows only told', () => {
    expect(levels(100_001, [])).toEqual(['error'])
    expect(levels(100_000, [])).toEqual(['warning'])
  })

  test('allowScan silences both', () => {
    expect(levels(100_001, [], board, true)).toEqual([])
  })

  test('an index that is there is not asked for again', () => {
    expect(levels(10, index('n'))).toEqual([])
    expect(levels(10, index('n', 'id'))).toEqual([])
    expect(levels(100_001, index('n'))).toEqual(['warning'])
  })

  test('an index that goes on with another column serves only a page by score', () => {
    expect(levels(10, index('n', 'other'))).toEqual(['warning'])
    expect(levels(10, index('n', 'other'), { ...board, ties: 'redis' })).toEqual([])
    expect(levels(10, index('other', 'n'))).toEqual(['warning'])
  })

  test('the columns that a filter holds to one value may stand in front, in any order', () => {
    const wide = {
      ...board,
      table: { ...board.table, columns: [...board.table.columns, column('status'), column('kind')] },
    }
    const where = conditionOn(wide.table, 'status = 1 and kind = 2')
    expect(levels(10, index('kind', 'status', 'n'), { ...wide, where })).toEqual([])
    expect(levels(10, index('n'), { ...wide, where })).toEqual([])
    expect(levels(10, index('kind', 'n'), { ...wide, where })).toEqual(['warning'])
    expect(levels(10, index('status', 'n'), { ...wide, where: conditionOn(wide.table, 'status > 1') })).toEqual([
      'warning',
    ])
  })

  test('a split board needs its column in front of all', () => {
    const split = { ...board, table: { ...board.table, columns: [...board.table.columns, column('biz')] }, per: 2 }
    expect(levels(10, index('biz', 'n'), split)).toEqual([])
    expect(levels(10, index('n'), split)).toEqual(['warning'])
    expect(levels(100_001, index('n', 'biz'), split)).toEqual(['error'])
  })

  test('no index serves an expression', () => {
    const score = { kind: 'expression', expression: scoreOn(board.table, 'n * 2') } as const
    expect(levels(10, index('n'), { ...board, score })).toEqual(['warning'])
    expect(levels(100_001, index('n'), { ...board, score })).toEqual(['error'])
    expect(levels(100_001, index('n'), { ...board, score }, true)).toEqual([])
  })
})
