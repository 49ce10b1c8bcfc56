import { defer, type MonoTypeOperatorFunction, tap } from 'rxjs'
import type { CounterProgress } from '../core/counter-progress.js'
import type { Positions } from '../core/positions.js'
import type { GroupConsumer } from './message-ports.js'

/**
 * Shows the database's offsets to the group in Kafka, where tools look for lag: after each take and each commit. Nothing
 * is read from there.
 */
export const mirrorOffsets =
  (consumer: Pick<GroupConsumer, 'mirror'>): MonoTypeOperatorFunction<CounterProgress> =>
  (progress$) =>
    defer(() => {
      let mirrored: Positions | undefined
      return progress$.pipe(
        tap(({ positions }) => {
          if (positions === mirrored || positions.size === 0) return
          mirrored = positions
          consumer.mirror(positions)
        }),
      )
    })
