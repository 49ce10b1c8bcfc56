// What goes into a statement or a sentence: addresses, names, times, ranges.
import { describe, expect, test } from 'vitest'
import { integerRange, rangeText } from '../../../src/databases/postgres/integer-range.js'
import { parsePostgresUrl } from '../../../src/databases/postgres/postgres-url.js'
import { quoted, quotedTable } from '../../../src/databases/postgres/sql-name.js'
import { timestampText } from '../../../src/databases/postgres/timestamp-text.js'

describe('a URL', () => {
  test('names address, user and database', () => {
    expect(parsePostgresUrl('postgres://a%40b:p%2Fq@db/web%20ook')).toEqual({
      address: 'db:5432',
      user: 'a@b',
      database: 'web ook',
    })
    expect(parsePostgresUrl('postgresql://app:x@[::1]:6000/w?sslmode=require').address).toBe('[::1]:6000')
  })

  test.each([
    'mysql://app:hunter2@db/webook',
    'postgres://app:hunter2@db',
    'postgres://db/webook',
    'postgres://app:hunter2%zz@db/webook',
    'postgres://app:hunter2@db:port/webook',
    'hunter2',
  ])('%s is refused without its password', (url) => {
    try {
      parsePostgresUrl(url)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
      expect(String(error) + JSON.stringify(error)).not.toContain('hunter2')
    }
  })
})

test('names are quoted whatever they hold', () => {
  expect(quoted('a"b.c')).toBe('"a""b.c"')
  expect(quotedTable({ schema: undefined, name: 'x.y' })).toBe('"x.y"')
  expect(quotedTable({ schema: 'S', name: 'interactives' })).toBe('"S"."interactives"')
})

test('times are written as Postgres reads them, to the last of a Date', () => {
  expect(timestampText(0)).toBe('1970-01-01T00:00:00.000Z')
  expect(timestampText(1_700_000_000_123)).toBe('2023-11-14T22:13:20.123Z')
  expect(timestampText(8.64e15)).toBe('275760-09-13T00:00:00.000Z')
  expect(timestampText(253_402_300_800_000)).toBe('10000-01-01T00:00:00.000Z')
})

test('types have the range that they store', () => {
  expect(integerRange('bigint')).toEqual({ least: -(2n ** 63n), most: 2n ** 63n - 1n })
  expect(integerRange('numeric(20,0)')?.most).toBe(10n ** 20n - 1n)
  expect(integerRange('numeric(5,2)')?.most).toBe(999n)
  for (const type of ['text', 'real', 'double precision', 'money', 'numeric(3,-1)'])
    expect(integerRange(type)).toBeUndefined()
  expect(rangeText('smallint')).toBe('smallint, from -32768 to 32767')
  expect(rangeText('numeric')).toBe('numeric')
})
