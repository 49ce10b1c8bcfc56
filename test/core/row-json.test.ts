import { describe, expect, it } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { exactScoreIn, rowJson } from '../../src/core/row-json.js'
import type { ColumnType } from '../../src/core/table.js'
import { bigint, bytes, decimal, tableShape, varchar } from '../support/table-shapes.js'

const table = tableShape(
  'webook.interactives',
  { id: bigint, biz_id: bigint, biz: varchar, read_cnt: bigint, like_cnt: bigint },
  ['id'],
)
const likes: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1, 2, 3, 4],
  score: { kind: 'column', column: 4 },
  where: undefined,
}

const shown = (type: ColumnType, value: string | null): string => {
  const shape = tableShape('webook.values', { id: bigint, value: type }, ['id'])
  return rowJson(
    { ...likes, table: shape, display: [1], score: { kind: 'column', column: 1 } },
    ['1', value],
    value ?? '',
  )
}

describe('a row as JSON', () => {
  it('is byte for byte what readers get', () => {
    expect(rowJson(likes, ['78', '11', 'et', '0', '650'], '650')).toBe(
      '{"id":78,"biz_id":11,"biz":"et","read_cnt":0,"like_cnt":650}',
    )
  })

  it('ends with the score where no column shows it', () => {
    expect(rowJson({ ...likes, display: [0, 2] }, ['78', '11', '榜"单', '0', '650'], '650')).toBe(
      '{"id":78,"biz":"榜\\"单","score":650}',
    )
  })

  it.each([
    [bigint, '9007199254740991', '9007199254740991'],
    [bigint, '9007199254740992', '"9007199254740992"'],
    [bigint, '18446744073709551615', '"18446744073709551615"'],
    [bigint, null, 'null'],
    [decimal, '0.5', '0.5'],
    [decimal, '123456789.123456789123', '"123456789.123456789123"'],
    [decimal, '9007199254740993', '"9007199254740993"'],
    [varchar, 'null', '"null"'],
    [bytes, 'ÿ\0', '"/wA="'],
  ])('%j %s → %s', (type, value, json) => expect(shown(type, value)).toBe(`{"value":${json}}`))

  it.each(['650', '9007199254740993', '-5', '123456789.123456789123', '0.1'])('tells its exact score: %s', (score) => {
    const shape = tableShape('webook.values', { id: bigint, value: decimal }, ['id'])
    for (const display of [[0], [0, 1]]) {
      const spec = { ...likes, table: shape, display, score: { kind: 'column', column: 1 } } as const
      expect(exactScoreIn(spec, rowJson(spec, ['1', score], score))).toBe(score)
    }
  })

  it.each(['', 'x', 'null', '[]', '{}', '{"like_cnt":null}', '{"like_cnt":true}'])('%j tells no score', (json) => {
    expect(exactScoreIn(likes, json)).toBeUndefined()
  })
})
