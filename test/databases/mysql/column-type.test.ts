import { expect, test } from 'vitest'
import { columnTypeOf, labelsOf } from '../../../src/databases/mysql/column-type.js'

const typeOf = (columnType: string, charset: string | null = null, collation: string | null = null) =>
  columnTypeOf({ dataType: columnType.replace(/[ (].*$/s, ''), columnType, charset, collation })

test('labels keep commas, quotes, backslashes and empty texts', () => {
  expect(labelsOf("enum('a','it''s','c,d','','back\\\\slash','é','(''')")).toEqual([
    'a',
    "it's",
    'c,d',
    '',
    'back\\slash',
    'é',
    "('",
  ])
})

test.each([
  ['bigint(20) unsigned', { kind: 'integer', unsigned: true }],
  ['tinyint(1)', { kind: 'integer', unsigned: false }],
  ['int(10) unsigned zerofill', { kind: 'integer', unsigned: true }],
  ['decimal(65,30)', { kind: 'decimal' }],
  ['double(20,2)', { kind: 'double' }],
  ['float', { kind: 'float' }],
  ['bit(64)', { kind: 'bit' }],
  ['year', { kind: 'year' }],
  ['varbinary(16)', { kind: 'bytes' }],
  ["set('x','y')", { kind: 'set', labels: ['x', 'y'] }],
  ['datetime(6)', { kind: 'temporal', zoned: false }],
  ['timestamp(6)', { kind: 'temporal', zoned: true }],
])('%s', (sql, type) => {
  expect(typeOf(sql)).toEqual(type)
})

test.each(['json', 'geometry', 'point', 'vector(3)', 'uuid', 'inet6'])('%s is no type of a board', (sql) => {
  expect(typeOf(sql)).toBeUndefined()
})

test.each([
  ['utf8mb4', 'utf8mb4_0900_bin', true, true],
  ['utf8mb4', 'utf8mb4_nopad_bin', true, true],
  // Pads with spaces when it compares: 'a' stands after 'a\n'.
  ['utf8mb4', 'utf8mb4_bin', false, true],
  ['utf8mb4', 'utf8mb4_general_ci', false, true],
  ['ascii', 'ascii_nopad_bin', true, true],
  ['latin1', 'latin1_nopad_bin', false, false],
  ['gbk', 'gbk_chinese_ci', false, false],
])('text in %s, %s', (charset, collation, binary, faithful) => {
  expect(typeOf('varchar(20)', charset, collation)).toEqual({ kind: 'text', binary, faithful, charset })
})
