import { describe, expect, it } from 'vitest'
import { definitionOf } from '../../src/core/board-definition.js'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { conditionOn, scoreOn } from '../support/expressions.js'
import { table } from '../support/simulated-world.js'

const board: BoardSpec = {
  name: 'likes',
  table,
  direction: 'desc',
  ties: 'newest',
  size: 10,
  display: [0, 1],
  score: { kind: 'column', column: 1 },
  where: undefined,
}

const scored = (source: string, on = table): BoardSpec => ({
  ...board,
  table: on,
  score: { kind: 'expression', expression: scoreOn(on, source) },
})

describe('the definition of a board', () => {
  it('is the same for the same board, whatever it is called', () => {
    expect(definitionOf({ ...board, name: 'loved' }, ['t'])).toBe(definitionOf(board, ['t']))
  })

  it('is the same wherever the columns of its expression stand', () => {
    const [id, likes, reads, kind] = table.columns
    const columns = [id, likes, kind, reads].filter((column) => column !== undefined)
    const [here, there] = [scored('likes + reads'), scored('likes + reads', { ...table, columns })]
    expect(here.score).not.toEqual(there.score)
    expect(definitionOf(there, ['t'])).toBe(definitionOf(here, ['t']))
    expect(definitionOf(scored('likes + reads * 2'), ['t'])).not.toBe(definitionOf(here, ['t']))
  })

  it.each([
    ['its size', { ...board, size: 11 }, ['t']],
    ['its direction', { ...board, direction: 'asc' as const }, ['t']],
    ['its ties', { ...board, ties: 'oldest' as const }, ['t']],
    ['its score', { ...board, score: { kind: 'column', column: 2 } as const }, ['t']],
    ['its score, to an expression', scored('likes * 2'), ['t']],
    ['its filter', { ...board, where: conditionOn(table, 'likes > 3') }, ['t']],
    ['its columns', { ...board, display: [0, 2] }, ['t']],
    ['its table', { ...board, table: { ...table, id: 'shop.others(id)' } }, ['t']],
    ['a topic of its feed', board, ['u']],
    ['the number of topics', board, ['t', 'u']],
  ])('is another one when %s changes', (_, other, topics) => {
    expect(definitionOf(other, topics)).not.toBe(definitionOf(board, ['t']))
  })
})
