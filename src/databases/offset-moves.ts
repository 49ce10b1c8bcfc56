/** The moves of offsets that a batch makes, and what it means that they could not all be made: one rule for every store. */
import type { Positions } from '../core/positions.js'
import type { Claim, Span, WriteOutcome } from '../operators/batch-store.js'

export interface StoredOffset {
  readonly next: number
  readonly epoch: number
}

export interface OffsetMove {
  readonly from: number
  readonly to: number
  readonly epoch: number
}

/** Where partitions begin of which no offset is stored yet. */
export const startsOf = (partitions: readonly string[], unknown: Positions): ReadonlyMap<string, number> =>
  new Map(
    partitions.map((id) => {
      const start = unknown.get(id)
      if (start === undefined) throw new RangeError(`no offset to begin ${id} at`)
      return [id, start]
    }),
  )

export const claimOf = (group: string, stored: ReadonlyMap<string, StoredOffset>): Claim => ({
  group,
  epochs: new Map([...stored].map(([id, { epoch }]) => [id, epoch])),
  positions: new Map([...stored].map(([id, { next }]) => [id, next])),
})

/** Partitions that were never taken have no epoch: none that is stored is 0. */
export const movesOf = ({ epochs }: Claim, { from, to }: Span): ReadonlyMap<string, OffsetMove> =>
  new Map(
    [...from].map(([id, start]) => [id, { from: start, to: to.get(id) ?? start, epoch: epochs.get(id) ?? 0 }] as const),
  )

/** What it is that offsets do not stand where they are to be moved from; undefined: they do. */
export const standingOf = (
  moves: ReadonlyMap<string, OffsetMove>,
  stored: ReadonlyMap<string, StoredOffset>,
): WriteOutcome | undefined => {
  const elsewhere = (place: 'from' | 'to'): readonly string[] =>
    [...moves]
      .filter(([id, move]) => stored.get(id)?.next !== move[place] || stored.get(id)?.epoch !== move.epoch)
      .map(([id]) => id)
  if (elsewhere('to').length === 0) return { kind: 'written', repeated: true }
  const partitions = elsewhere('from')
  return partitions.length > 0 ? { kind: 'fenced', partitions } : undefined
}
