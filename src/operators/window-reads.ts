import { Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs'
import type { BacklogWindow } from '../core/backlog-window.js'
import { furthest, type Positions } from '../core/positions.js'
import type { DecodedRead, ReadBatch, ReadWindow } from './read-batch.js'

/**
 * Gathers batches into windows, each closed when it holds as many messages as `size` says then, or `time` ms after its
 * first one. While a window is being written the next one is gathered, and handed on as soon as it is full, so that it is
 * folded by then; the batch that filled it is released only when its turn comes. So reading, decoding and folding run beside
 * the transaction, and no further ahead than one window.
 * A batch without messages goes with the window that is open, or as one of its own: offsets move over what is no message.
 *
 * Order: kept; a batch is never split. Duplicates, loss: none. What is open when the source completes is the last window.
 * Memory: two windows and a batch.
 */
export const windowReads =
  (
    size: Pick<BacklogWindow, 'events'>,
    time: number,
    scheduler: SchedulerLike,
  ): OperatorFunction<ReadBatch, ReadWindow> =>
  (batches$) =>
    new Observable((subscriber) => {
      let open: OpenWindow | undefined
      /** Windows that were handed on and not released: one that is being written, and one behind it. */
      let out = 0
      /** Releases the batch that filled the one behind. */
      let turn: (() => void) | undefined
      let over = false
      let timer: Subscription | undefined

      const isFull = (window: OpenWindow): boolean => window.held !== undefined || window.messages >= size.events

      const close = (): void => {
        if (open === undefined || out > 1) return
        if (!(over || isFull(open) || (out === 0 && open.due))) return
        timer?.unsubscribe()
        timer = undefined
        const { held, reads, refused, positions, oldest, newest } = open
        open = undefined
        out += 1
        let released = false
        const release = (): void => {
          if (released) return
          released = true
          out -= 1
          const next = turn
          turn = undefined
          next?.()
          close()
          finish()
        }
        const isBehind = out > 1
        if (isBehind) turn = held
        subscriber.next({ reads, refused, positions, oldest, newest, release })
        if (!isBehind) held?.()
      }

      const finish = (): void => {
        if (over && out === 0 && open === undefined) subscriber.complete()
      }

      const take = (batch: ReadBatch): void => {
        open = joined(open ?? empty(), batch)
        timer ??= scheduler.schedule(() => {
          if (open !== undefined) open.due = true
          close()
        }, time)
        // Only a full window makes the source wait: one that is merely due goes on growing while it can't be written.
        if (open.messages >= size.events) open.held = () => batch.release()
        else batch.release()
        close()
      }

      const upstream = batches$.subscribe({
        next: take,
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          over = true
          close()
          finish()
        },
      })
      return () => {
        timer?.unsubscribe()
        upstream.unsubscribe()
      }
    })

interface OpenWindow {
  readonly reads: DecodedRead[]
  refused: number
  messages: number
  positions: Positions
  oldest: number | undefined
  newest: number | undefined
  /** Its time is over. */
  due: boolean
  /** Releases the batch that filled it. */
  held: (() => void) | undefined
}

const empty = (): OpenWindow => ({
  reads: [],
  refused: 0,
  messages: 0,
  positions: new Map(),
  oldest: undefined,
  newest: undefined,
  due: false,
  held: undefined,
})

const joined = (window: OpenWindow, batch: ReadBatch): OpenWindow => {
  for (const read of batch.reads) window.reads.push(read)
  window.refused += batch.refused.length
  window.messages += batch.reads.length + batch.refused.length
  window.positions = furthest(window.positions, batch.positions)
  window.oldest = least(window.oldest, batch.oldest)
  window.newest = batch.newest ?? window.newest
  return window
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
