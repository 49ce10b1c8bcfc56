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
