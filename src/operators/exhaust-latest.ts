import { from, Observable, type ObservableInput, type OperatorFunction, Subscription } from 'rxjs'

/**
 * Like `exhaustMap`, but the newest value that came while busy is run next: one at a time, never a queue, and the last
 * value is always run. `merge`: what becomes of a value that is skipped; by default it is forgotten. Memory: one value.
 */
export const exhaustLatest = <T, R>(
  project: (value: T) => ObservableInput<R>,
  merge: (skipped: T, newer: T) => T = (_, newer) => newer,
): OperatorFunction<T, R> => {
  return (values$) =>
    new Observable((subscriber) => {
      const all = new Subscription()
      let waiting: { readonly value: T } | undefined
      let busy = false
      let over = false

      const run = (): void => {
        while (!busy && waiting !== undefined && !subscriber.closed) {
          const { value } = waiting
          waiting = undefined
          busy = true
          all.add(
            from(project(value)).subscribe({
              next: (result) => subscriber.next(result),
              error: (error: unknown) => subscriber.error(error),
              complete: () => {
                busy = false
                run()
              },
            }),
          )
        }
        if (over && !busy) subscriber.complete()
      }

      all.add(
        values$.subscribe({
          next: (value) => {
            waiting = { value: waiting === undefined ? value : merge(waiting.value, value) }
            run()
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            over = true
            run()
          },
        }),
      )
      return all
    })
}
