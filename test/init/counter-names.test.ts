import { expect, test } from 'vitest'
import { counterName } from '../../src/init/counter-names.js'

const board = (column: string, sqlType = 'bigint(20)') => counterName(column, sqlType)?.board

test.each([
  ['like_cnt', 'likes'],
  ['likes', 'likes'],
  ['likeCount', 'likes'],
  ['LIKE_COUNT', 'likes'],
  ['likecnt', 'likes'],
  ['read_cnt', 'reads'],
  ['view_num', 'views'],
  ['pv', 'views'],
  ['hits', 'hits'],
  ['collect_cnt', 'collects'],
  ['score', 'scores'],
  ['total_score', 'scores'],
  ['follower_count', 'followers'],
  ['reply_count', 'comments'],
  ['goal_count', 'goals'],
  ['match_total', 'matches'],
  ['cnt', 'counts'],
])('%s is a counter, and its board is %s', (column, name) => {
  expect(board(column)).toBe(name)
})

test.each([
  'id',
  'biz_id',
  'like_id',
  'ctime',
  'read_at',
  'last_view_time',
  'status',
  'like_status',
  'sort',
  'version',
  'price',
  'account',
  'discount',
  'page_views_limit',
  'is_hot',
  '点赞',
])('%s is none', (column) => {
  expect(board(column)).toBeUndefined()
})

test('a flag is none, a small counter is one', () => {
  expect(board('star', 'tinyint(1)')).toBeUndefined()
  expect(board('hot', 'TINYINT')).toBeUndefined()
  expect(board('star_cnt', 'tinyint(3) unsigned')).toBe('stars')
})

test('likes promise more than reads, and both more than any count', () => {
  const [likes, reads, goals] = ['like_cnt', 'read_cnt', 'goal_cnt'].map(
    (name) => counterName(name, 'int')?.weight ?? 0,
  )
  expect(likes).toBeGreaterThan(reads ?? 0)
  expect(reads).toBeGreaterThan(goals ?? 0)
})
