import { expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { PublishedBoards } from '../../src/operators/published-boards.js'
import { bigint, tableShape } from '../support/table-shapes.js'

const spec: BoardSpec = {
  name: 'likes',
  table: tableShape('webook.interactives', { id: bigint, like_cnt: bigint }, ['id']),
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

test('a board that is neither there nor here is not written: readers would take the empty one for the newest', () => {
  const taken = { epoch: 1, version: 5, entries: [], meta: undefined }
  const published = new PublishedBoards(new Map([['likes', taken]]), new Map([['likes', 'd']]))
  for (const reason of ['starting', 'catching up', 'rewinding']) {
    const status = { state: 'stale', reason } as const
    const board = { spec, status, content: undefined, current: false, behindSince: 1 }
    expect(published.due({ positions: new Map(), boards: [board], splits: [], changed: new Map() })).toEqual([])
  }
})

test('boards that are doubted are looked at ahead of their turn, a split board with all its groups and its registry', () => {
  const taken = { epoch: 1, version: 5, entries: [], meta: undefined }
  const boards = new Map([
    ['likes', taken],
    ['split', taken],
  ])
  const published = new PublishedBoards(boards, new Map())
  const status = { state: 'exact', reason: '' } as const
  const split = {
    spec: { ...spec, name: 'split', per: 0 },
    status,
    current: true,
    behindSince: undefined,
    filled: true,
    size: 2,
    group: () => undefined,
    reached: () => new Map(),
  }
  published.accept({ positions: new Map(), boards: [], splits: [split], changed: new Map() }, 0)
  for (const value of ['a', 'b']) published.groups.take({ split: 'split', value, name: `split/${value}` }, taken)
  published.doubt(['split', 'nobody'])
  published.doubt(['likes', 'split'])
  expect(published.doubted(10)).toEqual(['split', 'split/a', 'split/b', 'likes'])
  expect(published.groups.doubted()).toEqual(['split'])
  // One that could not be looked at stays.
  published.doubtedNoMore(['split', 'split/a'])
  expect(published.doubted(1)).toEqual(['split/b'])
  expect(published.doubted(10)).toEqual(['split/b', 'likes'])
})
