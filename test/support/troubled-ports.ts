/**
 * The ports of a counting pipeline over parts in memory, in virtual time: calls arrive late, fail, are answered although
 * they failed, or take effect after the process that made them is dead.
 */
import { type Either, getOrElse, left, right } from 'fp-ts/lib/Either.js'
import { map, merge, type Observable, Subject, tap } from 'rxjs'
import { RanktideError } from '../../src/core/errors.js'
import type { Positions } from '../../src/core/positions.js'
import type { BatchStore, Claim, Span, WriteOutcome } from '../../src/operators/batch-store.js'
import type { Assignment, GroupConsumer } from '../../src/operators/message-ports.js'
import type { DeadLetter, DeadLetters } from '../../src/operators/ports.js'
import type { MemoryGroupConsumer } from '../../src/sources/memory-group-consumer.js'

/** Calls a server that may be in trouble. */
export type TroubledCall = <T>(effect: () => T, error: () => Error) => Observable<T>

const timeout = (): Error => new RanktideError('DATABASE_TIMEOUT', 'simulated')
const unreachable = (): Error => new RanktideError('KAFKA_UNREACHABLE', 'simulated')

/** A promise that settles when the call does, not a moment later: nothing else tells when microtasks have run. */
const settled = <T>(answer$: Observable<T>): Promise<T> => {
  const promise: PromiseLike<T> = {
    // biome-ignore lint/suspicious/noThenProperty: it stands in for a promise.
    then: (resolve, reject) => {
      let value: T | undefined
      answer$.subscribe({
        next: (answer) => {
          value = answer
        },
        error: (error: unknown) => void reject?.(error),
        complete: () => void resolve?.(value as T),
      })
      return new Promise(() => {})
    },
  }
  return promise as Promise<T>
}

/** What an observable that answers at once answers, or fails with. */
const now = <T>(answer$: Observable<T>): T => {
  let answer: Either<unknown, T> = left(new Error('no answer at once'))
  answer$.subscribe({
    next: (value) => {
      answer = right(value)
    },
    error: (error: unknown) => {
      answer = left(error)
    },
  })
  return getOrElse<unknown, T>((error) => {
    throw error
  })(answer)
}

/** Told when a call takes effect, whether or not its caller hears of it. */
export interface StoreWatch {
  taken(claim: Claim): void
  written(claim: Claim, span: Span): void
}

export class TroubledStore<B> implements BatchStore<B> {
  readonly #inner: BatchStore<B>
  readonly #call: TroubledCall
  readonly #watch: StoreWatch

  constructor(inner: BatchStore<B>, call: TroubledCall, watch: StoreWatch) {
    this.#inner = inner
    this.#call = call
    this.#watch = watch
  }

  take(group: string, partitions: readonly string[], unknown: Positions): Observable<Claim> {
    return this.#call(() => {
      const claim = now(this.#inner.take(group, partitions, unknown) as Observable<Claim>)
      this.#watch.taken(claim)
      return claim
    }, timeout)
  }

  write(claim: Claim, span: Span, batch: B): Observable<WriteOutcome> {
    return this.#call(() => {
      const outcome = now(this.#inner.write(claim, span, batch) as Observable<WriteOutcome>)
      if (outcome.kind === 'written') this.#watch.written(claim, span)
      return outcome
    }, timeout)
  }
}

export class TroubledLetters implements DeadLetters {
  readonly #letters: DeadLetter[]
  readonly #call: TroubledCall

  constructor(letters: DeadLetter[], call: TroubledCall) {
    this.#letters = letters
    this.#call = call
  }

  write(letters: readonly DeadLetter[]): Observable<void> {
    return this.#call(() => void this.#letters.push(...letters), unreachable)
  }
}

/** `bounds` may be answered late, with what was true when it was asked. */
export class TroubledConsumer implements GroupConsumer {
  readonly inner: MemoryGroupConsumer
  readonly #call: TroubledCall
  readonly #bounds: (partitions: readonly string[]) => { readonly first: Positions; readonly ends: Positions }
  readonly #again$ = new Subject<Assignment>()
  #last: Assignment | undefined

  constructor(
    inner: MemoryGroupConsumer,
    call: TroubledCall,
    bounds: (partitions: readonly string[]) => { readonly first: Positions; readonly ends: Positions },
  ) {
    this.inner = inner
    this.#call = call
    this.#bounds = bounds
  }

  assignments(): Observable<Assignment> {
    const troubled = (assignment: Assignment): Assignment => ({
      partitions: assignment.partitions,
      bounds: () => settled(this.#call(() => this.#bounds(assignment.partitions), unreachable)),
      batches: (start) => assignment.batches(start),
    })
    return merge(
      this.inner.assignments().pipe(
        map(troubled),
        tap<Assignment>({
          next: (assignment) => {
            this.#last = assignment
          },
          complete: () => this.#again$.complete(),
        }),
      ),
      this.#again$,
    )
  }

  mirror(positions: Positions): void {
    this.inner.mirror(positions)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  /** Delivers the last assignment once more. */
  repeat(): void {
    if (this.#last !== undefined) this.#again$.next(this.#last)
  }
}
