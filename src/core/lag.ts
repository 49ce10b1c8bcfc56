/** How far somebody who reads topics is behind their ends. Pure. */
import type { Positions } from './positions.js'

export interface PartitionLag {
  readonly partition: string
  /** The next offset to be read. */
  readonly next: number
  /** Of the first record that is still there. */
  readonly first: number
  /** The offset after the last record. */
  readonly end: number
}

export interface Lag {
  /** Offsets that are still to be read; where a topic has transactions or was compacted, fewer records. */
  readonly events: number
  /** Age of the oldest record that is still to be read; 0 if there is none, null if it could not be told. */
  readonly seconds: number | null
}

/**
 * By partition, in the order of `ends`. One that was never read begins at its first record, since partitions that are
 * added are read from there; undefined where nothing was ever read.
 */
export const partitionLags = (
  positions: Positions,
  ends: Positions,
  beginnings: Positions,
): readonly PartitionLag[] | undefined => {
  if (positions.size === 0) return undefined
  return [...ends].map(([partition, end]) => {
    const first = beginnings.get(partition) ?? 0
    return { partition, next: positions.get(partition) ?? first, first, end }
  })
}

/** What is to be read next is not in the topic: deleted before it was read, or the topic was made anew. */
export const isLost = ({ next, first, end }: PartitionLag): boolean => next < first || next > end

/** Where there is a record that is still to be read, and its offset: of what was deleted the oldest that is left. */
export const behindAt = (partitions: readonly PartitionLag[]): Positions =>
  new Map(
    partitions.flatMap(({ partition, next, first, end }) => {
      const at = Math.max(next, first)
      return at < end ? [[partition, at]] : []
    }),
  )

/** `times`: when the next record of each partition was written, as far as that is known; `now`: both ms since 1970. */
export const lagOf = (partitions: readonly PartitionLag[], times: ReadonlyMap<string, number>, now: number): Lag => {
  const events = partitions.reduce((sum, { next, end }) => sum + Math.max(0, end - next), 0)
  if (events === 0) return { events, seconds: 0 }
  const oldest = Math.min(...times.values())
  return { events, seconds: Number.isFinite(oldest) ? Math.max(0, now - oldest) / 1_000 : null }
}
