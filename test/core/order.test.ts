import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { canonicalDecimal } from '../../src/core/canonical.js'
import { memberOf } from '../../src/core/member.js'
import { compareBytes, compareDecimals, orderOf, type Place } from '../../src/core/order.js'
import { bigint, decimal, tableShape, varchar } from '../support/table-shapes.js'

const place = (exact: string, key: string): Place => ({ exact, key, score: Number(exact) })

const spec = (over: Partial<BoardSpec>): BoardSpec => ({
  name: 'likes',
  table: tableShape('webook.interactives', { id: bigint, likes: decimal }, ['id']),
  direction: 'desc',
  ties: 'newest',
  size: 3,
  display: [0],
  score: { kind: 'column', column: 1 },
  where: undefined,
  ...over,
})

const ranked = (over: Partial<BoardSpec>, places: readonly (readonly [string, string])[]): string[] =>
  places
    .map(([exact, key]) => place(exact, key))
    .sort(orderOf(spec(over)))
    .map(({ exact, key }) => `${exact}/${key}`)

describe('decimals', () => {
  it('compare like integers of any length once their points are in one place', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 65 })
    const number = fc.tuple(fc.boolean(), digits, fc.integer({ min: 0, max: 64 }))
    const textOf = ([minus, all, scale]: [boolean, string, number]): string => {
      const padded = all.padStart(scale + 1, '0')
      const text = `${minus ? '-' : ''}${padded.slice(0, padded.length - scale)}.${padded.slice(padded.length - scale)}`
      return canonicalDecimal(text.endsWith('.') ? text.slice(0, -1) : text) ?? 'none'
    }
    const scaled = ([minus, all, scale]: [boolean, string, number]): bigint =>
      BigInt(all) * 10n ** BigInt(64 - scale) * (minus ? -1n : 1n)
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [x, y] = [scaled(a), scaled(b)]
        expect(Math.sign(compareDecimals(textOf(a), textOf(b)))).toBe(x < y ? -1 : x > y ? 1 : 0)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['9007199254740992', '9007199254740993'],
    ['18446744073709551614', '18446744073709551615'],
    ['-9007199254740993', '-9007199254740992'],
    [`${'9'.repeat(34)}.${'9'.repeat(30)}`, `${'9'.repeat(34)}.${'9'.repeat(31)}`],
    ['0.1', '0.11'],
    ['-0.11', '-0.1'],
    ['9', '10'],
    ['-1', '0'],
  ])('%s is less than %s', (a, b) => {
    expect(compareDecimals(a, b)).toBeLessThan(0)
    expect(compareDecimals(b, a)).toBeGreaterThan(0)
    expect(compareDecimals(a, a)).toBe(0)
  })
})

describe('bytes', () => {
  it('compare as UTF-8 does, surrogates included', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        fc.constantFrom('\ue000', '\uffff', '\ufffd', '\u{10000}', '\u{1f600}', 'é', 'Z', 'a', '榜'),
      ),
      maxLength: 6,
    })
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('the order of a board', () => {
  const tied = [
    ['5', '9'],
    ['5', '100'],
    ['5', '10'],
    ['7', '1'],
    ['3', '2'],
  ] as const

  it.each([
    ['desc', 'newest', ['7/1', '5/100', '5/10', '5/9', '3/2']],
    ['desc', 'oldest', ['7/1', '5/9', '5/10', '5/100', '3/2']],
    ['desc', 'redis', ['7/1', '5/9', '5/100', '5/10', '3/2']],
    ['asc', 'newest', ['3/2', '5/100', '5/10', '5/9', '7/1']],
    ['asc', 'oldest', ['3/2', '5/9', '5/10', '5/100', '7/1']],
    ['asc', 'redis', ['3/2', '5/10', '5/100', '5/9', '7/1']],
  ] as const)('%s, ties %s', (direction, ties, expected) => {
    expect(ranked({ direction, ties }, tied)).toEqual(expected)
  })

  it('tells scores apart that are one double', () => {
    const places = [
      ['9007199254740992', '1'],
      ['9007199254740993', '2'],
      ['0.1', '3'],
      ['0.10000000000000000001', '4'],
    ] as const
    expect(ranked({}, places)).toEqual([
      '9007199254740993/2',
      '9007199254740992/1',
      '0.10000000000000000001/4',
      '0.1/3',
    ])
  })

  it('takes keys column by column: numbers as numbers, texts as bytes', () => {
    const table = tableShape('webook.likes', { biz: varchar, biz_id: bigint, likes: decimal }, ['biz', 'biz_id'])
    const keys = [
      ['b', '9'],
      ['b', '10'],
      ['a:b', '7'],
      ['é', '1'],
      ['Z', '1'],
      ['a', '3'],
    ]
    const places = keys.map(([biz = '', id = '']) => ['5', memberOf(table, [biz, id, '5']) ?? ''] as const)
    const oldest = ranked(
      { table, score: { kind: 'column', column: 2 }, where: undefined, ties: 'oldest' },
      places,
    ).map((text) => text.slice(2))
    expect(oldest).toEqual(['Z:1', 'a:3', 'a%3Ab:7', 'b:9', 'b:10', 'é:1'])
  })
})
