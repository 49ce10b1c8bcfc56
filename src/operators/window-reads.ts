import { Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs'
import type { BacklogWindow } from '../core/backlog-window.js'
import { furthest, type Positions, partitionId } from '../core/positions.js'
import type { DecodedRead, ReadBatch, ReadWindow } from './read-batch.js'

/**
 * Gathers batches into windows, each closed when it holds as many messages as `size` says then, or `time` ms after its
 * first one. While a window is being written the next one is gathered, and handed on as soon as it is full, so that it is
 * folded by then; the batch that filled it is released only when its turn comes. So reading, decoding and folding run beside
 * the transaction, and no further ahead than one window.
 * A batch without messages goes with the window that is open, or as one of its own: offsets move over what is no message.
 *
 * A batch is joined whole: a window holds less than `size` and a batch, so that what the source hands on at a time bounds
 * how far it exceeds its size. Only where a window has timed out (`size.cap`) batches are split, so that none exceeds that.
 *
 * Order: kept. Duplicates, loss: none. What is open when the source completes is the last window. Memory: two windows and
 * a batch.
 */
export const windowReads =
  (
    size: Pick<BacklogWindow, 'events' | 'cap'>,
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

      const join = (batch: ReadBatch): void => {
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

      let waiting: Rest | undefined
      let joining = false
      /** In a loop, since pieces of a batch may be released as they are joined. */
      const take = (rest: Rest): void => {
        waiting = rest
        if (joining) return
        joining = true
        while (waiting !== undefined) {
          const one: Rest = waiting
          waiting = undefined
          join(pieceOf(one, Math.max(1, size.cap - (open?.reads.length ?? 0)), take))
        }
        joining = false
      }

      const upstream = batches$.subscribe({
        next: (batch) => take({ batch, from: 0 }),
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

/** What is left of a batch: its reads from this index on. */
interface Rest {
  readonly batch: ReadBatch
  readonly from: number
}

/** At most `count` reads; when they are released `next` gets the others. What was refused goes with the last. */
const pieceOf = ({ batch, from }: Rest, count: number, next: (rest: Rest) => void): ReadBatch => {
  const to = from + count
  if (to >= batch.reads.length) {
    return from === 0 ? batch : { ...batch, reads: batch.reads.slice(from), release: () => batch.release() }
  }
  const reads = batch.reads.slice(from, to)
  const positions = new Map<string, number>()
  let oldest: number | undefined
  let newest: number | undefined
  for (const { message } of reads) {
    const { topic, partition, offset, timestamp } = message
    positions.set(partitionId(topic, partition), offset + 1)
    if (timestamp === undefined) continue
    oldest = Math.min(timestamp, oldest ?? timestamp)
    newest = Math.max(timestamp, newest ?? timestamp)
  }
  return { reads, refused: [], positions, oldest, newest, release: () => next({ batch, from: to }) }
}

const least = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b)
