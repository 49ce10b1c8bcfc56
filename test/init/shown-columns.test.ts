import { expect, test } from 'vitest'
import { columnTypeOf } from '../../src/databases/mysql/column-type.js'
import type { TableDescription } from '../../src/databases/mysql/describe-table.js'
import { shownColumns } from '../../src/init/shown-columns.js'

const table = (
  ...columns: readonly (readonly [name: string, sqlType: string, charset?: string])[]
): TableDescription => ({
  database: 'd',
  table: 't',
  engine: 'InnoDB',
  indexes: [],
  columns: columns.map(([name, sqlType, charset = 'utf8mb4']) => {
    const dataType = /^\w+/.exec(sqlType)?.[0] ?? ''
    const collation = `${charset}_bin`
    return {
      name,
      sqlType,
      charset,
      nullable: true,
      type: columnTypeOf({ dataType, columnType: sqlType, charset, collation }),
    }
  }),
})

test('short columns in their order, without the key', () => {
  const of = table(['id', 'bigint'], ['title', 'varchar(128)'], ['likes', 'int'], ['kind', "enum('a','b')"])
  expect(shownColumns(of, 'likes', ['id'])).toEqual({ shown: ['title', 'likes', 'kind'], others: [] })
})

test('what is long, depends on a time zone or is not UTF-8 is not proposed, but named', () => {
  const of = table(
    ['body', 'text'],
    ['long', 'varchar(4000)'],
    ['at', 'timestamp'],
    ['old', 'char(9)', 'latin1'],
    ['n', 'int'],
  )
  expect(shownColumns(of, 'n', [])).toEqual({ shown: ['n'], others: ['body', 'long', 'at', 'old'] })
})

test('what may be a secret or belongs to a person is not proposed', () => {
  const private_ = ['password', 'pwd', 'api_token', 'email', 'phone', 'last_ip', 'ip'].map(
    (name) => [name, 'varchar(64)'] as const,
  )
  expect(shownColumns(table(...private_, ['n', 'int'], ['recipe', 'int']), 'n', []).shown).toEqual(['n', 'recipe'])
})

test('types that no board can show are not even named', () => {
  expect(shownColumns(table(['n', 'int'], ['extra', 'json'], ['where', 'point']), 'n', []).others).toEqual([])
})

test('at most eight, the score always among them', () => {
  const many = Array.from({ length: 20 }, (_, i) => [`c${i}`, 'int'] as const)
  const { shown, others } = shownColumns(table(...many), 'c19', [])
  expect(shown).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c19'])
  expect(others).toHaveLength(12)
})
