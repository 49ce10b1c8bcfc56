import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { readEvent } from '../../src/formats/read-event.js'
import { decodeReads } from '../../src/operators/decode-reads.js'
import type { Message } from '../../src/operators/ports.js'
import type { ReadBatch } from '../../src/operators/read-batch.js'

const message = (offset: number, text: string, timestamp: number | undefined): Message => ({
  topic: 'reads',
  partition: 0,
  offset,
  key: null,
  value: new TextEncoder().encode(text),
  timestamp,
})

const good = '{"uid":1,"biz":"a","biz_id":2,"ts":1700000000000}'

const decoded = (messages: readonly Message[], release = () => {}): ReadBatch => {
  const batches: ReadBatch[] = []
  of({ messages, positions: new Map([['reads/0', 9]]), release })
    .pipe(decodeReads(readEvent, 'counters.reads'))
    .subscribe((batch) => batches.push(batch))
  const [batch] = batches
  if (batch === undefined) throw new Error('no batch')
  return batch
}

describe('decoding reads', () => {
  it('keeps events and refused messages apart, in order, with their messages', () => {
    const later = 1_700_000_005_000
    const batch = decoded([message(5, good, later), message(6, '{', later + 9), message(8, good, later - 3)])
    expect(batch.reads.map(({ event, message: { offset } }) => [offset, event.bizId])).toEqual([
      [5, '2'],
      [8, '2'],
    ])
    expect(batch.refused).toMatchObject([{ message: { offset: 6 }, refusal: { code: 'PARSE' } }])
    expect([batch.oldest, batch.newest]).toEqual([later - 3, later + 9])
    expect(batch.positions).toEqual(new Map([['reads/0', 9]]))
  })

  it('holds an event against the time of its own record', () => {
    const early = 1_600_000_000_000
    const { refused } = decoded([message(1, good, early), message(2, good, undefined)])
    expect(refused.map(({ message: { offset } }) => offset)).toEqual([1])
  })

  it('passes over what was produced again for another pipeline, and takes what was for this one', () => {
    const retried = (offset: number, name: string): Message => ({
      ...message(offset, good, 1_700_000_005_000),
      headers: [{ trace: 'x' }, { 'ranktide-retry': new TextEncoder().encode(name) }],
    })
    const batch = decoded([retried(1, 'history'), retried(2, 'counters.reads'), retried(3, 'counters.read')])
    expect([batch.reads.map(({ message: { offset } }) => offset), batch.refused]).toEqual([[2], []])
    expect(batch.positions).toEqual(new Map([['reads/0', 9]]))
  })

  it('has no times where there are none, and releases what it was given', () => {
    let releases = 0
    const batch = decoded([], () => (releases += 1))
    expect([batch.oldest, batch.newest]).toEqual([undefined, undefined])
    batch.release()
    expect(releases).toBe(1)
  })
})
