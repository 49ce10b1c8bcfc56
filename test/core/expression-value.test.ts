// What expressions are worth: doubles, exact comparisons, texts by their bytes, and NULL as SQL has it.
import { describe, expect, test } from 'vitest'
import { compile } from '../../src/core/expression-value.js'
import type { Image } from '../../src/core/table.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { bigint, datetime, decimal, tableShape, varchar } from '../support/table-shapes.js'

const table = tableShape(
  'shop.items',
  { id: bigint, a: bigint, b: decimal, rate: { kind: 'double' }, title: varchar, made: datetime },
  ['id'],
)

const image = (values: Readonly<Record<string, string | null>>): Image =>
  table.columns.map(({ name }) => values[name] ?? null)

const score = (source: string, values: Readonly<Record<string, string | null>>) =>
  compile(scoreOn(table, source), table)(image(values))
const holds = (source: string, values: Readonly<Record<string, string | null>>) =>
  compile(conditionOn(table, source), table)(image(values))

describe('numbers', () => {
  test.each([
    ['a * 2 + b', { a: '3', b: '0.5' }, 6.5],
    ['a - b - 1', { a: '3', b: '0.5' }, 1.5],
    ['a / 3', { a: '1' }, 1 / 3],
    ['-a', { a: '7' }, -7],
    ['abs(-a) + min(a, b, 1) * max(a, b)', { a: '7', b: '3' }, 14],
    ['b + 0.2', { b: '0.1' }, 0.1 + 0.2],
    ['a + 1', { a: '9007199254740993' }, 9007199254740992],
    ['a / b', { a: '1', b: '0' }, null],
    ['a / rate', { a: '1', rate: '1e-80' }, null],
    ['rate * 1', { rate: '1e+80' }, null],
    ['a + b', { a: '1', b: null }, null],
    ['max(a, b)', { a: '1', b: null }, null],
    ['-a', { a: null }, null],
    ['coalesce(a, b, 5)', { a: null, b: null }, 5],
    ['coalesce(a / b, 9)', { a: '1', b: '0' }, 9],
    ['a / (b - b)', { a: '1', b: '4' }, null],
  ])('%s of %j is %s', (source, values, expected) => {
    expect(score(source, values)).toBe(expected)
  })
})

describe('comparisons', () => {
  test.each([
    ['a = 9007199254740993', { a: '9007199254740992' }, false],
    ['a < 9007199254740993', { a: '9007199254740992' }, true],
    ['a > b', { a: '9007199254740993', b: '9007199254740992.5' }, true],
    ['a + 0 = 9007199254740993', { a: '9007199254740992' }, true],
    ['b = 1.10', { b: '1.1' }, true],
    ['b = -1.5e0', { b: '-1.5' }, true],
    ['rate = 0.1', { rate: '0.1' }, true],
    ['a <> 3', { a: '3' }, false],
    ['a in (1, 2, 3)', { a: '3' }, true],
    ['a between 3 and 4', { a: '3' }, true],
    ['a not between 3 and 4', { a: '3' }, false],
    ["title = 'On'", { title: 'on' }, false],
    ["title = 'on'", { title: 'on ' }, false],
    ["title > 'Z'", { title: 'a' }, true],
    ["title < '\ue000'", { title: '\u{10000}' }, false],
    ["coalesce(title, 'x') = 'x'", { title: null }, true],
    ['made is null', { made: '2026-01-01' }, false],
    ['made is not null', { made: null }, false],
  ])('%s of %j is %s', (source, values, expected) => {
    expect(holds(source, values)).toBe(expected)
  })
})

describe('three values', () => {
  // a = 1 is TRUE for 1, FALSE for 0, NULL for null; b likewise.
  const truths = ['1', '0', null] as const
  const and: Readonly<Record<string, boolean | null>> = {
    '1,1': true,
    '1,null': null,
    'null,1': null,
    'null,null': null,
  }
  const or: Readonly<Record<string, boolean | null>> = {
    '0,0': false,
    '0,null': null,
    'null,0': null,
    'null,null': null,
  }
  const cases = truths.flatMap((a) => truths.map((b) => [a, b] as const))

  test.each(cases)('%s and, or %s', (a, b) => {
    const pair = `${a},${b}`
    expect(holds('a = 1 and b = 1', { a, b })).toBe(pair in and ? and[pair] : false)
    expect(holds('a = 1 or b = 1', { a, b })).toBe(pair in or ? or[pair] : true)
  })

  test.each([
    ['1', false],
    ['0', true],
    [null, null],
  ])('not %s', (a, expected) => expect(holds('not a = 1', { a })).toBe(expected))

  test('NULL in a list or a range is not known', () => {
    expect(holds('a in (1, b)', { a: '2', b: null })).toBeNull()
    expect(holds('a in (1, b)', { a: '1', b: null })).toBe(true)
    expect(holds('a not in (1, b)', { a: '2', b: null })).toBeNull()
    expect(holds('a between b and 1', { a: '2', b: null })).toBe(false)
  })
})
