import { Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs'
import { furthest, type Positions } from '../core/positions.js'
import type { EventBatch } from './event-batch.js'

export interface WindowLimits {
  /** A window is closed when it holds at least so many events. */
  readonly events: number
  /** … or so long after its first event, ms. */
  readonly time: number
}

/**
 * Gathers batches into windows, so that what follows runs once a window. A window that is not full asks for more at
 * once; the last batch of a full one is released only when the window is, so upstream stays at most one window ahead.
 * An empty batch (positions only) passes with the window it falls into, or at once if none is open.
 *
 * Order: kept; a batch is never split. Duplicates, loss: none. Memory: two windows and a batch.
 */
export const windowEvents = (
  limits: WindowLimits,
  scheduler: SchedulerLike,
): OperatorFunction<EventBatch, EventBatch> => {
  return (batches$) =>
    new Observable((subscriber) => {
      let open: OpenWindow | undefined
      let busy = false
      let timer: Subscription | undefined

      const close = (): void => {
        timer?.unsubscribe()
        timer = undefined
        if (open === undefined || busy) return
        const window = open
        open = undefined
        busy = true
        subscriber.next({
          ...window,
          release: () => {
            busy = false
            window.held?.release()
            if (open !== undefined && isFull(open, limits)) close()
          },
        })
      }

      const take = (batch: EventBatch): void => {
        open = open === undefined ? opened(batch) : joined(open, batch)
        if (isFull(open, limits)) {
          open.held = batch
          close()
          return
        }
        timer ??= scheduler.schedule(() => {
          if (open !== undefined) open.due = true
          close()
        }, limits.time)
        batch.release()
      }

      const upstream = batches$.subscribe({
        next: take,
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          busy = false
          close()
          subscriber.complete()
        },
      })
      return () => {
        timer?.unsubscribe()
        upstream.unsubscribe()
      }
    })
}

interface OpenWindow {
  readonly events: EventBatch['events'][number][]
  positions: Positions
  readonly maxEs: Map<string, number>
  messages: number
  behind?: readonly string[]
  /** The batch that is released with the window. */
  held: EventBatch | undefined
  /** Its time is over. */
  due: boolean
}

const isFull = (window: OpenWindow, limits: WindowLimits): boolean =>
  window.due || window.held !== undefined || window.events.length >= limits.events

const opened = ({ events, positions, maxEs, messages, behind }: EventBatch): OpenWindow => ({
  events: [...events],
  positions,
  maxEs: new Map(maxEs),
  messages,
  ...(behind === undefined ? {} : { behind }),
  held: undefined,
  // Positions alone wait for nothing: a barrier may be waiting for them.
  due: messages === 0,
})

const joined = (window: OpenWindow, batch: EventBatch): OpenWindow => {
  for (const event of batch.events) window.events.push(event)
  for (const [id, es] of batch.maxEs) window.maxEs.set(id, Math.max(es, window.maxEs.get(id) ?? 0))
  window.positions = furthest(window.positions, batch.positions)
  window.messages += batch.messages
  if (batch.behind === undefined) delete window.behind
  else window.behind = batch.behind
  return window
}
