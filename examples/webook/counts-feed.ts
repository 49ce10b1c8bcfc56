/**
 * Keeps cached counts right from the row changes of the table: topic → rows → absolute counts, written only where the
 * item is cached.
 *
 * Order: that of each partition, one batch after the other. Duplicates: harmless, images are absolute; after older images
 * that are sent again come the newer ones, and then the cache is right again. Loss: none, a batch that can't be written
 * is tried until it can. What tells of rows without naming them (TRUNCATE, a message that can't be read) empties the
 * cache. Memory: one batch.
 */
import { concatMap, defer, type Observable, retry, timer } from 'rxjs'
import type { Decode } from '../../src/core/change.js'
import { asRanktideError, type RanktideError, verdictOf } from '../../src/core/errors.js'
import type { Segment } from '../../src/core/newest-per-key.js'
import type { Positions } from '../../src/core/positions.js'
import { decodeMessages } from '../../src/operators/decode-messages.js'
import { type FoldedWindow, keepNewestPerKey } from '../../src/operators/keep-newest-per-key.js'
import type { FeedSource } from '../../src/operators/ports.js'
import type { CountsCache } from './counts-cache.js'
import { changedItems } from './counts-row.js'

export interface CountsFeedPorts {
  readonly source: Pick<FeedSource, 'batches'>
  readonly start: Positions
  readonly decode: Decode
  readonly cache: Pick<CountsCache, 'change' | 'clear' | 'keepPositions'>
  readonly onTrouble: (error: RanktideError) => void
  /** Between two attempts to write a batch, ms. */
  readonly pause?: number
}

/** Emits the positions that are in the cache. */
export const countsFeed = (ports: CountsFeedPorts): Observable<Positions> => {
  const { source, start, decode, cache, onTrouble, pause = 500 } = ports
  const again = (error: unknown) => {
    const known = asRanktideError(error)
    if (verdictOf(known) !== 'retry') throw error
    onTrouble(known)
    return timer(pause)
  }
  return source.batches(start).pipe(
    decodeMessages(decode, {}),
    keepNewestPerKey(),
    concatMap((folded) => applied(folded, cache).pipe(retry({ delay: again }))),
  )
}

/** Again from its beginning after a failure: all of it may be written twice. */
const applied = ({ window, release }: FoldedWindow, cache: CountsFeedPorts['cache']): Observable<Positions> =>
  defer(async () => {
    for (const segment of window.segments) {
      if (segment.kind === 'rows') await cache.change(changedItems(segment))
    }
    // Last: what rows of the same window have written is emptied with the rest, which costs a few queries at most.
    if (window.segments.some(concernsAll)) await cache.clear()
    await cache.keepPositions(window.positions)
    release()
    return window.positions
  })

/** Whether it may have changed any row. A changed key comes as two rows besides. */
const concernsAll = ({ kind }: Segment): boolean =>
  kind === 'truncate' || kind === 'renamed' || kind === 'altered' || kind === 'xa-rollback' || kind === 'refused'
