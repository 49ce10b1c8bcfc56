import { describe, expect, it } from 'vitest'
import { foldHistory } from '../../src/core/fold-history.js'
import { foldReads } from '../../src/core/fold-reads.js'
import { compareIds } from '../../src/core/folding.js'
import type { ReadEvent } from '../../src/core/read-event.js'

const hour = 3_600_000
const at = Date.UTC(2026, 10, 21, 13)

const read = (biz: string, bizId: string, ts = at, uid = '1'): ReadEvent => ({ uid, biz, bizId, ts })

const events = [
  read('video', '10'),
  read('article', '9'),
  read('article', '10', at + 1),
  read('article', '9', at + hour),
  read('video', '10', at + 11 * hour),
  read('\uffee', '1'),
  read('😀', '1'),
  read('article', '18446744073709551615'),
  read('article', '9', at + 59 * 60_000),
]

describe('reads, folded', () => {
  const folding = foldReads({ buckets: ['hour', 'day'], timeZone: 'UTC' })

  it('are one increment an item, by the bytes of the kind and the number of the id', () => {
    expect(folding.fold(events).increments).toEqual([
      { biz: 'article', bizId: '9', events: 3 },
      { biz: 'article', bizId: '10', events: 1 },
      { biz: 'article', bizId: '18446744073709551615', events: 1 },
      { biz: 'video', bizId: '10', events: 2 },
      { biz: '\uffee', bizId: '1', events: 1 },
      { biz: '😀', bizId: '1', events: 1 },
    ])
  })

  it('are one increment a bucket and item: day before hour, then by start', () => {
    const { buckets } = folding.fold(events)
    const shown = buckets.map(
      ({ unit, start, biz, bizId, events: n }) => `${unit} ${(start - at) / hour} ${biz} ${bizId} ${n}`,
    )
    expect(shown).toEqual([
      'day -13 article 9 3',
      'day -13 article 10 1',
      'day -13 article 18446744073709551615 1',
      'day -13 video 10 1',
      'day -13 \uffee 1 1',
      'day -13 😀 1 1',
      'day 11 video 10 1',
      'hour 0 article 9 2',
      'hour 0 article 10 1',
      'hour 0 article 18446744073709551615 1',
      'hour 0 video 10 1',
      'hour 0 \uffee 1 1',
      'hour 0 😀 1 1',
      'hour 1 article 9 1',
      'hour 11 video 10 1',
    ])
  })

  it('are the same in whatever order the events stand', () => {
    expect(folding.fold([...events].reverse())).toEqual(folding.fold(events))
  })

  it('have the items in the order in which refusals count them', () => {
    const batch = folding.fold(events)
    expect(folding.items(batch)).toEqual(batch.increments)
  })

  it('have buckets of the zone, only of the units that are kept, and none of no event', () => {
    const days = foldReads({ buckets: ['day'], timeZone: 'Asia/Shanghai' })
    expect(days.fold([read('a', '1', Date.UTC(2026, 10, 21, 17))]).buckets).toEqual([
      { unit: 'day', start: Date.UTC(2026, 10, 21, 16), biz: 'a', bizId: '1', events: 1 },
    ])
    expect(foldReads({ buckets: [], timeZone: 'UTC' }).fold(events).buckets).toEqual([])
    expect(folding.fold([])).toEqual({ increments: [], buckets: [] })
  })

  it('keep items apart whose texts run together', () => {
    const near = [read('1 a', '2'), read('a', '21'), read('a', '2'), read(' a', '2'), read('a ', '2')]
    expect(folding.fold(near).increments).toHaveLength(5)
    expect(foldHistory.fold(near).reads).toHaveLength(5)
  })
})

describe('history, folded', () => {
  it('is the newest read of each user and item, users as numbers, then items', () => {
    const { reads } = foldHistory.fold([
      read('b', '1', at + 5, '10'),
      read('a', '1', at + 2, '10'),
      read('b', '1', at + 9, '10'),
      read('b', '1', at + 7, '10'),
      read('a', '1', at, '9'),
      read('a', '10', at, '9'),
      read('a', '2', 0, '9'),
    ])
    expect(reads.map(({ uid, biz, bizId, readAt }) => `${uid} ${biz} ${bizId} ${readAt - at}`)).toEqual([
      '9 a 1 0',
      `9 a 2 ${-at}`,
      '9 a 10 0',
      '10 a 1 2',
      '10 b 1 9',
    ])
    expect(foldHistory.items({ reads })).toEqual(reads)
    expect(foldHistory.fold([])).toEqual({ reads: [] })
  })
})

describe('ids', () => {
  it('compare as numbers', () => {
    const sorted = ['0', '1', '9', '10', '99', '9007199254740992', '9007199254740993', '18446744073709551615']
    expect([...sorted].reverse().sort(compareIds)).toEqual(sorted)
    expect(compareIds('7', '7')).toBe(0)
  })
})
