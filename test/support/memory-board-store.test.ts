import { expect, it } from 'vitest'
import { boardStoreConformance } from '../conformance/board-store.js'
import { MemoryBoards } from './memory-board-store.js'

boardStoreConformance('memory', async () => {
  let time = 1_700_000_000_000
  const boards = new MemoryBoards(() => ++time)
  const told = new Map<string, number[]>()
  boards.listen((board, version) => told.set(board, [...(told.get(board) ?? []), version]))
  return {
    store: (owner) => boards.store(owner),
    flush: async () => {
      boards.flush()
      time += 1_000
    },
    told: (board) => told.get(board) ?? [],
    intrude: async (board, member, row) => {
      boards.getOrCreate(board).scores.set(member, 1)
      boards.getOrCreate(board).rows.set(`stray-${member}`, row)
    },
    close: async () => {},
  }
})

it('answers at once, as simulations in virtual time need it', () => {
  const seen: unknown[] = []
  new MemoryBoards(() => 1)
    .store('a:1')
    .take('likes')
    .subscribe((taken) => seen.push(taken))
  expect(seen).toHaveLength(1)
})
