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

/** In one order, so that two who set the same groups wait for each other. */
export const inOrder = (groups: ReadonlyMap<string, OffsetChanges>): readonly (readonly [string, OffsetChanges])[] =>
  [...groups].filter(([, changes]) => changes.size > 0).sort(([a], [b]) => (a < b ? -1 : 1))

/** Where rows begin that are not there yet. */
export const targetsOf = (changes: OffsetChanges): ReadonlyMap<string, number> =>
  new Map([...changes].map(([id, { to }]) => [id, to]))

/** `stored`: after the epochs were raised, so that a row that was not there now stands where it is to. */
export const movedMeanwhile = (changes: OffsetChanges, stored: ReadonlyMap<string, StoredOffset>): readonly string[] =>
  [...changes].filter(([id, { from, to }]) => stored.get(id)?.next !== (from ?? to)).map(([id]) => id)

export const movesLeft = (
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
