import { NEVER, of, Subject, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { exhaustLatest } from '../../src/operators/exhaust-latest.js'

describe('exhaustLatest', () => {
  it('runs one at a time, then the newest that came meanwhile, and always the last', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ hot, cold, expectObservable }) => {
      const source = hot('   -abc----------d-e|')
      const result$ = source.pipe(exhaustLatest((value) => cold('---(x|)', { x: value })))
      // a runs from 1 to 4; c, the newest by then, from 4 to 7.
      expectObservable(result$).toBe('----a--c---------d--(e|)', { a: 'a', c: 'c', d: 'd', e: 'e' })
    })
  })

  it('merges what is skipped into what is newer', () => {
    const source = new Subject<number>()
    const answers: Subject<string>[] = []
    const run: number[] = []
    const project = (n: number) => {
      run.push(n)
      const answer = new Subject<string>()
      answers.push(answer)
      return answer
    }
    source.pipe(exhaustLatest(project, (skipped, newer) => skipped * 10 + newer)).subscribe()
    for (const n of [1, 2, 3, 4]) source.next(n)
    answers[0]?.complete()
    source.next(5)
    answers[1]?.complete()
    expect(run).toEqual([1, 234, 5])
  })

  it('takes answers that come at once, and values that come with them', () => {
    const source = new Subject<number>()
    const seen: number[] = []
    source.pipe(exhaustLatest((n) => of(n))).subscribe((n) => {
      seen.push(n)
      if (n < 5) source.next(n + 1)
    })
    source.next(1)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  it('fails with what fails, and completes only when nothing runs any more', () => {
    const source = new Subject<number>()
    const seen: string[] = []
    const observer = (name: string) => ({
      error: (error: unknown) => seen.push(`${name} ${String(error)}`),
      complete: () => seen.push(`${name} completes`),
    })
    source.pipe(exhaustLatest((n) => (n === 1 ? throwError(() => 'broken') : NEVER))).subscribe(observer('failing'))
    source.pipe(exhaustLatest(() => NEVER)).subscribe(observer('running'))
    source.pipe(exhaustLatest((n) => of(n))).subscribe(observer('done'))
    source.next(1)
    source.complete()
    expect(seen).toEqual(['failing broken', 'done completes'])
  })
})
