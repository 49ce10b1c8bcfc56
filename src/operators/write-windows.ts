import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  map,
  NEVER,
  type Observable,
  type OperatorFunction,
  of,
  switchMap,
  throwError,
} from 'rxjs'
import type { CounterNews } from '../core/counter-progress.js'
import { RanktideError } from '../core/errors.js'
import { type Folding, itemText } from '../core/folding.js'
import { furthest, type Positions } from '../core/positions.js'
import type { RefusedItem, Span, WriteOutcome } from './batch-store.js'
import type { CounterPorts } from './counter-ports.js'
import type { Generation } from './generation.js'
import type { RefusedRecord } from './ports.js'
import type { DecodedRead, ReadWindow } from './read-batch.js'
import { retryInGeneration } from './retry-in-generation.js'
import { tellPassed } from './tell-passed.js'
import { WriteAhead } from './write-ahead.js'
import { keepRefused, type RefusingPorts } from './write-refused-reads.js'

/** Timeouts of one batch in a row after which it is given up, ends its generation, and is read again in smaller windows. */
const timeoutsMost = 3

export type WritingPorts<B> = RefusingPorts & Pick<CounterPorts<B>, 'store' | 'random'>

/**
 * Folds each window and writes it in one transaction with its offsets, tried again with the same arguments until it is
 * known what became of it. Items that the database can't take become dead letters, and the window is written without them.
 * A window that was fenced is the last, and so is one that has timed out three times in a row, since its size may be why:
 * the generation waits to be ended, and the next take finds out what was committed.
 *
 * Order: kept; one is folded, and sent ahead (see write-ahead.ts), while the one before it is written; the next is asked
 * for when this one is committed. Loss, duplicates: none in the database, since offsets move from where the window before
 * left them, or nothing does. Memory: two windows and their folds.
 */
export const writeWindows =
  <B>(ports: WritingPorts<B>, folding: Folding<B>, generation: Generation): OperatorFunction<ReadWindow, CounterNews> =>
  (windows$) =>
    defer(() => {
      let reached = generation.claim.positions
      const writing = { ports, folding, generation, ahead: new WriteAhead(ports.store, generation.claim) }
      return windows$.pipe(
        map((window): FoldedWindow<B> => {
          const span = spanOf(reached, window.positions)
          reached = furthest(reached, span.to)
          const batch = folded(writing, window.reads)
          if (span.to.size > 0) writing.ahead.send(span, batch)
          return { window, batch, span, positions: reached }
        }),
        concatMap((window) => writeWindow(writing, window)),
      )
    })

/** Partitions in which the window has something. */
const spanOf = (positions: Positions, reached: Positions): Span => {
  const from = new Map<string, number>()
  const to = new Map<string, number>()
  for (const [id, offset] of positions) {
    const next = reached.get(id) ?? offset
    if (next <= offset) continue
    from.set(id, offset)
    to.set(id, next)
  }
  return { from, to }
}

interface Writing<B> {
  readonly ports: WritingPorts<B>
  readonly folding: Folding<B>
  readonly generation: Generation
  readonly ahead: WriteAhead<B>
}

const folded = <B>({ folding }: Pick<Writing<B>, 'folding'>, reads: readonly DecodedRead[]): B =>
  folding.fold(reads.map(({ event }) => event))

interface FoldedWindow<B> {
  readonly window: ReadWindow
  readonly batch: B
  readonly span: Span
  /** Where the offsets stand once it is written. */
  readonly positions: Positions
}

const writeWindow = <B>(
  writing: Writing<B>,
  { window, batch: whole, span, positions }: FoldedWindow<B>,
): Observable<CounterNews> => {
  const release$ = defer(() => {
    window.release()
    return EMPTY
  })
  if (span.to.size === 0) return release$

  const attempt = (
    reads: readonly DecodedRead[],
    refused: number,
    batch = folded(writing, reads),
  ): Observable<CounterNews> =>
    writeBatch(writing, span, batch, reads.length).pipe(
      switchMap((outcome) => {
        switch (outcome.kind) {
          case 'written': {
            const { repeated } = outcome
            tellPassed(writing.ports, writing.generation, positions)
            return of({
              kind: 'written',
              positions,
              events: reads.length,
              refused,
              repeated,
              newest: window.newest,
            } as const)
          }
          case 'fenced':
            writing.ports.observer.fenced(outcome.partitions)
            return concat(of({ kind: 'fenced', partitions: outcome.partitions } as const), NEVER)
          case 'timed-out':
            return concat(of({ kind: 'timed-out', events: reads.length } as const), NEVER)
          case 'refused': {
            const { kept, records } = withoutItems(reads, writing.folding.items(batch), outcome.items)
            return keepRefused(writing.ports, writing.generation, records).pipe(
              switchMap(() => attempt(kept, refused + records.length)),
            )
          }
        }
      }),
    )
  return concat(
    of({ kind: 'writing', oldest: window.oldest } as const),
    defer(() => attempt(window.reads, window.refused, whole)),
    release$,
  )
}

/** The batch is folded once: every try has the same arguments, by which the store knows a commit of its own again. */
const writeBatch = <B>(
  { ports: { scheduler, random, observer }, generation: { over$ }, ahead }: Writing<B>,
  span: Span,
  batch: B,
  events: number,
): Observable<WriteOutcome | { readonly kind: 'timed-out' }> =>
  defer(() => {
    let timeouts = 0
    const countTimeouts = (error: unknown) => {
      const isTimeout = error instanceof RanktideError && error.code === 'DATABASE_TIMEOUT'
      timeouts = isTimeout ? timeouts + 1 : 0
      if (!isTimeout || timeouts < timeoutsMost) return throwError(() => error)
      const detail = `${error.detail}; ${timeouts} times in a row with ${events} events: going on with fewer at a time`
      observer.failed('write', new RanktideError('DATABASE_TIMEOUT', detail), 0)
      return of({ kind: 'timed-out' } as const)
    }
    return ahead.write(span, batch).pipe(
      catchError(countTimeouts),
      retryInGeneration({
        scheduler,
        random,
        until$: over$,
        failed: (error, pause) => observer.failed('write', error, pause),
      }),
    )
  })

const withoutItems = (
  reads: readonly DecodedRead[],
  items: readonly { readonly biz: string; readonly bizId: string }[],
  refused: readonly RefusedItem[],
): { readonly kept: readonly DecodedRead[]; readonly records: readonly RefusedRecord[] } => {
  const details = new Map<string, string>()
  for (const { index, detail } of refused) {
    const item = items[index]
    if (item !== undefined) details.set(itemText(item), detail)
  }
  const kept: DecodedRead[] = []
  const records: RefusedRecord[] = []
  for (const read of reads) {
    const detail = details.get(itemText(read.event))
    if (detail === undefined) kept.push(read)
    else records.push({ message: read.message, refusal: { code: 'COUNT_OVERFLOW', detail } })
  }
  // Without this the same batch would be written for ever.
  if (records.length === 0)
    throw new RanktideError('UNEXPECTED', 'the database refused items that the batch does not have')
  return { kept, records }
}
