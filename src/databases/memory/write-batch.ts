/**
 * Batches and offsets in one transaction, for every store on memory tables; what a batch adds is passed in. Guarantees as
 * of `BatchStore`.
 */
import type { Positions } from '../../core/positions.js'
import type { Claim, RefusedItem, Span, WriteOutcome } from '../../operators/batch-store.js'
import { movesOf, standingOf } from '../offset-moves.js'
import type { Ending, MemoryTables } from './memory-tables.js'

export const takePartitions = (
  tables: MemoryTables,
  group: string,
  partitions: readonly string[],
  unknown: Positions,
): Claim =>
  tables.transaction(() => {
    const epochs = new Map<string, number>()
    const positions = new Map<string, number>()
    for (const id of partitions) {
      tables.begin('take')
      const stored = tables.offsets(group).get(id)
      const next = stored?.next ?? unknown.get(id)
      if (next === undefined) throw new RangeError(`no offset to begin ${id} at`)
      const epoch = (stored?.epoch ?? 0) + 1
      tables.setOffset(group, id, { next, epoch })
      epochs.set(id, epoch)
      positions.set(id, next)
    }
    return { commit: { group, epochs, positions } }
  })

/** `add` returns what can't be added. */
export const writeBatch = (
  tables: MemoryTables,
  claim: Claim,
  span: Span,
  add: () => readonly RefusedItem[],
): WriteOutcome =>
  tables.transaction(() => {
    tables.begin('offsets')
    const stuck = moveOffsets(tables, claim, span)
    if (stuck !== undefined) return stuck
    const items = add()
    return items.length === 0
      ? { commit: { kind: 'written', repeated: false } }
      : { rollback: { kind: 'refused', items } }
  })

/** Undefined: all have moved. */
const moveOffsets = (tables: MemoryTables, claim: Claim, span: Span): Ending<WriteOutcome> | undefined => {
  const moves = movesOf(claim, span)
  const standing = standingOf(moves, tables.offsets(claim.group))
  if (standing !== undefined) return { rollback: standing }
  for (const [id, { to, epoch }] of moves) tables.setOffset(claim.group, id, { next: to, epoch })
  return undefined
}
