import { expect, test } from 'vitest'
import type { BoardConfig } from '../../src/runtime/config.js'
import { feedsOf } from '../../src/runtime/feeds.js'

const board = (name: string, ...topics: string[]): BoardConfig => ({
  name,
  topics,
  format: 'canal-json',
  table: { database: 'd', table: 't' },
  key: undefined,
  score: 's',
  where: undefined,
  order: 'desc',
  ties: 'newest',
  size: 10,
  per: undefined,
  maxBoards: 10_000,
  zset: undefined,
  columns: undefined,
  window: { events: 5000, timeMs: 50 },
})
const shape = (...boards: BoardConfig[]) =>
  feedsOf({ boards }).map((feed) => [feed.name, feed.topics, feed.boards.map(({ name }) => name)])

test('boards that share no topic are feeds of their own', () => {
  expect(shape(board('b', 'y'), board('a', 'x'))).toEqual([
    ['x', ['x'], ['a']],
    ['y', ['y'], ['b']],
  ])
})

test('sharing reaches through other boards, also through one that comes last', () => {
  expect(shape(board('a', 'x'), board('b', 'y'), board('c', 'z'), board('d', 'z', 'x'))).toEqual([
    ['x+z', ['x', 'z'], ['a', 'c', 'd']],
    ['y', ['y'], ['b']],
  ])
})

test('a board that joins two feeds brings all their topics', () => {
  expect(shape(board('a', 'w', 'x'), board('c', 'y', 'z'), board('d', 'z', 'x'), board('e', 'w'))).toEqual([
    ['w+x+y+z', ['w', 'x', 'y', 'z'], ['a', 'c', 'd', 'e']],
  ])
})

test('a feed is named by its topics alone, in any order', () => {
  expect(shape(board('a', 'y', 'x'))[0]?.[0]).toBe(shape(board('b', 'x'), board('c', 'x', 'y'))[0]?.[0])
})

test('long names are cut, and stay apart', () => {
  const long = 't'.repeat(99)
  const names = [`${long}1`, `${long}2`].map((topic) => shape(board('a', 'a', topic))[0]?.[0] as string)
  expect(names.map((name) => name.length)).toEqual([100, 100])
  expect(new Set(names).size).toBe(2)
})
