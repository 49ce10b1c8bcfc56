/** The offsets of consumer groups in a database, for commands that show and set them. */
import { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import type { Finding } from './finding.js'
import type { OffsetMove, StoredOffset } from './offset-moves.js'

export interface OffsetChange {
  /** Where it has to stand; undefined: no offset may be stored. */
  readonly from: number | undefined
  readonly to: number
}

/** By partition. */
export type OffsetChanges = ReadonlyMap<string, OffsetChange>

export interface GroupOffsets {
  /** Next offsets of a group, by partition. Fails with DATABASE_*, and MIGRATION_MISSING without the table. */
  read(group: string): Promise<Positions>
  /**
   * Sets offsets of several groups in one transaction and raises their epochs: whoever still writes under the epoch before
   * is fenced, and waits or is waited for. Returns the partitions of the first group that stand elsewhere than `from` says;
   * nothing was set then.
   */
  set(groups: ReadonlyMap<string, OffsetChanges>): Promise<readonly string[]>
  close(): Promise<void>
}

/** What a database does of it, in the transaction that sets them. */
export interface OffsetStatements {
  /**
   * Raises the epochs, makes the rows that are not there, to stand where `offsets` says, locks all of them, and tells how
   * they stand then.
   */
  take(group: string, offsets: Positions): Promise<ReadonlyMap<string, StoredOffset>>
  /** Of rows that stand as told. */
  move(group: string, moves: ReadonlyMap<string, OffsetMove>): Promise<void>
}

/** Sets the offsets of groups, and returns the partitions that stand elsewhere: then it is to be rolled back. */
export const setOffsets = async (
  groups: ReadonlyMap<string, OffsetChanges>,
  { take, move }: OffsetStatements,
): Promise<readonly string[]> => {
  // In one order, so that two who set the same groups wait for each other.
  const inOrder = [...groups].filter(([, changes]) => changes.size > 0).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [group, changes] of inOrder) {
    const stored = await take(group, new Map([...changes].map(([id, { to }]) => [id, to])))
    const elsewhere = movedMeanwhile(changes, stored)
    if (elsewhere.length > 0) return elsewhere
    const moves = movesLeft(changes, stored)
    if (moves.size > 0) await move(group, moves)
  }
  return []
}

/** `stored`: after they were taken, so that a row that was not there stands where it is to. */
const movedMeanwhile = (changes: OffsetChanges, stored: ReadonlyMap<string, StoredOffset>): readonly string[] =>
  [...changes].filter(([id, { from, to }]) => stored.get(id)?.next !== (from ?? to)).map(([id]) => id)

const movesLeft = (
  changes: OffsetChanges,
  stored: ReadonlyMap<string, StoredOffset>,
): ReadonlyMap<string, OffsetMove> => {
  const moves = new Map<string, OffsetMove>()
  for (const [id, { to }] of changes) {
    const { next, epoch } = stored.get(id) ?? { next: to, epoch: 0 }
    if (next !== to) moves.set(id, { from: next, to, epoch })
  }
  return moves
}

/** Throws the first of what keeps the table from being used. */
export const throwFirst = (findings: readonly Finding[]): void => {
  const error = findings.find(({ level }) => level === 'error')
  if (error !== undefined) throw new RanktideError(error.code, error.message)
}
