import { expect, test } from 'vitest'
import { expressionText } from '../../src/core/expression-text.js'
import { filterResult, partSentence, reasonsIn } from '../../src/core/filter-result.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { bigint, decimal, tableShape, varchar } from '../support/table-shapes.js'

const table = tableShape('shop.t', { id: bigint, a: decimal, b: bigint, 'of all': varchar, end: bigint }, ['id'])

test.each([
  ['a', 'a'],
  ['a - (b - 1)', 'a - (b - 1)'],
  ['(a - b) - 1', 'a - b - 1'],
  ['a * (b + 1) / 2', 'a * (b + 1) / 2'],
  ['-a * -2', '-a * -2'],
  ['-(a + b)', '-(a + b)'],
  ['coalesce(a, `end`, 0) + max(a, b)', 'coalesce(a, `end`, 0) + max(a, b)'],
])('score %s', (source, text) => {
  const score = scoreOn(table, source)
  expect(expressionText(score, table)).toBe(text)
  expect(scoreOn(table, text)).toEqual(score)
})

test.each([
  ["`of all` = 'it''s' or a > 1 and b < 2", "`of all` = 'it''s' or a > 1 and b < 2"],
  ['(a > 1 or b < 2) and not (a = 3 or b = 4)', '(a > 1 or b < 2) and not (a = 3 or b = 4)'],
  ['a is not null and b in (1, 2)', 'a is not null and (b = 1 or b = 2)'],
  ['a between 1 and 2', 'a >= 1 and a <= 2'],
  ['not a = 1', 'not (a = 1)'],
  ['a + 1 > b * 2', 'a + 1 > b * 2'],
])('condition %s', (source, text) => {
  const condition = conditionOn(table, source)
  expect(expressionText(condition, table)).toBe(text)
  expect(conditionOn(table, text)).toEqual(condition)
})

test('a filter tells which of its parts keep it from being true', () => {
  const filter = conditionOn(table, "b = 1 and (a > 5 or `of all` = 'x') and `end` is null")
  const told = (image: readonly (string | null)[]) => reasonsIn(filterResult(filter, table, image)).map(partSentence)
  expect(told(['1', '6', '1', null, null])).toEqual([])
  expect(told(['1', '5', '1', null, null])).toEqual([
    'a > 5 is false (a is 5)',
    "`of all` = 'x' is NULL (of all is NULL)",
  ])
  expect(told(['1', '6', '2', 'x', '0'])).toEqual(['b = 1 is false (b is 2)', '`end` is null is false (end is 0)'])
})
