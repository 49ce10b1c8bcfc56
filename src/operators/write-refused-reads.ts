import {
  concatMap,
  defer,
  filter,
  map,
  type Observable,
  type OperatorFunction,
  of,
  takeUntil,
  tap,
  throwIfEmpty,
} from 'rxjs'
import type { CounterPorts } from './counter-ports.js'
import { type Generation, GenerationOver } from './generation.js'
import type { DeadLetter, RefusedRecord } from './ports.js'
import type { ReadBatch } from './read-batch.js'
import { notePassing } from './tell-passed.js'
import { writeLetters } from './write-letters.js'

export type RefusingPorts = Pick<CounterPorts<never>, 'name' | 'deadLetters' | 'scheduler' | 'observer'>

/**
 * Writes the refused messages of a batch as dead letters, and only then lets the batch go on: offsets move past a message
 * only once it is counted or kept. While they can't be written the batch waits, and so the source.
 *
 * Order: kept. Loss: none: a batch whose letters are not written when the generation is over fails with `GenerationOver`,
 * so that nothing behind it is written either. Duplicates: of letters, after a failure or a crash. Memory: one batch.
 */
export const writeRefusedReads = (
  ports: RefusingPorts,
  generation: Pick<Generation, 'over$' | 'unpassed'>,
): OperatorFunction<ReadBatch, ReadBatch> =>
  concatMap((batch) =>
    batch.refused.length === 0 ? of(batch) : keepRefused(ports, generation, batch.refused).pipe(map(() => batch)),
  )

/** Emits once all are kept. */
export const keepRefused = (
  { name, deadLetters, scheduler, observer }: RefusingPorts,
  generation: Pick<Generation, 'over$' | 'unpassed'>,
  refused: readonly RefusedRecord[],
): Observable<void> =>
  defer(() => {
    const letters = refused.map((one): DeadLetter => ({ ...one, feed: name }))
    return writeLetters({ deadLetters, scheduler, observer: observer.letters }, letters)
  }).pipe(
    takeUntil(generation.over$),
    filter(({ kind }) => kind === 'written'),
    tap(() => notePassing(generation, refused)),
    map(() => undefined),
    throwIfEmpty(() => new GenerationOver()),
  )
