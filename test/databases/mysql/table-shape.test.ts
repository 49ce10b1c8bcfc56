import { describe, expect, test } from 'vitest'
import { RanktideError } from '../../../src/core/errors.js'
import { columnTypeOf } from '../../../src/databases/mysql/column-type.js'
import type { DescribedColumn, DescribedIndex, TableDescription } from '../../../src/databases/mysql/describe-table.js'
import { tableShape } from '../../../src/databases/mysql/table-shape.js'

const column = (name: string, sqlType: string, nullable = false, charset = 'utf8mb4'): DescribedColumn => ({
  name,
  type: columnTypeOf({
    dataType: sqlType.replace(/[ (].*$/s, ''),
    columnType: sqlType,
    charset,
    collation: `${charset}_general_ci`,
  }),
  sqlType,
  charset,
  nullable,
})

const index = (name: string, columns: (string | null)[], unique = true): DescribedIndex => ({ name, unique, columns })

const table = (change: Partial<TableDescription> = {}): TableDescription => ({
  database: 'shop',
  table: 'items',
  engine: 'InnoDB',
  columns: [
    column('id', 'bigint unsigned'),
    column('biz', 'varchar(128)'),
    column('biz_id', 'bigint'),
    column('nick', 'varchar(20)', true),
    column('old_name', 'varchar(20)', false, 'latin1'),
    column('like_cnt', 'bigint', true),
    column('heat', 'float'),
    column('doc', 'json', true),
    column('made', 'timestamp'),
    column('day', 'date'),
    column('hash', 'varbinary(16)'),
    column('uuid', 'binary(16)'),
  ],
  indexes: [index('uk_biz', ['biz', 'biz_id']), index('PRIMARY', ['id'])],
  ...change,
})

const refusal = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof RanktideError) return `${error.code}: ${error.detail}`
    throw error
  }
  return 'not refused'
}

describe('the shape', () => {
  test('has key, scores and columns, each once; the key is the primary key by default', () => {
    const shape = tableShape(table(), { scores: ['like_cnt'], columns: ['nick', 'id', 'nick'] })
    expect(shape.columns.map(({ name }) => name)).toEqual(['id', 'like_cnt', 'nick'])
    expect(shape).toMatchObject({ id: 'shop.items(id)', key: [0], primaryKey: ['id'] })
  })

  test('takes a unique key of NOT NULL columns in the order configured', () => {
    const shape = tableShape(table(), { key: ['biz_id', 'biz'], scores: ['like_cnt'], columns: [] })
    expect(shape).toMatchObject({ id: 'shop.items(biz_id, biz)', key: [0, 1], primaryKey: ['id'] })
  })

  test('takes more columns than a unique key has', () => {
    expect(tableShape(table(), { key: ['id', 'biz'], scores: [], columns: [] }).key).toEqual([0, 1])
  })
})

describe('refused', () => {
  const scores = ['like_cnt']
  const columns: string[] = []

  test.each([
    ['heat', 'COLUMN_TYPE: shop.items.heat (float): rounded numbers do not name a board'],
    ['made', 'a TIMESTAMP depends on the time zone'],
    ['hash', 'bytes do not name a board'],
    ['old_name', 'its charset is not carried faithfully'],
    ['bizz', 'COLUMN_MISSING: shop.items has no column bizz: did you mean biz?'],
  ])('a board split by %s', (split, told) => {
    expect(refusal(() => tableShape(table(), { scores, splits: [split], columns }))).toContain(told)
  })

  test.each(['biz', 'biz_id', 'nick', 'day', 'id'])('not one split by %s', (split) => {
    expect(tableShape(table(), { scores, splits: [split], columns }).columns.map(({ name }) => name)).toContain(split)
  })

  test('a misspelt column, with the name that was meant', () => {
    expect(refusal(() => tableShape(table(), { scores: ['like_cmt'], columns }))).toBe(
      'COLUMN_MISSING: shop.items has no column like_cmt: did you mean like_cnt?',
    )
  })

  test('an unknown column, with the names that exist', () => {
    expect(refusal(() => tableShape(table(), { scores, columns: ['zzzzzzzz'] }))).toContain('it has id, biz, biz_id')
  })

  test('several unknown columns, all at once', () => {
    expect(refusal(() => tableShape(table(), { key: ['idd'], scores: ['like_cmt'], columns: ['nick'] }))).toMatch(
      /^COLUMN_MISSING: shop\.items has no columns idd \(did you mean id\?\), like_cmt \(did you mean like_cnt\?\)$/,
    )
    expect(refusal(() => tableShape(table(), { scores: ['like_cmt'], columns: ['zzzzzzzz'] }))).toContain(
      'has no columns like_cmt (did you mean like_cnt?), zzzzzzzz: it has id, biz, biz_id',
    )
  })

  test.each([
    ['no unique key', ['biz']],
    ['a nullable column', ['nick']],
    ['the same column twice', ['id', 'id']],
  ])('as a key: %s, with the keys that are possible', (_, key) => {
    expect(refusal(() => tableShape(table(), { key, scores, columns }))).toMatch(
      /^KEY_NOT_UNIQUE: .*possible: \[id\], \[biz, biz_id\]/,
    )
  })

  test('a table without a primary key, with the unique key to configure', () => {
    const described = table({ indexes: [index('uk_biz', ['biz', 'biz_id'])] })
    expect(refusal(() => tableShape(described, { scores: ['like_cmt'], columns }))).toMatch(/^KEY_NOT_UNIQUE/)
    expect(refusal(() => tableShape(described, { scores, columns }))).toContain('possible: [biz, biz_id]')
  })

  test('an index over an expression is no key', () => {
    const described = table({ indexes: [index('f', [null]), index('n', ['nick'])] })
    expect(refusal(() => tableShape(described, { scores, columns }))).toContain('no other unique key')
  })

  test.each([
    ['made', /time zone/],
    ['heat', /rounded/],
    ['old_name', /charset latin1/],
    ['hash', /BINARY\(n\)/],
  ])('as a key column: %s', (name, why) => {
    const described = table({ indexes: [index('PRIMARY', ['id']), index('u', [name])] })
    const told = refusal(() => tableShape(described, { key: [name], scores, columns }))
    expect(told).toMatch(/^COLUMN_TYPE/)
    expect(told).toMatch(why)
  })

  test.each(['day', 'uuid'])('not refused as a key column: %s', (name) => {
    const described = table({ indexes: [index('PRIMARY', [name])] })
    expect(tableShape(described, { scores, columns }).primaryKey).toEqual([name])
  })

  test.each(['heat', 'nick', 'made', 'doc', 'uuid'])('as a score: %s', (name) => {
    expect(refusal(() => tableShape(table(), { scores: [name], columns }))).toMatch(/^COLUMN_TYPE: shop\.items\./)
  })

  test('a JSON column, even for display', () => {
    expect(refusal(() => tableShape(table(), { scores, columns: ['doc'] }))).toMatch(/^COLUMN_TYPE.*doc \(json\)/)
  })

  test('a table that is not transactional', () => {
    expect(refusal(() => tableShape(table({ engine: 'MyISAM' }), { scores, columns }))).toMatch(/^TABLE_ENGINE.*MyISAM/)
  })
})
