// What is concluded from what the table, the stream and Redis say of a row: one sentence a case.
import { describe, expect, it, test } from 'vitest'
import type { BoardStatus } from '../../src/core/board-content.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { type BoardThere, conclude, type Facts, isPassing, type StreamChange } from '../../src/core/explanation.js'
import { placeOf, rankingOf } from '../../src/core/ranking.js'
import { rowJson } from '../../src/core/row-json.js'
import type { Image } from '../../src/core/table.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { bigint, decimal, tableShape, varchar } from '../support/table-shapes.js'

const table = tableShape('shop.likes', { id: bigint, biz: varchar, n: decimal, status: bigint }, ['id'])

const plain: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 3,
  display: [0, 1, 2],
  score: { kind: 'column', column: 2 },
  where: undefined,
}

const row = (id: number, n: string | null, biz: string | null = 'a', status: string | null = '1'): Image => [
  String(id),
  biz,
  n,
  status,
]

const exact: BoardStatus = { state: 'exact', reason: '' }

const boardOf = (spec: BoardSpec, rows: readonly Image[], status = exact): BoardThere => ({
  status,
  positions: new Map([['t/0', 1200]]),
  entries: rows.flatMap((image) => {
    const place = placeOf(rankingOf(spec), image[0] ?? '', image)
    if (place === undefined) return []
    return [{ member: place.key, score: String(place.score), row: rowJson(spec, image, place.exact) }]
  }),
})

const full = [row(1, '30'), row(2, '20'), row(3, '10')]

const change = (offset: number, image: Image | null): StreamChange => ({
  partition: 't/0',
  offset,
  time: undefined,
  image,
  what: 'row',
})

const factsOf = (facts: Partial<Facts> & { readonly key: string }): Facts => {
  const spec = facts.spec ?? plain
  return {
    spec,
    ranking: rankingOf(spec),
    row: undefined,
    change: undefined,
    board: boardOf(spec, full),
    group: undefined,
    ...facts,
  }
}

const filtered: BoardSpec = { ...plain, where: conditionOn(table, "status = 1 and (biz = 'a' or n > 100)") }
const computed: BoardSpec = { ...plain, score: { kind: 'expression', expression: scoreOn(table, 'n / status') } }
const split: BoardSpec = { ...plain, per: 1 }
const rising: BoardSpec = { ...plain, direction: 'asc', ties: 'oldest' }

const cases: readonly (readonly [string, Partial<Facts> & { readonly key: string }, string, string])[] = [
  ['a member', { key: '2', row: row(2, '20') }, 'on-board', 'on the board: rank 2 of 3, score 20'],
  [
    'a member that ties',
    { key: '4', row: row(4, '20'), board: boardOf(plain, [row(4, '20'), ...full.slice(0, 2)]) },
    'on-board',
    'on the board: rank 2 of 3, score 20, which another one has, too',
  ],
  ['no row', { key: '9', row: null }, 'no-row', 'not on the board: shop.likes has no row with id = 9'],
  ['no score', { key: '9', row: row(9, null) }, 'no-score', 'not on the board: its score is NULL (n is NULL)'],
  [
    'an expression without a value',
    { key: '9', spec: computed, row: row(9, '5', 'a', '0'), board: boardOf(computed, full) },
    'no-score',
    'not on the board: its score is NULL (n is 5, status is 0)',
  ],
  [
    'a score below',
    { key: '9', row: row(9, '9.75') },
    'below',
    'not on the board: its score 9.75 is below the last place (10, id = 3): it needs 0.25 more',
  ],
  [
    'a score above where the lowest rank first',
    { key: '9', spec: rising, row: row(9, '42'), board: boardOf(rising, full) },
    'below',
    'not on the board: its score 42 is above the last place (30, id = 1): it needs 12 less',
  ],
  [
    'a lost tie',
    { key: '2', row: row(2, '10'), board: boardOf(plain, [row(1, '30'), row(4, '20'), row(3, '10')]) },
    'below',
    'not on the board: its score 10 is that of the last place (10, id = 3), and of equal scores the greater key ranks higher',
  ],
  [
    'a filter, by the parts that are false',
    { key: '9', spec: filtered, row: row(9, '50', 'b', '1'), board: boardOf(filtered, full) },
    'filtered',
    "not on the board: filtered: biz = 'a' is false (biz is b); n > 100 is false (n is 50)",
  ],
  [
    'a filter that is NULL',
    { key: '9', spec: filtered, row: row(9, '50', 'a', null), board: boardOf(filtered, full) },
    'filtered',
    'not on the board: filtered: status = 1 is NULL (status is NULL)',
  ],
  [
    'a row of no group',
    { key: '9', spec: split, row: row(9, '50', null) },
    'no-group',
    'not on the board: biz is NULL, and a row without biz is on none',
  ],
  [
    'a row of another group',
    { key: '9', spec: split, row: row(9, '50', 'b'), group: 'a' },
    'other-group',
    'not on the board: its biz is b, not a; see --per b',
  ],
  [
    'a change that is not applied',
    { key: '2', row: row(2, '21'), change: change(1200, row(2, '21')) },
    'not-applied',
    'not yet: the change at offset 1200 of t/0 is not applied, the board is at 1200; Redis holds 20, the table 21',
  ],
  [
    'a change that is not in the stream',
    { key: '2', row: row(2, '21'), change: change(1100, row(2, '20')) },
    'stream-behind',
    'Redis holds 20, the table 21; the newest message of it (t/0, offset 1100) is not what the table has now: the change is not in the stream yet, or was lost: run ranktide doctor',
  ],
  [
    'a change that is applied and not there',
    { key: '2', row: row(2, '21'), change: change(1199, row(2, '21')) },
    'differs',
    'Redis holds 20, the table 21, though the change at offset 1199 of t/0 is applied: run ranktide verify',
  ],
  [
    'another row',
    { key: '2', row: row(2, '20', 'c'), change: change(1199, row(2, '20', 'c')) },
    'differs',
    'Redis holds biz "a", the table "c", though the change at offset 1199 of t/0 is applied: run ranktide verify',
  ],
  [
    'a member of no row',
    { key: '2', row: null, change: change(1199, null) },
    'differs',
    'Redis holds it with score 20, but it has no place there: shop.likes has no row with id = 2, though the change at offset 1199 of t/0 is applied: run ranktide verify',
  ],
  [
    'a member that is missing',
    { key: '9', row: row(9, '25') },
    'differs',
    "Redis does not hold it, the table's score 25 makes it rank 2; no message of it was found in the stream: run ranktide verify",
  ],
  [
    'a difference on a board that is stale',
    {
      key: '2',
      row: row(2, '21'),
      change: change(1234, row(2, '21')),
      board: boardOf(plain, full, { state: 'stale', reason: 'refilling' }),
    },
    'stale',
    'Redis holds 20, the table 21: the change at offset 1234 of t/0 is not applied, the board is at 1200; the board is stale: refilling',
  ],
  [
    'no difference on a board that is degraded',
    { key: '9', row: row(9, '1'), board: boardOf(plain, full, { state: 'degraded', reason: 'ROW_IMAGE' }) },
    'below',
    'not on the board: its score 1 is below the last place (10, id = 3): it needs 9 more; the board is degraded: ROW_IMAGE',
  ],
  [
    'no board',
    { key: '9', row: row(9, '1'), board: null },
    'not-published',
    'the board is not in Redis: no worker has published it',
  ],
  [
    'no board, and no row for it',
    { key: '9', row: null, board: null },
    'not-published',
    'the board is not in Redis: no worker has published it; nor will it be on it then: shop.likes has no row with id = 9',
  ],
  ['no table', { key: '2' }, 'unknown', 'the table could not be asked: Redis holds it with score 20'],
  ['no table, and no member', { key: '9' }, 'unknown', 'the table could not be asked: Redis does not hold it'],
  [
    'no Redis',
    { key: '9', row: row(9, '5'), board: undefined },
    'unknown',
    'Redis could not be asked for the place of its score 5',
  ],
  [
    'no Redis, and none needed',
    { key: '9', row: row(9, null), board: undefined },
    'no-score',
    'not on the board: its score is NULL (n is NULL)',
  ],
]

test.each(cases)('%s', (_, facts, verdict, sentence) => {
  expect(conclude(factsOf(facts))).toEqual({ verdict, sentence })
})

describe('a second look', () => {
  it('is for what may be one being ahead of another', () => {
    const passing = new Set(
      cases.filter(([, facts]) => isPassing(conclude(factsOf(facts)))).map(([, , verdict]) => verdict),
    )
    expect([...passing].sort()).toEqual(['differs', 'not-applied', 'stream-behind'])
  })
})

it('counts room on a board that is not full', () => {
  const board = boardOf(plain, full.slice(0, 1))
  const there = conclude(factsOf({ key: '9', row: row(9, '1'), board, change: change(5, row(9, '1')) }))
  expect(there.sentence).toMatch(/^Redis does not hold it, the table's score 1 makes it rank 2/)
})
