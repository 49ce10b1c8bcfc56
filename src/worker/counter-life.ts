/**
 * One life of a counting pipeline: opens its store and its consumer, looks at the tables, and counts until it is stopped
 * or can't go on; then gives everything back.
 *
 * Stopped: nothing more is read, the transaction under way ends, its offsets are mirrored, and then the group is left, so
 * that who gets the partitions next waits for nothing. What takes longer is left to the offsets in the database.
 */
import { lastValueFrom, map, Observable, type SchedulerLike, takeUntil, tap } from 'rxjs'
import { type CounterProgress, nothingCounted } from '../core/counter-progress.js'
import type { RanktideError } from '../core/errors.js'
import type { Finding } from '../databases/finding.js'
import { readEvent } from '../formats/read-event.js'
import type { BatchStore } from '../operators/batch-store.js'
import type { CounterObserver, CounterPorts } from '../operators/counter-ports.js'
import type { CounterRecorder } from '../operators/counter-recorder.js'
import type { Assignment, GroupConsumer } from '../operators/message-ports.js'
import type { DeadLetters } from '../operators/ports.js'
import type { ReadingConfig } from '../runtime/config.js'
import type { Log } from '../runtime/log.js'
import { checkFindings } from './check-findings.js'
import type { CounterStatus } from './counter-status.js'
import { waitFor, waitingText } from './wait-for.js'
import type { OpenStore } from './worker-parts.js'

export interface CounterLife<B> {
  readonly reading: ReadingConfig
  readonly status: CounterStatus
  readonly openStore: () => OpenStore<B>
  /** Everything that keeps it from doing its work, or may surprise. */
  readonly preflight: (store: OpenStore<B>) => Promise<readonly Finding[]>
  readonly openConsumer: (onTrouble: (error: RanktideError) => void) => GroupConsumer
  readonly pipeline: (ports: CounterPorts<B>) => Observable<CounterProgress>
  readonly deadLetters: DeadLetters
  readonly log: Log
  readonly recorder: CounterRecorder
  readonly scheduler: SchedulerLike
  /** Aborted: nothing more is read. */
  readonly stop: AbortSignal
}

export interface LifeTold {
  /** The tables have been looked at. */
  readonly started: () => void
  /** It waits before that, told at each try. */
  readonly waits: () => void
}

/** Resolves when stopped; fails with what is fatal. */
export const liveCounter = async <B>(life: CounterLife<B>, told: LifeTold): Promise<void> => {
  const { status, stop, log } = life
  const { name } = status
  status.begin()
  const store = life.openStore()
  try {
    const waits = (error: RanktideError, pause: number) => {
      status.waitsFor('database', error)
      log.warn({ pipeline: name, code: error.code, detail: error.detail, pause }, 'Waiting for the database')
      told.waits()
    }
    await waitFor(async () => checkFindings(await life.preflight(store), log), { waits, signal: stop })
    status.begin()
    told.started()
    await count(life, store)
  } finally {
    await store.close()
  }
}

const count = async <B>(life: CounterLife<B>, store: BatchStore<B>): Promise<void> => {
  const { status, log, recorder, reading, stop } = life
  const { name } = status
  const consumer = life.openConsumer((error) => {
    status.waitsFor('kafka', error)
    log.warn({ pipeline: name, code: error.code, detail: error.detail }, waitingText(error))
  })
  const reader = new StoppableConsumer(consumer, stop, (assignment) => {
    log.info({ pipeline: name, partitions: assignment.partitions }, 'Partitions assigned')
    if (assignment.partitions.length === 0) status.standsBy()
  })
  const { events, timeMs: time, most } = reading.window
  let last = nothingCounted
  const counting = life
    .pipeline({
      name,
      group: reading.group,
      consumer: reader,
      store,
      deadLetters: life.deadLetters,
      decode: readEvent,
      window: { events, most, time },
      start: reading.start,
      onLoss: reading.onLoss,
      scheduler: life.scheduler,
      random: Math.random,
      observer: observing(life),
    })
    .pipe(
      tap((progress) => {
        status.progress(progress)
        recorder.progressed(name, last, progress)
        last = progress
      }),
    )
  try {
    await lastValueFrom(counting, { defaultValue: undefined })
  } finally {
    reader.end()
    await consumer.close()
  }
}

const observing = <B>({ status, log, recorder }: CounterLife<B>): CounterObserver => {
  const pipeline = status.name
  return {
    letters: {
      written: (letters) => {
        status.lettersWritten()
        for (const { message, refusal } of letters) {
          recorder.refused(pipeline, refusal.code, 1)
          const { topic, partition, offset } = message
          const where = { pipeline, topic, partition, offset }
          log.debug({ ...where, code: refusal.code, detail: refusal.detail }, 'Event refused')
        }
        const first = letters[0]
        if (first === undefined) return
        const { topic, partition, offset } = first.message
        // The detail quotes the event: it stands in the letter, and in the lines above.
        const { code } = first.refusal
        log.warn(
          { pipeline, topic, partition, offset, code, count: letters.length },
          'Events refused, they are dead letters',
        )
      },
      failed: (letters, error) => {
        status.waitsFor('letters', error)
        recorder.lettersFailed(pipeline)
        const { code, detail } = error
        log.error(
          { pipeline, code, detail, letters: letters.length },
          'Dead letters not written, the pipeline stands still',
        )
      },
    },
    failed: (what, error, pause) => {
      if (what === 'write') recorder.writeFailed(pipeline, error.code)
      const { code, detail } = error
      const told = { pipeline, code, detail, pause }
      // Somebody else had the rows for a moment: that is no outage.
      if (code === 'DATABASE_CONFLICT') return log.debug(told, 'Transaction is made again')
      status.waitsFor(code.startsWith('KAFKA') ? 'kafka' : 'database', error)
      log.warn(told, waitingText(error))
    },
    fenced: (partitions) =>
      log.warn({ pipeline, partitions }, 'Partitions are another worker’s, nothing was counted twice'),
    lost: (partition, offsets, detail) =>
      log.error(
        { pipeline, code: 'EVENTS_LOST', partition, offsets, detail },
        'Events are gone, going on without them',
      ),
  }
}

/**
 * A member of a group that can stop reading without leaving: its batches complete, no further assignment comes, and the
 * partitions stay its own until `end`.
 */
class StoppableConsumer implements GroupConsumer {
  readonly #consumer: GroupConsumer
  readonly #stopped$: Observable<void>
  readonly #assigned: (assignment: Assignment) => void
  #leave: () => void = () => {}

  constructor(consumer: GroupConsumer, stop: AbortSignal, assigned: (assignment: Assignment) => void) {
    this.#consumer = consumer
    this.#assigned = assigned
    this.#stopped$ = new Observable((subscriber) => {
      const tell = () => subscriber.next()
      if (stop.aborted) tell()
      stop.addEventListener('abort', tell)
      return () => stop.removeEventListener('abort', tell)
    })
  }

  assignments(): Observable<Assignment> {
    return new Observable((subscriber) => {
      const subscription = this.#consumer
        .assignments()
        .pipe(
          tap(this.#assigned),
          map(
            (assignment): Assignment => ({
              partitions: assignment.partitions,
              bounds: () => assignment.bounds(),
              batches: (start) => assignment.batches(start).pipe(takeUntil(this.#stopped$)),
            }),
          ),
        )
        // Not the subscriber itself: completing it would tear down the membership with it.
        .subscribe({
          next: (assignment) => subscriber.next(assignment),
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        })
      const stopping = this.#stopped$.subscribe(() => subscriber.complete())
      this.#leave = () => subscription.unsubscribe()
      return () => stopping.unsubscribe()
    })
  }

  mirror: GroupConsumer['mirror'] = (positions) => this.#consumer.mirror(positions)

  close(): Promise<void> {
    return this.#consumer.close()
  }

  /** Leaves the group. */
  end(): void {
    this.#leave()
  }
}
