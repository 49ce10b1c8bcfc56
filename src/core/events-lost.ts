/** What a topic no longer holds of what a group has still to read. */
import { RanktideError } from './errors.js'
import type { Positions } from './positions.js'

export interface Loss {
  readonly partition: string
  /** Where the group stands, and where it can go on. */
  readonly from: number
  readonly to: number
  /** How many offsets that passes over; 0 where the log ends before `from`. */
  readonly offsets: number
}

/** First and end offset of each partition, as the broker has them. */
export interface Bounds {
  readonly first: Positions
  readonly ends: Positions
}

/**
 * Behind the first offset: records are deleted by age or size. Past the end: the topic was made anew, or a broker has lost
 * its end. What the log holds then was counted before, or never: going on at its end counts nothing twice.
 */
export const lossesIn = (positions: Positions, { first, ends }: Bounds): readonly Loss[] => {
  const losses: Loss[] = []
  for (const [partition, from] of positions) {
    const begin = first.get(partition) ?? 0
    const end = ends.get(partition) ?? Number.POSITIVE_INFINITY
    if (from > end) losses.push({ partition, from, to: end, offsets: 0 })
    else if (from < begin) losses.push({ partition, from, to: begin, offsets: begin - from })
  }
  return losses
}

export const lossText = ({ partition, from, to, offsets }: Loss): string =>
  offsets === 0
    ? `${partition} ends at ${to}, and was counted up to ${from}: the topic was made anew, or its end is lost`
    : `${partition} begins at ${to}, and was counted up to ${from}: ${offsets} offsets are gone`

export const eventsLost = (losses: readonly Loss[]): RanktideError =>
  new RanktideError(
    'EVENTS_LOST',
    `${losses.map(lossText).join('; ')}. Restore them, or set onLoss: skip to go on without them; a longer retention.ms keeps them`,
  )
