// Which expressions make sense over a table, and what is said of those that do not.
import { describe, expect, test } from 'vitest'
import { caretsUnder, ExpressionFault } from '../../src/core/expression-fault.js'
import { parseExpression } from '../../src/core/expression-parser.js'
import { type NamedColumn, resolveCondition, resolveScore } from '../../src/core/expression-types.js'
import { bigint, bytes, datetime, decimal, varchar } from '../support/table-shapes.js'

const columns: readonly NamedColumn[] = [
  { name: 'id', type: bigint },
  { name: 'likes', type: bigint },
  { name: 'price', type: decimal },
  { name: 'rate', type: { kind: 'double' } },
  { name: 'flags', type: { kind: 'bit' } },
  { name: 'since', type: { kind: 'year' } },
  { name: 'title', type: varchar },
  { name: 'status', type: { kind: 'enum', labels: ['on', 'off'] } },
  { name: 'tags', type: { kind: 'set', labels: ['a', 'b'] } },
  { name: 'weight', type: { kind: 'float' } },
  { name: 'made', type: datetime },
  { name: 'hash', type: bytes },
  { name: 'old', type: { kind: 'text', binary: false, faithful: false } },
  { name: 'doc', type: undefined },
]

const refusalOf = (source: string, resolve: typeof resolveScore): string => {
  try {
    resolve(parseExpression(source), columns)
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error
    return `${caretsUnder(source, error, '')}\n${error.sentence}`
  }
  return 'accepted'
}

describe('conditions', () => {
  test.each([
    "status = 'on' and likes > 3",
    "title < 'm' or tags = 'a,b'",
    'made is null and hash is not null and weight is null and old is null',
    'rate * 2 > price - since or flags = 1',
    'coalesce(likes, price, null) > 0',
    "coalesce(title, 'none') <> status",
    'likes in (1, 2.5, 3e4)',
    'not (likes > 1)',
    'coalesce(likes > 1, false)',
    '(likes + price) is null',
    'true',
    'null or likes = 1',
  ])('%s', (source) => expect(refusalOf(source, resolveCondition)).toBe('accepted'))

  test.each([
    ['likes', '^^^^^', 'a condition is needed here, such as likes = 1; this is a number'],
    ['likes = 1 and title', '              ^^^^^', "a condition is needed here, such as status = 'on'; this is a text"],
    ['not likes', '    ^^^^^', 'a condition is needed here, such as likes = 1; this is a number'],
    ["likes = '1'", '      ^', 'this compares a number with a text'],
    ['status = 1', '       ^', 'this compares a text with a number'],
    ['likes = true', '        ^^^^', 'a number or a text is needed here, this is a condition'],
    ['likes = null', '        ^^^^', 'nothing compares with null; allowed: is null, is not null'],
    ['title + 1 > 2', '^^^^^', 'a number is needed here, this is a text'],
    ['likes + (likes > 1) > 2', '               ^', 'a number is needed here, this is a condition'],
    ["coalesce(likes, 'x') = 1", '                ^^^', 'a number is needed here, as before; this is a text'],
    ['lkes > 1', '^^^^', 'there is no column lkes; did you mean likes?'],
    ['LIKES > 1', '^^^^^', 'there is no column LIKES; did you mean likes?'],
    [
      'popularity > 1',
      '^^^^^^^^^^',
      'there is no column popularity; allowed: id, likes, price, rate, flags, since, title, status, tags, weight and 4 more',
    ],
    ['popularity is null', '^^^^^^^^^^', 'there is no column popularity'],
    ['weight > 1', '^^^^^^', 'a FLOAT is not the same number in the stream and in SQL (DOUBLE and DECIMAL are)'],
    ["made > '2026-01-01'", '^^^^', 'dates and times are not the same in the stream and in SQL'],
    ["hash = 'x'", '^^^^', 'bytes are neither a number nor a text; allowed of this column: is null, is not null'],
    ["old = 'x'", '^^^', 'the CDC stream cannot carry the charset of this column faithfully'],
    ['doc is null', '^^^', 'no board can read a column of this type'],
  ])('%s is refused', (source, carets, sentence) => {
    const refusal = refusalOf(source, resolveCondition)
    expect(refusal.slice(0, refusal.lastIndexOf('\n'))).toBe(`${source}\n${carets}`)
    expect(refusal).toContain(sentence)
  })
})

describe('scores', () => {
  test.each(['likes * 2 + price', 'rate / since', '-likes', 'coalesce(likes, 0)', 'min(likes, price) - abs(flags)'])(
    '%s',
    (source) => expect(refusalOf(source, resolveScore)).toBe('accepted'),
  )

  test.each([
    ['title', '^^^^^', 'a score is a number, this is a text'],
    ['likes > 3', '      ^', 'a score is a number, this is a condition'],
    ['null', '^^^^', 'a score is a number, this is null'],
    ['3 + 4', '  ^', 'a score depends on a column'],
    ['made', '^^^^', 'dates and times are not the same'],
  ])('%s is refused', (source, carets, sentence) => {
    const refusal = refusalOf(source, resolveScore)
    expect(refusal).toContain(`${source}\n${carets}\n`)
    expect(refusal).toContain(sentence)
  })

  test('what could end a SQL statement with an overflow is refused', () => {
    expect(refusalOf('rate * rate * rate * rate * likes', resolveScore)).toContain('past 1e+300')
    expect(refusalOf('rate * rate * rate * likes', resolveScore)).toBe('accepted')
    expect(refusalOf('price / rate / rate / rate / rate', resolveScore)).toContain('past 1e+300')
    expect(refusalOf(`likes${' * likes'.repeat(14)}`, resolveScore)).toBe('accepted')
    expect(refusalOf('likes * 1e290', resolveScore)).toContain('past 1e+300')
  })
})
