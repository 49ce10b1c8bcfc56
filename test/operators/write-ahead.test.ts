import { of, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { Claim, Span, WriteOutcome } from '../../src/operators/batch-store.js'
import { WriteAhead } from '../../src/operators/write-ahead.js'

const claim: Claim = { group: 'g', epochs: new Map([['reads/0', 1]]), positions: new Map([['reads/0', 0]]) }
const spanOf = (from: number): Span => ({ from: new Map([['reads/0', from]]), to: new Map([['reads/0', from + 1]]) })
const written: WriteOutcome = { kind: 'written', repeated: false }
const fenced: WriteOutcome = { kind: 'fenced', partitions: ['reads/0'] }

describe('writing ahead', () => {
  /** Calls of the store that are not answered yet. */
  let calls: { readonly batch: string; readonly answer$: Subject<WriteOutcome> }[]
  let ahead: WriteAhead<string>
  let told: string[]
  const batches = () => calls.map(({ batch }) => batch)
  const answer = (index: number, outcome: WriteOutcome) => {
    calls[index]?.answer$.next(outcome)
    calls[index]?.answer$.complete()
  }
  const write = (batch: string, from: number) =>
    ahead.write(spanOf(from), batch).subscribe({
      next: (outcome) => told.push(`${batch} ${outcome.kind}`),
      error: (error: RanktideError) => told.push(`${batch} ${error.code}`),
    })

  beforeEach(() => {
    ;[calls, told] = [[], []]
    ahead = new WriteAhead(
      {
        write: (_claim, _span, batch: string) => {
          const answer$ = new Subject<WriteOutcome>()
          calls.push({ batch, answer$ })
          return answer$
        },
      },
      claim,
    )
  })

  it('takes the answer that came ahead, before its turn or in it', () => {
    write('a', 0)
    ahead.send(spanOf(1), 'b')
    answer(1, written)
    expect(told).toEqual([])
    answer(0, written)
    write('b', 1)
    expect(told).toEqual(['a written', 'b written'])
    expect(batches()).toEqual(['a', 'b'])
  })

  it('sends one ahead of each that is written, the next once that is answered', () => {
    write('a', 0)
    ahead.send(spanOf(1), 'b')
    answer(0, written)
    write('b', 1)
    ahead.send(spanOf(2), 'c')
    expect(batches()).toEqual(['a', 'b', 'c'])
    answer(1, written)
    write('c', 2)
    answer(2, written)
    expect(told).toEqual(['a written', 'b written', 'c written'])
    expect(batches()).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['fenced', fenced],
    ['refused', { kind: 'refused', items: [{ index: 0, detail: 'full' }] } as const],
  ])('writes again in its turn what was %s ahead', (_name, outcome) => {
    write('a', 0)
    ahead.send(spanOf(1), 'b')
    answer(1, outcome)
    answer(0, written)
    write('b', 1)
    expect(batches()).toEqual(['a', 'b', 'b'])
    answer(2, fenced)
    expect(told).toEqual(['a written', 'b fenced'])
  })

  it('writes again in its turn what failed ahead, and tells nobody of the error', () => {
    write('a', 0)
    ahead.send(spanOf(1), 'b')
    calls[1]?.answer$.error(new RanktideError('DATABASE_CONFLICT', 'simulated'))
    answer(0, written)
    write('b', 1)
    answer(2, written)
    expect(told).toEqual(['a written', 'b written'])
  })

  it('sends nothing ahead of what was tried before, nor where nothing is written', () => {
    ahead.send(spanOf(0), 'a')
    write('a', 0)
    calls[0]?.answer$.error(new RanktideError('DATABASE_CONFLICT', 'simulated'))
    ahead.send(spanOf(1), 'b')
    write('a', 0)
    ahead.send(spanOf(1), 'b')
    expect(batches()).toEqual(['a', 'a'])
    expect(told).toEqual(['a DATABASE_CONFLICT'])
  })

  it('answers a store that answers at once', () => {
    let count = 0
    const store = {
      write: () => (count++ === 0 ? throwError(() => new RanktideError('DATABASE_CONFLICT', '')) : of(written)),
    }
    const direct = new WriteAhead<string>(store, claim)
    const outcomes: WriteOutcome[] = []
    direct.write(spanOf(0), 'a').subscribe({ error: () => {} })
    direct.write(spanOf(0), 'a').subscribe((outcome) => outcomes.push(outcome))
    expect(outcomes).toEqual([written])
  })
})
