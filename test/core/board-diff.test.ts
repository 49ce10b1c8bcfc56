import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../src/core/board-content.js'
import { diffBoards, emptyDiff, isEmpty } from '../../src/core/board-diff.js'

const entry = (member: string, score = '1', row = `row ${member}`): Entry => ({ member, score, row })

describe('the difference of two boards', () => {
  it('turns one into the other and holds nothing that is there already', () => {
    const board = fc.uniqueArray(
      fc.record({
        member: fc.constantFrom(...'abcdef'),
        score: fc.constantFrom('1', '2'),
        row: fc.constantFrom('x', 'y'),
      }),
      { selector: ({ member }) => member },
    )
    fc.assert(
      fc.property(board, board, (there, here) => {
        const { leave, scores, rows } = diffBoards(there, here)
        const result = new Map<string, Entry>(there.map((one) => [one.member, one]))
        for (const member of leave) expect(result.delete(member)).toBe(true)
        for (const { member, score } of scores) {
          expect(result.get(member)?.score).not.toBe(score)
          result.set(member, { member, row: '', ...result.get(member), score })
        }
        for (const { member, row } of rows) {
          const old = result.get(member)
          expect(old).toBeDefined()
          expect(old?.row).not.toBe(row)
          result.set(member, { member, score: '', ...old, row })
        }
        const byMember = (a: Entry, b: Entry) => (a.member < b.member ? -1 : 1)
        expect([...result.values()].sort(byMember)).toEqual([...here].sort(byMember))
      }),
    )
  })

  it('does not depend on order, nor on how a double is written', () => {
    const there = [entry('a', '100'), entry('b', '0.0000001')]
    const here = [entry('b', '1e-7'), entry('a', '1e2')]
    expect(diffBoards(there, here)).toEqual(emptyDiff)
    expect(isEmpty(diffBoards(there, here))).toBe(true)
  })

  it('finds a foreign row without a score', () => {
    expect(diffBoards([entry('a', 'nan')], [entry('a', '1')])).toEqual({
      leave: [],
      scores: [{ member: 'a', score: '1' }],
      rows: [],
    })
  })
})
