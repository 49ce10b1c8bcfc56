import { type MonoTypeOperatorFunction, tap } from 'rxjs'
import type { FeedSnapshot } from '../core/feed-io.js'
import type { FeedSource } from './ports.js'
import type { PublishedGroups } from './published-groups.js'

/**
 * How long offsets wait for a board that may not be published, ms. Its state and reason are in Redis by then; offsets
 * move on, since a restart finds a board that is not exact and reads it anew.
 */
const patience = 60_000

/**
 * Commits offsets: only those of a snapshot that is in Redis, and of which every board and every group of a split board
 * was current (or has waited too long). Order: kept. Loss: none, an offset is never committed before its effect is
 * published.
 */
export const commitPublished = (
  source: Pick<FeedSource, 'commit'>,
  groups: Pick<PublishedGroups, 'settledSince'>,
  now: () => number,
): MonoTypeOperatorFunction<FeedSnapshot> =>
  tap(({ positions, boards, splits }) => {
    const since = now() - patience
    const settled = [...boards, ...splits].every(
      ({ current, behindSince }) => current || (behindSince !== undefined && behindSince <= since),
    )
    if (settled && groups.settledSince(since)) source.commit(positions)
  })
