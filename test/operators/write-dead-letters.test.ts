import { Subject } from 'rxjs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { DecodedBatch, EventBatch } from '../../src/operators/event-batch.js'
import type { RefusedRecord } from '../../src/operators/ports.js'
import { writeDeadLetters } from '../../src/operators/write-dead-letters.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { VirtualTime } from '../support/virtual-time.js'

const record = (offset: number): RefusedRecord => ({
  message: { topic: 't', partition: 0, offset, key: null, value: Uint8Array.of(offset), timestamp: 5 },
  refusal: { code: 'PARSE', detail: 'simulated' },
})

const batch = (offset: number, refused: readonly RefusedRecord[] = []): DecodedBatch => ({
  events: refused.map(({ refusal }) => ({ kind: 'refused', table: undefined, refusal })),
  refused,
  positions: new Map([['t/0', offset]]),
  maxEs: new Map(),
  messages: 1,
  release: () => {},
})

describe('writing dead letters', () => {
  let time: VirtualTime
  let deadLetters: MemoryDeadLetters
  let batches$: Subject<DecodedBatch>
  let passed: EventBatch[]
  let failures: number
  const kinds = () => passed.map(({ events }) => events.map(({ kind }) => kind).join(' '))

  beforeEach(() => {
    time = new VirtualTime(1_700_000_000_000)
    deadLetters = new MemoryDeadLetters()
    batches$ = new Subject()
    passed = []
    failures = 0
    const observer = { written: () => {}, failed: () => (failures += 1) }
    batches$
      .pipe(writeDeadLetters({ deadLetters, feed: 'f', scheduler: time, observer }))
      .subscribe((one) => passed.push(one))
  })

  it('passes a batch without refusals on at once, as it is', () => {
    const one = batch(1)
    batches$.next(one)
    expect(passed).toEqual([one])
  })

  it('writes the refused messages with their feed, and then passes the batch on', () => {
    batches$.next(batch(2, [record(0), record(1)]))
    expect(deadLetters.letters).toEqual([
      { ...record(0), feed: 'f' },
      { ...record(1), feed: 'f' },
    ])
    expect(kinds()).toEqual(['refused refused'])
  })

  it('passes nothing on while they cannot be written, says so without positions, and goes on by itself', () => {
    deadLetters.writable = false
    batches$.next(batch(2, [record(1)]))
    batches$.next(batch(3))
    time.advance(60_000)
    expect(new Set(kinds())).toEqual(new Set(['held-up']))
    for (const { positions, messages, events } of passed) {
      expect([positions.size, messages]).toEqual([0, 0])
      expect(events).toEqual([{ kind: 'held-up', refusal: { code: 'DEAD_LETTER_FAILED', detail: expect.any(String) } }])
    }
    // Pauses of 0.5, 1, 2, 4, 8 and then 10 s each.
    expect(failures).toBe(10)
    deadLetters.writable = true
    time.advance(10_000)
    expect(kinds().slice(-2)).toEqual(['going-on refused', ''])
    expect(passed.at(-1)?.positions).toEqual(new Map([['t/0', 3]]))
    expect(deadLetters.letters).toHaveLength(1)
  })

  it('ends with the batches', () => {
    let ended = false
    const observer = { written: () => {}, failed: () => {} }
    const ports = { deadLetters, feed: 'f', scheduler: time, observer }
    batches$.pipe(writeDeadLetters(ports)).subscribe({
      complete: () => {
        ended = true
      },
    })
    batches$.complete()
    expect(ended).toBe(true)
  })
})
