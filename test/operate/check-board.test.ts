import { expect, test } from 'vitest'
import type { Entry } from '../../src/core/board-content.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { checkBoard, isNoGroup } from '../../src/operate/check-board.js'
import type { Base } from '../../src/operators/ports.js'
import type { VerifiedFeed } from '../../src/worker/verify-feed.js'
import { bigint, tableShape, varchar } from '../support/table-shapes.js'

const spec: BoardSpec = {
  name: 'split',
  table: tableShape('webook.interactives', { id: bigint, biz: varchar, like_cnt: bigint }, ['id']),
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0],
  score: { kind: 'column', column: 2 },
  where: undefined,
  per: 1,
}

interface Sides {
  /** Of the group that is asked for; of every other there is nothing. */
  readonly table?: readonly (readonly [string, string, string])[]
  readonly redis?: readonly Entry[]
}

/** A feed with an owner that is well, and with the groups `article` and `post`. */
const feedOf = ({ table = [], redis }: Sides): VerifiedFeed => {
  const rows = table.map((image) => ({ key: image[0], image }))
  const base: Base = {
    read: () => [],
    readGroups: ({ groups }) => {
      const values = groups.kind === 'listed' ? groups.values : []
      const read = { rows, complete: true }
      return [{ groups: new Map(values.map((value) => [value, read])), next: undefined }]
    },
    mark: () => [],
    marks: true,
  }
  const status = { state: 'exact', reason: '' } as const
  const there = redis === undefined ? { version: undefined, status: undefined } : { version: 7, status }
  return {
    base,
    limits: { timeout: 1_000, overlap: 0 },
    registered: () => Promise.resolve(['article', 'post']),
    witnessOf: () => ({
      read: (names) => {
        const board = { ...there, entries: redis ?? [], foreign: false, confirmedAt: 5_000 }
        return Promise.resolve({ now: 1_000, owner: 'one', boards: new Map(names.map((name) => [name, board])) })
      },
    }),
  }
}

test('a group that neither Redis nor the table has is not there, however equal they are', async () => {
  const [check, ...others] = await checkBoard(feedOf({}), spec, 'artikle')
  expect(others).toEqual([])
  expect(check).toMatchObject({
    per: 'artikle',
    status: 'not there',
    members: 0,
    reason: 'no such group, neither in Redis nor in the table; Redis has 2 groups of split; did you mean article?',
  })
  expect(check && isNoGroup(check)).toBe(true)
})

test('a group that is published and empty is there', async () => {
  const [check] = await checkBoard(feedOf({ redis: [] }), spec, 'article')
  expect(check).toMatchObject({ status: 'ok', members: 0, reason: '' })
})

test('a group that the table alone has can be repaired', async () => {
  const [check] = await checkBoard(feedOf({ table: [['1', 'article', '5']] }), spec, 'article')
  expect(check).toMatchObject({ status: 'not there', version: null })
  expect(check && isNoGroup(check)).toBe(false)
}, 20_000)
