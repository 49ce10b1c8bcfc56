import { expect, test } from 'vitest'
import { BoardComparison, differencesOf, withScores } from '../../src/core/board-comparison.js'
import type { Entry } from '../../src/core/board-content.js'
import { digestOf } from '../../src/core/board-digest.js'

const entry = (member: string, score: number, more: object = {}): Entry => ({
  member,
  score: String(score),
  row: JSON.stringify({ id: Number(member), likes: score, ...more }),
})

const table = [entry('1', 30, { title: 'a' }), entry('2', 20, { title: 'b' }), entry('3', 10, { title: 'c' })]

test('equal boards have no difference, in whatever sequence, whatever text Redis has for a score', () => {
  const redis = [...table].reverse().map((one) => ({ ...one, score: `${one.score}.0` }))
  expect(differencesOf(redis, table)).toEqual([])
  expect(digestOf(redis)).toBe(digestOf(table))
})

test('a missing and a foreign member, with the row that the other side has', () => {
  const redis = [...table.slice(1), entry('9', 99)]
  expect(withScores(differencesOf(redis, table), redis, table)).toEqual([
    { member: '1', what: 'missing', redis: undefined, table: table[0]?.row },
    { member: '9', what: 'foreign', redis: redis[2]?.row, table: undefined },
  ])
})

test('a wrong score, a wrong column, a row in other words', () => {
  const [first, second, third] = table
  if (first === undefined || second === undefined || third === undefined) throw new Error('no rows')
  const redis = [
    { ...first, score: '31' },
    { ...second, row: second.row.replace('"b"', '"x"') },
    { ...third, row: third.row.replace('"c"', ' "c"') },
  ]
  expect(differencesOf(redis, table)).toEqual([
    { member: '1', what: 'score', redis: '31', table: '30' },
    { member: '2', what: 'title', redis: '"x"', table: '"b"' },
    { member: '3', what: 'row', redis: redis[2]?.row, table: third.row },
  ])
  expect(digestOf(redis)).not.toBe(digestOf(table))
})

test('a member without a row, and a row without a place', () => {
  const [first, ...rest] = table
  if (first === undefined) throw new Error('no rows')
  const found = differencesOf([{ ...first, row: '' }, ...rest, { member: '4', score: 'nan', row: '{}' }], table)
  expect(found.map(({ member, what }) => `${member} ${what}`)).toEqual(['1 id', '1 likes', '1 title', '4 foreign'])
})

/** One member whose score is `scores` at the looks: table, Redis, table, Redis, … table. */
const judged = (rounds: number, ...scores: readonly number[]): BoardComparison => {
  const comparison = new BoardComparison(rounds)
  const at = (i: number) => [entry('1', scores[i] ?? 0)]
  for (let i = 0; i + 2 < scores.length; i += 2) comparison.round(at(i), [at(i + 1)], at(i + 2))
  return comparison
}

test('one look at Redis that shows what the table showed clears a value for good', () => {
  const comparison = judged(2, 1, 5, 1, 1, 2, 7, 2, 7, 2)
  expect(comparison.decided).toBe(true)
  expect(comparison.differences()).toEqual([])
  expect(comparison.moving).toBe(0)
})

test('what the table holds at the second look clears as well: Redis has come up to it', () => {
  const comparison = judged(1, 1, 2, 2)
  expect(comparison.decided).toBe(true)
  expect(comparison.differences()).toEqual([])
  expect(comparison.moving).toBe(0)
})

test('a value that stands in Redis while the table moves differs', () => {
  const comparison = judged(3, 1, 7, 2, 7, 3, 7, 2)
  expect(comparison.decided).toBe(true)
  expect(comparison.differences().map(({ what }) => what)).toEqual(['score', 'likes'])
})

test('a text that changes in Redis while the table stands differs', () => {
  const titled = (title: string) => [entry('1', 1, { title })]
  const comparison = new BoardComparison(2)
  for (const title of ['x', 'y']) comparison.round(titled('a'), [titled(title)], titled('a'))
  expect(comparison.differences().map(({ what }) => what)).toEqual(['title'])
})

test('a value that rises on both sides differs only where Redis was never within', () => {
  expect(judged(3, 10, 15, 20, 25, 30, 35, 40).differences()).toEqual([])
  expect(judged(3, 10, 15, 20, 25, 30, 35, 40).moving).toBeGreaterThan(0)
  expect(
    judged(3, 10, 50, 20, 60, 30, 70, 40)
      .differences()
      .map(({ what }) => what),
  ).toContain('score')
  // Going up and down it may have been anywhere in between.
  expect(judged(3, 10, 50, 20, 60, 10, 70, 40).differences()).toEqual([])
})

test('it is decided only once a difference has lasted', () => {
  expect(judged(3, 1, 7, 1, 7, 1).decided).toBe(false)
  expect(judged(3, 1, 7, 1, 7, 1).differences()).toEqual([])
  expect(judged(3, 1, 7, 1, 7, 1, 7, 1).decided).toBe(true)
})

test('members that come later are not judged, and members that go on both sides are done with', () => {
  const comparison = new BoardComparison(2)
  comparison.round(table, [table.slice(1), table.slice(1)], table)
  comparison.round(table, [[...table.slice(1), entry('8', 8)]], table)
  expect(comparison.differences().map(({ member }) => member)).toEqual(['1'])
  const going = new BoardComparison(3)
  going.round([entry('1', 1)], [[entry('1', 2)]], [entry('1', 3)])
  expect(going.decided).toBe(false)
  going.round([entry('1', 3)], [[]], [])
  expect(going.decided).toBe(true)
  expect(going.moving).toBe(0)
})

test('members that come and go at every look do not keep it going for ever', () => {
  const comparison = new BoardComparison(2)
  comparison.round([entry('1', 1)], [[entry('1', 7)]], [entry('1', 2)])
  // From now on Redis lacks the member, of which it was cleared that it is there.
  for (let i = 0; i < 2; i++) comparison.round([entry('1', 2)], [[]], [entry('1', 2)])
  expect(comparison.decided).toBe(false)
  comparison.round([entry('1', 2)], [[]], [entry('1', 2)])
  expect(comparison.decided).toBe(true)
  expect(comparison.differences()).toEqual([])
  expect(comparison.moving).toBeGreaterThan(0)
})
