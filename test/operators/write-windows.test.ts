import { NEVER, type ObservableInput, of, ReplaySubject, Subject, throwError } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CountBatch } from '../../src/core/count-batch.js'
import type { CounterNews } from '../../src/core/counter-progress.js'
import { RanktideError } from '../../src/core/errors.js'
import { foldReads } from '../../src/core/fold-reads.js'
import type { Positions } from '../../src/core/positions.js'
import type { Claim, CountStore, Span, WriteOutcome } from '../../src/operators/batch-store.js'
import { GenerationOver } from '../../src/operators/generation.js'
import type { DecodedRead, ReadWindow } from '../../src/operators/read-batch.js'
import { writeWindows } from '../../src/operators/write-windows.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { decodedRead } from '../support/decoded-reads.js'
import { VirtualTime } from '../support/virtual-time.js'

const written: WriteOutcome = { kind: 'written', repeated: false }
const at = (offset: number): Positions => new Map([['reads/0', offset]])
const claim: Claim = {
  group: 'g',
  epochs: new Map([
    ['reads/0', 1],
    ['reads/1', 1],
  ]),
  positions: new Map([
    ['reads/0', 0],
    ['reads/1', 7],
  ]),
}
const conflict = new RanktideError('DATABASE_CONFLICT', 'simulated')

interface Call {
  readonly span: Span
  readonly batch: CountBatch
}

describe('writing windows', () => {
  let time: VirtualTime
  let letters: MemoryDeadLetters
  let windows$: Subject<ReadWindow>
  let over$: ReplaySubject<void>
  let calls: Call[]
  let answers: (() => ObservableInput<WriteOutcome>)[]
  let news: CounterNews[]
  let errors: unknown[]
  let released: number[]
  let pauses: string[]
  let completed: boolean
  const kinds = () => news.map(({ kind }) => kind)
  const next = (to: number, reads: readonly DecodedRead[], positions = at(to)) =>
    windows$.next({ reads, refused: 0, positions, oldest: 5, newest: 9, release: () => released.push(to) })
  const summed = () =>
    calls.map(({ batch }) => batch.increments.map(({ bizId, events }) => `${bizId}:${events}`).join(' '))

  beforeEach(() => {
    time = new VirtualTime(0)
    letters = new MemoryDeadLetters()
    windows$ = new Subject()
    over$ = new ReplaySubject(1)
    ;[calls, answers, news, errors, released, pauses] = [[], [], [], [], [], []]
    completed = false
    const store: CountStore = {
      take: () => NEVER,
      write: (_, span, batch) => {
        calls.push({ span, batch })
        return (answers.shift() ?? (() => of(written)))()
      },
    }
    const observer = {
      letters: { written: () => {}, failed: () => {} },
      failed: (what: string, { code }: RanktideError, pause: number) => pauses.push(`${what} ${code} ${pause}`),
      fenced: (partitions: readonly string[]) => pauses.push(`fenced ${partitions}`),
      lost: () => {},
    }
    const ports = { name: 'c', store, deadLetters: letters, scheduler: time, random: () => 0.5, observer }
    windows$
      .pipe(writeWindows(ports, foldReads({ buckets: ['day'], timeZone: 'UTC' }), { claim, batches$: NEVER, over$ }))
      .subscribe({
        next: (one) => news.push(one),
        error: (error: unknown) => errors.push(error),
        complete: () => (completed = true),
      })
  })

  it('writes each window once, from where the one before ended, and asks for the next', () => {
    next(2, [decodedRead(0), decodedRead(1, { bizId: '2' })])
    next(5, [decodedRead(2)])
    expect(summed()).toEqual(['1:1 2:1', '1:1'])
    expect(calls.map(({ span }) => span)).toEqual([
      { from: at(0), to: at(2) },
      { from: at(2), to: at(5) },
    ])
    expect(released).toEqual([2, 5])
    expect(news.filter(({ kind }) => kind === 'written')).toMatchObject([
      { events: 2, repeated: false, newest: 9 },
      { events: 1, positions: new Map([...claim.positions, ...at(5)]) },
    ])
  })

  it('moves offsets without events, and makes no transaction where nothing moves', () => {
    next(4, [])
    next(4, [])
    next(4, [], new Map([['another/0', 9]]))
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ span: { to: at(4) }, batch: { increments: [], buckets: [] } })
    expect(released).toEqual([4, 4, 4])
  })

  it('tries again with the same arguments, soon after a conflict, later and later after an outage', () => {
    const fails = (error: RanktideError) => () => throwError(() => error)
    const down = new RanktideError('DATABASE_UNREACHABLE', 'simulated')
    answers = [
      fails(conflict),
      ...Array.from({ length: 8 }, () => fails(down)),
      () => of({ ...written, repeated: true }),
    ]
    next(2, [decodedRead(0)])
    time.advance(60_000)
    expect(calls).toHaveLength(10)
    for (const call of calls) {
      expect(call.span).toBe(calls[0]?.span)
      expect(call.batch).toBe(calls[0]?.batch)
    }
    expect(pauses).toEqual([
      'write DATABASE_CONFLICT 55',
      ...[150, 300, 600, 1_200, 2_400, 3_750, 3_750, 3_750].map((pause) => `write DATABASE_UNREACHABLE ${pause}`),
    ])
    expect(news.at(-1)).toMatchObject({ kind: 'written', repeated: true, events: 1 })
    expect(released).toEqual([2])
  })

  it('asks for nothing more while a window is not written, and sends the next one ahead', () => {
    answers = [() => NEVER]
    next(2, [decodedRead(0)])
    next(3, [decodedRead(2)])
    expect(calls.map(({ span }) => span)).toEqual([
      { from: at(0), to: at(2) },
      { from: at(2), to: at(3) },
    ])
    expect(released).toEqual([])
    expect(kinds()).toEqual(['writing'])
  })

  it('writes what was sent ahead of one that is refused in its turn again', () => {
    const first$ = new Subject<WriteOutcome>()
    answers = [() => first$, () => of({ kind: 'fenced', partitions: ['reads/0'] })]
    next(2, [decodedRead(0), decodedRead(1, { bizId: '2' })])
    next(3, [decodedRead(2, { bizId: '3' })])
    first$.next({ kind: 'refused', items: [{ index: 0, detail: 'full' }] })
    first$.complete()
    expect(summed()).toEqual(['1:1 2:1', '3:1', '2:1', '3:1'])
    expect(pauses).toEqual([])
    expect(released).toEqual([2, 3])
  })

  it('makes dead letters of the events of refused items, then writes the others once', () => {
    const refuse = (index: number) => () => of<WriteOutcome>({ kind: 'refused', items: [{ index, detail: 'full' }] })
    answers = [refuse(1), refuse(0)]
    next(5, [
      decodedRead(0, { bizId: '1' }),
      decodedRead(1, { bizId: '2' }),
      decodedRead(2, { bizId: '3' }),
      decodedRead(3, { bizId: '2' }),
    ])
    expect(summed()).toEqual(['1:1 2:2 3:1', '1:1 3:1', '3:1'])
    expect(calls[2]?.batch.buckets).toHaveLength(1)
    expect(
      letters.letters.map(({ message, refusal, feed }) => [message.offset, refusal.code, refusal.detail, feed]),
    ).toEqual([
      [1, 'COUNT_OVERFLOW', 'full', 'c'],
      [3, 'COUNT_OVERFLOW', 'full', 'c'],
      [0, 'COUNT_OVERFLOW', 'full', 'c'],
    ])
    expect(news.at(-1)).toMatchObject({ kind: 'written', events: 1, refused: 3 })
  })

  it('writes nothing without refused items before their letters are kept', () => {
    answers = [() => of({ kind: 'refused', items: [{ index: 0, detail: 'full' }] })]
    letters.writable = false
    next(2, [decodedRead(0)])
    time.advance(3_000)
    expect(calls).toHaveLength(1)
    letters.writable = true
    time.advance(10_000)
    expect(summed()).toEqual(['1:1', ''])
    expect(letters.letters).toHaveLength(1)
  })

  it('fails where the store refuses an item that it was not given, instead of going on for ever', () => {
    answers = [() => of({ kind: 'refused', items: [{ index: 7, detail: 'full' }] })]
    next(2, [decodedRead(0)])
    expect(errors).toMatchObject([{ code: 'UNEXPECTED' }])
  })

  it('fails at once with what does not pass by itself', () => {
    answers = [() => throwError(() => new RanktideError('MIGRATION_MISSING', 'simulated'))]
    next(2, [decodedRead(0)])
    time.advance(60_000)
    expect(calls).toHaveLength(1)
    expect(errors).toMatchObject([{ code: 'MIGRATION_MISSING' }])
  })

  it('writes nothing after a fence', () => {
    answers = [() => of({ kind: 'fenced', partitions: ['reads/0'] })]
    next(2, [decodedRead(0)])
    next(3, [decodedRead(2)])
    windows$.complete()
    expect(kinds()).toEqual(['writing', 'fenced'])
    expect([calls.length, released, completed, pauses]).toEqual([1, [], false, ['fenced reads/0']])
  })

  const timeout = () => throwError(() => new RanktideError('DATABASE_TIMEOUT', 'simulated'))

  it('gives a window up that has timed out three times in a row, says so, and writes nothing more', () => {
    answers = [timeout, timeout, timeout]
    next(2, [decodedRead(0), decodedRead(1)])
    next(3, [decodedRead(2)])
    time.advance(60_000)
    expect(calls).toHaveLength(3)
    expect(news).toEqual([expect.objectContaining({ kind: 'writing' }), { kind: 'timed-out', events: 2 }])
    expect([released, errors, completed]).toEqual([[], [], false])
    expect(pauses).toEqual(['write DATABASE_TIMEOUT 75', 'write DATABASE_TIMEOUT 150', 'write DATABASE_TIMEOUT 0'])
  })

  it('does not give a window up for timeouts that do not follow each other', () => {
    answers = [timeout, timeout, () => throwError(() => conflict), timeout, timeout]
    next(2, [decodedRead(0)])
    time.advance(60_000)
    expect([calls.length, kinds()]).toEqual([6, ['writing', 'written']])
    answers = [timeout, timeout]
    next(3, [decodedRead(2)])
    time.advance(60_000)
    expect([calls.length, kinds().at(-1)]).toEqual([9, 'written'])
  })

  it('tries nothing again once the partitions are gone', () => {
    answers = [() => throwError(() => conflict)]
    next(2, [decodedRead(0)])
    over$.next()
    expect(errors).toEqual([expect.any(GenerationOver)])
    time.advance(10_000)
    expect(calls).toHaveLength(1)
  })

  it('still hears what became of a window when the partitions go meanwhile', () => {
    const answer$ = new Subject<WriteOutcome>()
    answers = [() => answer$]
    next(2, [decodedRead(0)])
    over$.next()
    windows$.complete()
    answer$.next(written)
    answer$.complete()
    expect(kinds()).toEqual(['writing', 'written'])
    expect(completed).toBe(true)
  })
})
