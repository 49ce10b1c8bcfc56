import { describe, expect, test } from 'vitest'
import type { BoardSpec, Direction, Ties } from '../../../src/core/board-spec.js'
import type { Column, TableShape } from '../../../src/core/table.js'
import { createIndex, pageQuery, readsDirectly, tieQuery } from '../../../src/databases/mysql/refill-query.js'

const id: Column = { name: 'id', type: { kind: 'integer', unsigned: true } }
const likes: Column = { name: 'like_cnt', type: { kind: 'integer', unsigned: false } }
const slug: Column = { name: 'slug', type: { kind: 'text', binary: false, faithful: true } }
const bytewise: Column = { name: 'code', type: { kind: 'text', binary: true, faithful: true } }

const shape = (key: readonly Column[], others: readonly Column[], primaryKey = key): TableShape => ({
  id: 'shop.items(key)',
  database: 'shop',
  table: 'items',
  columns: [...key, ...others],
  key: key.map((_, i) => i),
  primaryKey: primaryKey.map(({ name }) => name),
})

const board = (table: TableShape, direction: Direction = 'desc', ties: Ties = 'newest'): BoardSpec => ({
  name: 'likes',
  table,
  direction,
  ties,
  size: 10,
  display: [],
  score: { kind: 'column', column: table.key.length },
  where: undefined,
})

describe('an integer primary key', () => {
  const table = shape([id], [likes])

  test('newest first reads the board in one statement, from the index', () => {
    expect(pageQuery(board(table), 11)).toBe(
      'SELECT `id`, `like_cnt` FROM `shop`.`items` WHERE `like_cnt` IS NOT NULL ORDER BY `like_cnt` DESC, `id` DESC LIMIT 11',
    )
  })

  test('an ascending board with the oldest first is the same scan the other way', () => {
    expect(pageQuery(board(table, 'asc', 'oldest'), 11)).toContain('ORDER BY `like_cnt` ASC, `id` ASC LIMIT 11')
  })

  test.each([
    ['desc', 'oldest', '`id` ASC'],
    ['asc', 'newest', '`id` DESC'],
    ['desc', 'redis', 'CAST(CAST(`id` + 0 AS CHAR) AS BINARY) DESC'],
    ['asc', 'redis', 'CAST(CAST(`id` + 0 AS CHAR) AS BINARY) ASC'],
  ] as const)('%s with ties %s reads by score and orders equal scores apart', (direction, ties, order) => {
    const spec = board(table, direction, ties)
    expect(readsDirectly(spec)).toBe(false)
    expect(pageQuery(spec, 11)).toMatch(/ORDER BY `like_cnt` (DESC|ASC) LIMIT 11$/)
    expect(tieQuery(spec, '-7', 3)).toBe(
      `SELECT \`id\`, \`like_cnt\` FROM \`shop\`.\`items\` WHERE \`like_cnt\` = -7 ORDER BY ${order} LIMIT 3`,
    )
  })
})

describe('other keys', () => {
  test('text whose collation is not bytewise is ordered by its UTF-8 bytes, apart', () => {
    const spec = board(shape([slug], [likes]))
    expect(readsDirectly(spec)).toBe(false)
    expect(tieQuery(spec, '5', 3)).toContain('ORDER BY CAST(CONVERT(`slug` USING utf8mb4) AS BINARY) DESC LIMIT 3')
  })

  test('text whose collation is bytewise needs no second statement', () => {
    expect(pageQuery(board(shape([bytewise], [likes])), 3)).toContain('ORDER BY `like_cnt` DESC, `code` DESC LIMIT 3')
  })

  test('a composite key is ordered component by component', () => {
    const spec = board(shape([id, slug], [likes]), 'desc', 'oldest')
    expect(tieQuery(spec, '5', 3)).toContain(
      'ORDER BY `id` ASC, CAST(CONVERT(`slug` USING utf8mb4) AS BINARY) ASC LIMIT 3',
    )
  })

  test('a composite key as Redis has it is ordered by the bytes of the whole member', () => {
    const spec = board(shape([id, bytewise], [likes]), 'desc', 'redis')
    expect(tieQuery(spec, '5', 3)).toContain(
      "ORDER BY CONCAT(REPLACE(REPLACE(CAST(CAST(`id` + 0 AS CHAR) AS BINARY), '%', '%25'), ':', '%3A'), ':', " +
        "REPLACE(REPLACE(CAST(CONVERT(`code` USING utf8mb4) AS BINARY), '%', '%25'), ':', '%3A')) DESC LIMIT 3",
    )
  })

  test('a key that is not the primary key is not what the index ends in', () => {
    expect(readsDirectly(board(shape([id], [likes], [slug])))).toBe(false)
    expect(readsDirectly(board(shape([id, bytewise], [likes], [bytewise, id])))).toBe(false)
  })
})

test('columns are selected so that both servers print the value itself', () => {
  const columns: Column[] = [
    { name: 'd', type: { kind: 'double' } },
    { name: 'f', type: { kind: 'float' } },
    { name: 'b', type: { kind: 'bit' } },
    { name: 'raw', type: { kind: 'bytes' } },
    { name: 'tier', type: { kind: 'enum', labels: ['a'] } },
  ]
  expect(pageQuery(board(shape([id], [likes, ...columns])), 1)).toContain(
    'SELECT `id`, `like_cnt`, `d` + 0e0, `f` + 0e0, `b` + 0, HEX(`raw`), `tier` FROM',
  )
})

test('a double score is compared with a double, never with a decimal', () => {
  const spec = board(shape([id], [{ name: 'heat', type: { kind: 'double' } }]), 'desc', 'redis')
  expect(tieQuery(spec, '0.1', 1)).toContain('WHERE `heat` = 0.1e0 ORDER')
  expect(tieQuery(spec, '1e-7', 1)).toContain('WHERE `heat` = 1e-7 ORDER')
})

test('names are quoted, whatever is in them', () => {
  const table = { ...shape([id], [{ ...likes, name: 'a`b' }]), table: 'or`der' }
  expect(pageQuery(board(table), 1)).toContain('FROM `shop`.`or``der` WHERE `a``b` IS NOT NULL')
})

describe('the index to create', () => {
  test('is on the score alone where InnoDB appends the key', () => {
    expect(createIndex(board(shape([id], [likes])))).toBe(
      'CREATE INDEX `ranktide_likes` ON `shop`.`items` (`like_cnt`)',
    )
  })

  test('names the key where it is another unique key', () => {
    expect(createIndex(board(shape([id], [likes], [slug])))).toContain('(`like_cnt`, `id`)')
  })

  test('does not name a key whose order no index has', () => {
    expect(createIndex(board(shape([slug], [likes], [id])))).toContain('(`like_cnt`)')
  })

  test('has a name that fits', () => {
    const long = createIndex({ ...board(shape([id], [likes])), name: 'x'.repeat(80) })
    expect(/INDEX `([^`]+)`/.exec(long)?.[1]).toHaveLength(64)
  })
})
