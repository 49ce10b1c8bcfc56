import { ReplaySubject, Subject } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import { GenerationOver } from '../../src/operators/generation.js'
import type { ReadBatch } from '../../src/operators/read-batch.js'
import { writeRefusedReads } from '../../src/operators/write-refused-reads.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { decodedRead } from '../support/decoded-reads.js'
import { VirtualTime } from '../support/virtual-time.js'

const batch = (offset: number, refused: number): ReadBatch => ({
  reads: [decodedRead(offset)],
  refused: Array.from({ length: refused }, (_, i) => ({
    message: decodedRead(offset + 1 + i).message,
    refusal: { code: 'EVENT_FIELD', detail: 'uid is missing' },
  })),
  positions: new Map([['reads/0', offset + 1 + refused]]),
  oldest: undefined,
  newest: undefined,
  release: () => {},
})

describe('writing refused reads', () => {
  let time: VirtualTime
  let letters: MemoryDeadLetters
  let batches$: Subject<ReadBatch>
  let over$: ReplaySubject<void>
  let passed: ReadBatch[]
  let errors: unknown[]
  let failures: number

  beforeEach(() => {
    time = new VirtualTime(0)
    letters = new MemoryDeadLetters()
    batches$ = new Subject()
    over$ = new ReplaySubject(1)
    ;[passed, errors, failures] = [[], [], 0]
    const observer = {
      letters: { written: () => {}, failed: () => (failures += 1) },
      failed: () => {},
      fenced: () => {},
      lost: () => {},
    }
    batches$
      .pipe(writeRefusedReads({ name: 'c', deadLetters: letters, scheduler: time, observer }, { over$ }))
      .subscribe({ next: (one) => passed.push(one), error: (error: unknown) => errors.push(error) })
  })

  it('lets a batch go on when its refused messages are kept, with their reasons', () => {
    const [first, second] = [batch(0, 0), batch(1, 2)]
    batches$.next(first)
    batches$.next(second)
    expect(passed).toEqual([first, second])
    expect(letters.letters).toMatchObject([
      { feed: 'c', message: { offset: 2 }, refusal: { code: 'EVENT_FIELD', detail: 'uid is missing' } },
      { feed: 'c', message: { offset: 3 } },
    ])
  })

  it('tries again until they are, and nothing behind them goes on', () => {
    letters.writable = false
    batches$.next(batch(0, 1))
    batches$.next(batch(2, 0))
    time.advance(5_000)
    expect(passed).toEqual([])
    expect(failures).toBeGreaterThan(2)
    letters.writable = true
    time.advance(10_000)
    expect(passed.map(({ reads }) => reads[0]?.message.offset)).toEqual([0, 2])
    expect(letters.letters).toHaveLength(1)
  })

  it('ends the generation, and lets nothing go on, when the partitions are gone first', () => {
    letters.writable = false
    batches$.next(batch(0, 1))
    batches$.next(batch(2, 0))
    over$.next()
    expect(errors).toEqual([expect.any(GenerationOver)])
    letters.writable = true
    time.advance(60_000)
    expect([passed, letters.letters]).toEqual([[], []])
  })
})
