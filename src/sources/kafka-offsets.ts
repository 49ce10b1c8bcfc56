/** Where a feed begins, and whether the broker still has what comes next: decisions without I/O. */
import { type Positions, parsePartitionId } from '../core/positions.js'

/** Times that Kafka answers with the ends of the log instead of a record's offset. */
export const LATEST = -1
export const EARLIEST = -2

/** What the broker says of its partitions. `ends` is asked before `margin`: see `startOffsets`. */
export interface BrokerOffsets {
  /** First offset that is still there. */
  readonly earliest: Positions
  /** Offset after the last record that may be read. */
  readonly ends: Positions
  /** First offset whose record time is at or after the margin; -1 if there is none. */
  readonly margin: Positions
}

export type StartDecision =
  | { readonly kind: 'start'; readonly offsets: Positions }
  /** The broker cannot go on from `start`. */
  | { readonly kind: 'gone'; readonly detail: string }

/**
 * A partition begins where `start` says. One that it does not name begins at the margin, unless `start` names another
 * partition of its topic: then the partition was added since, and begins at its first record.
 *
 * No record at or after the margin means: begin at the end. That end must have been asked *before*, else what
 * arrived between the two questions would be skipped.
 */
export const startOffsets = (broker: BrokerOffsets, start: Positions): StartDecision => {
  const known = new Set([...start.keys()].map((id) => parsePartitionId(id).topic))
  const feed = new Set([...broker.ends.keys()].map((id) => parsePartitionId(id).topic))
  for (const id of start.keys()) {
    if (feed.has(parsePartitionId(id).topic) && !broker.ends.has(id)) {
      return { kind: 'gone', detail: `${id} no longer exists` }
    }
  }
  const offsets = new Map<string, number>()
  for (const [id, end] of broker.ends) {
    const earliest = broker.earliest.get(id) ?? 0
    const named = start.get(id)
    if (named !== undefined && (named < earliest || named > end)) {
      return { kind: 'gone', detail: goneDetail(id, named, earliest, end) }
    }
    const margin = broker.margin.get(id) ?? -1
    const unnamed = known.has(parsePartitionId(id).topic) ? earliest : margin < 0 ? end : margin
    offsets.set(id, named ?? unnamed)
  }
  return { kind: 'start', offsets }
}

/** The first of these positions, if any, that the broker cannot go on from, in words. One below 0 is none. */
export const goneOffset = (positions: Positions, earliest: Positions, ends: Positions): string | undefined => {
  for (const [id, position] of positions) {
    const first = earliest.get(id) ?? 0
    const end = ends.get(id) ?? 0
    if (position < first || position > end) return goneDetail(id, position, first, end)
  }
  return undefined
}

const goneDetail = (id: string, offset: number, earliest: number, end: number): string =>
  `${id} is to be read from ${offset}, the broker has ${earliest} to ${end}`

/** One look at a running feed; `drained`: everything fetched before the look before was handed on. */
export interface ProgressLook {
  readonly positions: Positions
  readonly earliest: Positions
  readonly ends: Positions
  readonly drained: boolean
  /** Partitions that have stood still in front of records, and for how many looks. */
  readonly standing: ReadonlyMap<string, number>
}

/** Looks after which a partition that stands still in front of records counts as lost. */
const patience = 2

/**
 * Compares two looks. node-rdkafka drops an error that comes after messages within one consume(), and librdkafka
 * says only once that offsets are gone and then fetches nothing: without this the partition would be silent for ever.
 *
 * Returns the look to keep, and what is gone, if anything.
 */
export const lookAgain = (
  before: ProgressLook | undefined,
  now: Omit<ProgressLook, 'standing'>,
): { readonly look: ProgressLook; readonly gone: string | undefined } => {
  const standing = new Map<string, number>()
  let gone: string | undefined
  for (const [id, position] of now.positions) {
    const end = now.ends.get(id)
    const earlierEnd = before?.ends.get(id)
    if (end === undefined || earlierEnd === undefined) continue
    if (end < earlierEnd) gone = `${id} ended at ${earlierEnd} and now ends at ${end}: it was truncated or created anew`
    if (!now.drained || before?.positions.get(id) !== position) continue
    const earliest = now.earliest.get(id) ?? 0
    if (position < earliest || position > end) gone = goneDetail(id, position, earliest, end)
    if (position >= earlierEnd) continue
    const looks = (before.standing.get(id) ?? 0) + 1
    standing.set(id, looks)
    if (looks >= patience) gone = `${id} stands at ${position} though records up to ${end} are there`
  }
  return { look: { ...now, standing }, gone }
}
