/**
 * Gives the next batch to the store while the one before it is still being written, so that the store has it ready, or at
 * the database, waiting for row locks, when that one commits: the database does not wait for this process meanwhile.
 *
 * That is sound since offsets move only from where a batch begins: sent too early, or behind one that has failed, a batch
 * changes nothing and is answered `fenced`. So of an answer that came ahead only `written` counts; after any other one the
 * batch is written in its turn. At most one is ahead, and only of one that is written for the first time: what has trouble
 * is left alone. An error that comes ahead is nobody's: the call in its turn has it again.
 *
 * Order, loss, duplicates: as of the store. Memory: one more batch on its way.
 */
import { AsyncSubject, catchError, defer, finalize, from, type Observable, of, switchMap } from 'rxjs'
import type { BatchStore, Claim, Span, WriteOutcome } from './batch-store.js'

export class WriteAhead<B> {
  readonly #store: Pick<BatchStore<B>, 'write'>
  readonly #claim: Claim
  /** The batch that was last in its turn. */
  #last: B | undefined
  /** It is being written, for the first time. */
  #begun = false
  #ahead: { readonly batch: B; readonly answer$: Observable<WriteOutcome | undefined> } | undefined

  constructor(store: Pick<BatchStore<B>, 'write'>, claim: Claim) {
    this.#store = store
    this.#claim = claim
  }

  /** The batch whose turn comes next, beginning where the one that is being written ends. */
  send(span: Span, batch: B): void {
    if (!this.#begun) return
    const answer$ = new AsyncSubject<WriteOutcome | undefined>()
    this.#call(span, batch)
      .pipe(catchError(() => of(undefined)))
      .subscribe(answer$)
    this.#ahead = { batch, answer$ }
  }

  /** In its turn. Made again with the same arguments after an error. */
  write(span: Span, batch: B): Observable<WriteOutcome> {
    return defer(() => {
      this.#begun = this.#last !== batch
      this.#last = batch
      return this.#answer(span, batch).pipe(
        finalize(() => {
          this.#begun = false
        }),
      )
    })
  }

  #answer(span: Span, batch: B): Observable<WriteOutcome> {
    const ahead = this.#ahead
    this.#ahead = undefined
    if (ahead?.batch !== batch) return this.#call(span, batch)
    return ahead.answer$.pipe(
      switchMap((outcome) => (outcome?.kind === 'written' ? of(outcome) : this.#call(span, batch))),
    )
  }

  #call(span: Span, batch: B): Observable<WriteOutcome> {
    return defer(() => from(this.#store.write(this.#claim, span, batch)))
  }
}
