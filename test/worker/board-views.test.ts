// What the owner of a feed answers while Redis holds something that its owner has not put there.
import { expect, test } from 'vitest'
import type { Entry } from '../../src/core/board-content.js'
import { definitionOf } from '../../src/core/board-definition.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import type { BoardMeta } from '../../src/operators/ports.js'
import { PublishedBoards } from '../../src/operators/published-boards.js'
import { BoardViews, type OwnedFeed } from '../../src/worker/board-views.js'
import { bigint, tableShape } from '../support/table-shapes.js'

const table = tableShape('webook.interactives', { id: bigint, like_cnt: bigint }, ['id'])
const spec: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}
const entry = (id: number, likes: number): Entry => ({
  member: String(id),
  score: String(likes),
  row: JSON.stringify({ id, like_cnt: likes }),
})
const ours = [entry(78, 650), entry(82, 550)]
const exact = { state: 'exact', reason: '' } as const
const meta: BoardMeta = {
  status: exact,
  complete: true,
  positions: new Map(),
  definition: definitionOf(spec, ['changes']),
}
const taken = { epoch: 1, version: 5, entries: ours, meta }

const owner = () => {
  const published = new PublishedBoards(new Map([['likes', taken]]), new Map([['likes', meta.definition]]))
  const content = { entries: ours, positions: new Map(), complete: true, proof: 'marker' } as const
  const board = { spec, status: exact, content, current: true, behindSince: undefined }
  const snapshot = { positions: new Map(), boards: [board], splits: [], changed: new Map() }
  const owned: OwnedFeed = { published, snapshot, confirmedAt: new Map([['likes', 1_000]]), cutOff: false }
  const views = new BoardViews(
    ['likes'],
    [
      {
        specs: [spec],
        former: [],
        topics: ['changes'],
        reader: { read: () => undefined },
        groups: new Map(),
        owned,
      },
    ],
    () => 1_500,
  )
  return { published, views, owned, spec }
}

test('what others wrote into the set is never served, not even between its discovery and its repair', () => {
  const { published, views } = owner()
  const foreign = [...ours, entry(5, 9_999)]
  expect(published.compare('likes', { epoch: 1, owner: 'a:1', version: 5, entries: foreign })).toBe(true)
  expect(views.read('likes')).toMatchObject({ entries: ours, status: exact })
})

test('a board whose keys are gone is still served', () => {
  const { published, views } = owner()
  published.take('likes', { epoch: 2, version: 6, entries: [], meta: undefined })
  expect(views.read('likes')).toMatchObject({ entries: ours, status: exact })
})

test('while Redis cannot be reached, each content has a version of its own, and the same one every time', () => {
  const { owned, views, spec: board } = owner()
  owned.cutOff = true
  const show = (entries: readonly Entry[]): number | undefined => {
    const content = { entries, positions: new Map(), complete: true, proof: 'marker' } as const
    const boards = [{ spec: board, status: exact, content, current: true, behindSince: undefined }]
    owned.snapshot = { positions: new Map(), boards, splits: [], changed: new Map() }
    return views.read('likes')?.version
  }
  const first = [entry(78, 651), entry(82, 550)]
  expect([show(ours), show(first), show([...first]), show([entry(78, 652)]), show(first)]).toEqual([5, 6, 6, 7, 8])
})

test('what was published under another definition is shown in its own order, and never as exact', () => {
  const { published, views, owned } = owner()
  const former: BoardSpec = { ...spec, direction: 'asc' }
  const definition = definitionOf(former, ['changes'])
  published.take('likes', { ...taken, meta: { ...meta, definition } })
  expect(views.read('likes')?.status).toMatchObject({ state: 'stale', reason: 'kept under another configuration' })
  const reader = { read: () => ({ entries: [...ours], meta: { ...meta, definition }, version: 5, age: 100 }) }
  for (const [known, keys] of [
    [[], ['78', '82']],
    [[former], ['82', '78']],
  ] as const) {
    const served = { specs: [spec], former: known, topics: ['changes'], reader, groups: new Map(), owned: undefined }
    const view = new BoardViews(['likes'], [served], () => 1_500).read('likes')
    expect(view?.entries.map(({ member }) => member)).toEqual(keys)
    expect(view).toMatchObject({ status: { state: 'stale' }, confirmedAt: 1_400 })
  }
  published.take('likes', taken)
  expect(owned.published.get('likes')?.meta.definition).toBe(meta.definition)
  expect(views.read('likes')?.status).toEqual(exact)
})
