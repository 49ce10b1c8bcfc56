/** What a topic no longer holds of what a group has still to read. */
import { RanktideError } from './errors.js'
import type { Positions } from './positions.js'

export interface Loss {
  readonly partition: string
  /** Where the group stands, and where it can go on. */
  readonly from: number
  readonly to: number
  /**
   * How many offsets are gone. Where the log ends before `from`: how many it holds, all of which may be events that were
   * never counted.
   */
  readonly offsets: number
}

/** First and end offset of each partition, as the broker has them. */
export interface Bounds {
  readonly first: Positions
  readonly ends: Positions
}

/**
 * Behind the first offset: records are deleted by age or size. Past the end: the topic was made anew, or a broker has lost
 * its end. What the log holds then was counted before (its end is lost), or never (made anew), and nothing tells which:
 * going on at its end counts nothing twice, and passes over all that it holds.
 */
export const lossesIn = (positions: Positions, { first, ends }: Bounds): readonly Loss[] => {
  const losses: Loss[] = []
  for (const [partition, from] of positions) {
    const begin = first.get(partition) ?? 0
    const end = ends.get(partition) ?? Number.POSITIVE_INFINITY
    if (from > end) losses.push({ partition, from, to: end, offsets: end - begin })
    else if (from < begin) losses.push({ partition, from, to: begin, offsets: begin - from })
  }
  return losses
}

export const lossText = ({ partition, from, to, offsets }: Loss): string =>
  to < from
    ? `${partition} ends at ${to}, and was counted up to ${from}: the topic was made anew, or its end is lost; going on at its end passes over the ${offsets} offsets that it holds, whose events may be lost`
    : `${partition} begins at ${to}, and was counted up to ${from}: ${offsets} offsets are gone`

export const eventsLost = (losses: readonly Loss[]): RanktideError =>
  new RanktideError(
    'EVENTS_LOST',
    `${losses.map(lossText).join('; ')}. Restore them, or set onLoss: skip to go on without them; a longer retention.ms keeps them`,
  )
