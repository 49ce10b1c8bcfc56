/**
 * What a board says of itself by what becomes of its feed: one rule for a board and for a split board as a whole, in the
 * order in which a reader wants to know. Pure.
 */
import type { Proof } from './barrier.js'
import { type BoardStatus, isWell } from './board-content.js'
import type { ErrorCode } from './errors.js'
import type { KeeperFeed } from './keeper-feed.js'

/** The reason of a board whose feed has gone back; a restart that finds it goes on waiting. */
export const rewinding = 'rewinding'
/** The reason of a board that was started from Redis while the stream comes up to it. */
export const catchingUp = 'catching up'
/** The reason of a board that a replay has put into Redis, until an owner has taken it and come up to the stream. */
export const replayed = 'replayed'

const onTime = 'the last barrier rests on time, no marker proved it'

/** What keeps a board from being shown as it is now; undefined: nothing of the feed does. */
export const hindranceOf = (
  feed: Pick<KeeperFeed, 'heldUp' | 'rewinding'>,
  degraded: ReadonlyMap<ErrorCode, string>,
  isCatchingUp: boolean,
): BoardStatus | undefined => {
  for (const [code, detail] of degraded)
    return { state: 'degraded', reason: detail === '' ? code : `${code}: ${detail}` }
  if (feed.heldUp !== '') return { state: 'stale', reason: feed.heldUp }
  if (feed.rewinding) return { state: 'stale', reason: rewinding }
  return isCatchingUp ? { state: 'stale', reason: catchingUp } : undefined
}

/** Of a board that nothing hinders: how sure it is. `doubt`: what the base itself said against its rows. */
export const provenStatus = (
  { vouched }: Pick<KeeperFeed, 'vouched'>,
  proof: Proof,
  doubt: string | undefined,
): BoardStatus => {
  const assumed = proof === 'assumed' || (proof === 'marker' && !vouched)
  return assumed ? { state: 'assumed', reason: doubt ?? onTime } : { state: 'exact', reason: '' }
}

/**
 * The same while the feed shows nothing of the present. A board that was only assumed must not pass for one that was the
 * table's at a time that is gone: its doubt stands in front.
 */
export const datedStatus = ({ behind }: Pick<KeeperFeed, 'behind'>, status: BoardStatus, proof: Proof): BoardStatus => {
  if (!isWell(status) || behind === '') return status
  return { state: 'stale', reason: proof === 'assumed' ? `${status.reason}; ${behind}` : behind }
}
