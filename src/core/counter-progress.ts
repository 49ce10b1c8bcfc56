/**
 * How far a counting pipeline is: one immutable value, moved on by what its parts tell. Pure, so that metrics, readiness
 * and the size of the next window all go by one account.
 */
import type { Positions } from './positions.js'

export interface CounterProgress {
  /** What this process counts now, `topic/partition`; empty between assignments. */
  readonly partitions: readonly string[]
  /** Next offset of each of them as the database has it. */
  readonly positions: Positions
  /** End offset of each of them as the broker said last. */
  readonly ends: Positions
  /** Events of these partitions that are not counted yet, by `ends`; undefined: no partition, or its end is not known. */
  readonly lag: number | undefined
  /** Time of the oldest event that is known not to be counted, ms since 1970; undefined: none is known. */
  readonly oldest: number | undefined
  /** Record time of the newest event that was counted, ms since 1970. */
  readonly newest: number | undefined
  /** Events that the next window holds. */
  readonly window: number

  // Since the pipeline began:
  /** Events counted: committed by this process. */
  readonly events: number
  /** Transactions that added something or moved offsets. */
  readonly windows: number
  /** … of these, committed by a call whose answer was lost. */
  readonly repeated: number
  /** Transactions that were not made, since another process had taken a partition. */
  readonly fenced: number
  /** Events refused and written as dead letters: by the decoder, or since their count would overflow. */
  readonly refused: number
  /** Offsets passed over since the topic no longer held them. */
  readonly lost: number
}

/** What a part of the pipeline has to tell. */
export type CounterNews =
  | { readonly kind: 'taken'; readonly positions: Positions; readonly ends: Positions; readonly at: number }
  | { readonly kind: 'given-up' }
  | { readonly kind: 'lost'; readonly offsets: number }
  | { readonly kind: 'ends'; readonly ends: Positions; readonly at: number }
  /** A window is about to be written; `oldest`: the earliest record time in it. */
  | { readonly kind: 'writing'; readonly oldest: number | undefined }
  | {
      readonly kind: 'written'
      readonly positions: Positions
      readonly events: number
      readonly refused: number
      readonly repeated: boolean
      readonly newest: number | undefined
    }
  | { readonly kind: 'fenced'; readonly partitions: readonly string[] }
  /** A transaction of so many events has timed out again and again: it is not made as it was. */
  | { readonly kind: 'timed-out'; readonly events: number }

const nowhere: Positions = new Map()

export const nothingCounted: CounterProgress = {
  partitions: [],
  positions: nowhere,
  ends: nowhere,
  lag: undefined,
  oldest: undefined,
  newest: undefined,
  window: 0,
  events: 0,
  windows: 0,
  repeated: 0,
  fenced: 0,
  refused: 0,
  lost: 0,
}

/** Offsets between the two; undefined where an end is not known. Ends are older than positions may be. */
const between = (positions: Positions, ends: Positions): number | undefined => {
  if (positions.size === 0) return undefined
  let sum = 0
  for (const [id, next] of positions) {
    const end = ends.get(id)
    if (end === undefined) return undefined
    sum += Math.max(0, end - next)
  }
  return sum
}

/** `oldest`: what is known of it from elsewhere; dropped where nothing is left to count. */
const placed = (
  progress: CounterProgress,
  positions: Positions,
  ends: Positions,
  oldest: number | undefined,
): CounterProgress => {
  const lag = between(positions, ends)
  return { ...progress, positions, ends, lag, oldest: lag === 0 ? undefined : oldest }
}

export const afterNews = (progress: CounterProgress, news: CounterNews): CounterProgress => {
  switch (news.kind) {
    case 'taken': {
      const taken = { ...progress, partitions: [...news.positions.keys()].sort() }
      return placed(taken, news.positions, news.ends, news.at)
    }
    case 'given-up':
      return { ...progress, partitions: [], positions: nowhere, ends: nowhere, lag: undefined, oldest: undefined }
    case 'lost':
      return { ...progress, lost: progress.lost + news.offsets }
    case 'ends':
      // Events that are not read yet: they came no later than now, and a window will tell.
      return placed(progress, progress.positions, news.ends, progress.oldest ?? news.at)
    case 'writing':
      return { ...progress, oldest: news.oldest ?? progress.oldest }
    case 'written': {
      const written = {
        ...progress,
        events: progress.events + news.events,
        windows: progress.windows + 1,
        repeated: progress.repeated + (news.repeated ? 1 : 0),
        refused: progress.refused + news.refused,
        newest: news.newest === undefined ? progress.newest : Math.max(news.newest, progress.newest ?? 0),
      }
      return placed(written, news.positions, progress.ends, progress.oldest)
    }
    case 'fenced':
      return { ...progress, fenced: progress.fenced + 1 }
    case 'timed-out':
      // Whether it was committed after all the next take will tell.
      return progress
  }
}
