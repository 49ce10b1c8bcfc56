import type { BoardSpec } from '../core/board-spec.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import type { Feed } from '../runtime/feeds.js'
import type { Log } from '../runtime/log.js'
import { checkFindings } from './check-findings.js'
import type { FeedDatabase } from './worker-parts.js'

/** A feed and what its database says of its tables. */
export interface PreparedFeed {
  readonly feed: Feed
  readonly database: FeedDatabase
  readonly specs: readonly BoardSpec[]
  /** Undefined: no marker may be written. */
  readonly marker: MarkerTable | undefined
}

/** `attempt`: what becomes of a question that can't be answered now. */
type Attempt = <T>(ask: () => Promise<T>) => Promise<T>

const once: Attempt = (ask) => ask()

/** Asks the database whether the boards of the feed can be kept. Fails with DATABASE_*, and with what is fatal. */
export const prepareFeed = async (
  feed: Feed,
  database: FeedDatabase,
  log: Log,
  attempt: Attempt = once,
): Promise<PreparedFeed> => {
  const specs = await attempt(() => database.resolve(feed.boards))
  await attempt(async () => checkFindings(await database.preflight(specs), log))
  const marker = await attempt(() => database.marker(specs))
  if (marker === undefined && database.usesMarkers)
    log.warn({ feed: feed.name }, 'No marker may be written: boards will say assumed, not exact')
  return { feed, database, specs, marker }
}
