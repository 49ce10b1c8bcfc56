import { expect, test } from 'vitest'
import { behindAt, isLost, lagOf, partitionLags } from '../../src/core/lag.js'

const ends = new Map([
  ['t/0', 100],
  ['t/1', 50],
])
const beginnings = new Map([
  ['t/0', 0],
  ['t/1', 20],
])

test('counts what is still to be read, by partition, and from its beginning where nothing was', () => {
  const partitions = partitionLags(new Map([['t/0', 90]]), ends, beginnings) ?? []
  expect(partitions).toEqual([
    { partition: 't/0', next: 90, first: 0, end: 100 },
    { partition: 't/1', next: 20, first: 20, end: 50 },
  ])
  expect(behindAt(partitions)).toEqual(
    new Map([
      ['t/0', 90],
      ['t/1', 20],
    ]),
  )
  const times = new Map([
    ['t/0', 9_000],
    ['t/1', 7_500],
  ])
  expect(lagOf(partitions, times, 10_000)).toEqual({ events: 40, seconds: 2.5 })
  expect(lagOf(partitions, new Map(), 10_000)).toEqual({ events: 40, seconds: null })
})

test('is none at the ends, and unknown where nothing was ever read', () => {
  const partitions = partitionLags(ends, ends, beginnings) ?? []
  expect(behindAt(partitions).size).toBe(0)
  expect(lagOf(partitions, new Map(), 10_000)).toEqual({ events: 0, seconds: 0 })
  expect(partitionLags(new Map(), ends, beginnings)).toBeUndefined()
})

test('of what was deleted before it was read, the oldest record that is left is asked for, and none where none is', () => {
  const first = new Map([
    ['t/0', 8],
    ['t/1', 50],
  ])
  const lost = new Map([
    ['t/0', 3],
    ['t/1', 4],
  ])
  expect(behindAt(partitionLags(lost, ends, first) ?? [])).toEqual(new Map([['t/0', 8]]))
})

test('of a topic that was made anew is not less than nothing', () => {
  const partitions = partitionLags(new Map([['t/0', 500]]), new Map([['t/0', 3]]), new Map()) ?? []
  expect(lagOf(partitions, new Map(), 0)).toEqual({ events: 0, seconds: 0 })
})

test.each([
  ['deleted before it was read', 4, true],
  ['the first that is there', 5, false],
  ['not written yet', 9, false],
  ['of a topic before this one', 10, true],
])('the next one is %s: offset %i', (_, next, lost) => {
  expect(isLost({ partition: 't/0', next, first: 5, end: 9 })).toBe(lost)
})
