import { expect, test } from 'vitest'
import { type OffsetChange, type OffsetStatements, setOffsets } from '../../src/databases/group-offsets.js'
import type { StoredOffset } from '../../src/databases/offset-moves.js'

/** A table of offsets, by group and partition; rows are made, and epochs raised, as the databases do it. */
const tableOf = (rows: Record<string, number>) => {
  const stored = new Map<string, StoredOffset>(Object.entries(rows).map(([id, next]) => [id, { next, epoch: 5 }]))
  const taken: string[] = []
  const statements: OffsetStatements = {
    take: async (group, offsets) => {
      taken.push(group)
      for (const [id, next] of offsets) {
        const row = stored.get(`${group} ${id}`)
        stored.set(`${group} ${id}`, row === undefined ? { next, epoch: 1_000 } : { ...row, epoch: row.epoch + 1 })
      }
      return new Map([...offsets.keys()].map((id) => [id, stored.get(`${group} ${id}`) ?? { next: 0, epoch: 0 }]))
    },
    move: async (group, moves) => {
      for (const [id, { from, to, epoch }] of moves) {
        expect(stored.get(`${group} ${id}`)).toEqual({ next: from, epoch })
        stored.set(`${group} ${id}`, { next: to, epoch })
      }
    },
  }
  const set = (groups: Record<string, Record<string, OffsetChange>>) =>
    setOffsets(new Map(Object.entries(groups).map(([name, of]) => [name, new Map(Object.entries(of))])), statements)
  const rowsNow = () => Object.fromEntries([...stored].map(([id, { next, epoch }]) => [id, [next, epoch]]))
  return { set, taken, rowsNow }
}

test('rows are moved under a raised epoch, and made where they are to stand; others stay as they are', async () => {
  const { set, rowsNow } = tableOf({ 'reads t/0': 40, 'reads t/1': 7, 'other t/0': 9 })
  expect(await set({ reads: { 't/0': { from: 40, to: 12 }, 't/2': { from: undefined, to: 3 } } })).toEqual([])
  expect(rowsNow()).toEqual({
    'reads t/0': [12, 6],
    'reads t/1': [7, 5],
    'other t/0': [9, 5],
    'reads t/2': [3, 1_000],
  })
})

test.each([
  ['has moved', { from: 39, to: 12 }],
  ['is there though none was', { from: undefined, to: 12 }],
])('of an offset that %s meanwhile it tells, and moves no other of its group', async (_, change) => {
  const { set, rowsNow } = tableOf({ 'reads t/0': 40, 'reads t/1': 7 })
  expect(await set({ reads: { 't/1': { from: 7, to: 1 }, 't/0': change } })).toEqual(['t/0'])
  expect(rowsNow()).toMatchObject({ 'reads t/0': [40, 6], 'reads t/1': [7, 6] })
})

test('groups are taken in one order, whatever they were named in, and those without a change not at all', async () => {
  const { set, taken } = tableOf({})
  const change = { 't/0': { from: undefined, to: 1 } }
  await set({ views: change, idle: {}, likes: change })
  expect(taken).toEqual(['likes', 'views'])
})
