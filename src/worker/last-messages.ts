import { catchError, concatMap, EMPTY, lastValueFrom, takeUntil, takeWhile, tap, timer, toArray } from 'rxjs'
import type { Positions } from '../core/positions.js'
import type { Message } from '../operators/ports.js'
import type { KafkaFeed } from '../sources/kafka-feed.js'

export interface Looking {
  /** Of each partition. */
  readonly count: number
  /** ms */
  readonly limit: number
}

/** The newest messages of every partition, in its order; fewer where they do not come in time, or are gone. */
export const lastMessages = async (
  source: Pick<KafkaFeed, 'batches' | 'beginnings'>,
  ends: Positions,
  { count, limit }: Looking,
): Promise<readonly Message[]> => {
  const first = await source.beginnings()
  const start = new Map([...ends].map(([id, end]) => [id, Math.max(first.get(id) ?? 0, end - count)]))
  const messages$ = source.batches(start).pipe(
    tap((batch) => batch.release()),
    takeWhile(({ positions }) => [...ends].some(([id, end]) => (positions.get(id) ?? 0) < end), true),
    takeUntil(timer(limit)),
    concatMap((batch) => batch.messages),
    catchError(() => EMPTY),
    toArray(),
  )
  return lastValueFrom(messages$)
}
