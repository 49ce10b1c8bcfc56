import fc from 'fast-check'
import { isLeft, right } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { type OffsetSpec, parseOffsetSpec } from '../../src/core/offset-spec.js'

const map = (offsets: Record<string, number>): OffsetSpec => ({
  kind: 'map',
  offsets: new Map(Object.entries(offsets)),
})
const time = (at: number): OffsetSpec => ({ kind: 'time', at })

describe('what may be written', () => {
  test.each<readonly [string, OffsetSpec]>([
    ['beginning', { kind: 'beginning' }],
    ['END', { kind: 'end' }],
    [' committed ', { kind: 'committed' }],
    ['0', { kind: 'offset', offset: 0 }],
    ['120', { kind: 'offset', offset: 120 }],
    ['9007199254740991', { kind: 'offset', offset: 9007199254740991 }],
    ['0:120', map({ 0: 120 })],
    ['0:120,1:98', map({ 0: 120, 1: 98 })],
    ['00:7, 1:8', map({ 0: 7, 1: 8 })],
    ['a.b-c_d/0:120,a.b-c_d/1:98', map({ 'a.b-c_d/0': 120, 'a.b-c_d/1': 98 })],
    ['2026-11-21T08:00:00Z', time(Date.UTC(2026, 10, 21, 8))],
    ['2026-11-21T08:00:00+08:00', time(Date.UTC(2026, 10, 21, 0))],
    ['2026-11-21T08:00:00-0330', time(Date.UTC(2026, 10, 21, 11, 30))],
    ['2026-11-21 08:00+08', time(Date.UTC(2026, 10, 21, 0))],
    ['2024-02-29t23:59:59.5z', time(Date.UTC(2024, 1, 29, 23, 59, 59, 500))],
    ['1970-01-01T00:00:00Z', time(0)],
  ])('%s', (text, spec) => {
    expect(parseOffsetSpec(text)).toEqual(right(spec))
  })

  test('times mean what JavaScript means by them', () => {
    const moments = fc.date({ min: new Date(0), max: new Date(253_402_300_799_999), noInvalidDate: true })
    fc.assert(
      fc.property(moments, (moment) => {
        expect(parseOffsetSpec(moment.toISOString())).toEqual(right(time(moment.getTime())))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('what may not be, and what is said of it', () => {
  test.each([
    ['', /nothing is named; allowed: beginning, end, committed, an offset such as 120/],
    ['begining', /did you mean beginning\?/],
    ['earliest', /did you mean beginning\?/],
    ['latest', /did you mean end\?/],
    ['lastest', /did you mean end\?/],
    ['now', /did you mean end\?/],
    ['yesterday', /"yesterday" is not allowed; allowed: beginning/],
    ['-1', /"-1" is not an offset: those are whole numbers from 0/],
    ['12.5', /is not an offset/],
    ['1e3', /is not an offset/],
    ['9007199254740993', /is not an offset: those are whole numbers from 0 to 9007199254740991/],
    ['0:120,', /"" is not PARTITION:OFFSET; write 0:120,1:98/],
    ['0:120;1:98', /partition 0 has the offset "120;1:98"/],
    ['0:-5', /partition 0 has the offset "-5"; allowed: a whole number from 0/],
    ['0:end', /partition 0 has the offset "end"/],
    ['-1:5', /"-1:5" is not PARTITION:OFFSET/],
    ['topic:5', /"topic:5" is not PARTITION:OFFSET/],
    ['0:1,00:2', /names partition 0 twice/],
    ['2026-11-21', /has no time of day; write 2026-11-21T00:00:00Z, or 2026-11-21T00:00:00\+08:00/],
    ['2026-11-21T08:00:00', /has no time zone; write 2026-11-21T08:00:00Z if it is UTC, or 2026-11-21T08:00:00\+08:00/],
    ['2026-11-21T08:00', /has no time zone; write 2026-11-21T08:00:00Z/],
    ['2026-11-21 08:00:00 Asia/Shanghai', /has the zone Asia\/Shanghai; write Z for UTC, or a distance/],
    ['2026-11-21T08:00:00CST', /has the zone CST/],
    [
      '2026-11-21T08:00:00+25:00',
      /has the zone \+25:00; write Z for UTC, or a distance from it from -14:00 to \+14:00/,
    ],
    ['2026-11-21T24:00:00Z', /has the time 24:00:00/],
    ['2026-13-01T00:00:00Z', /has the month 13/],
    ['2026-02-29T00:00:00Z', /has the day 29; 2026-02 has 01 to 28/],
    ['2026-11-21T8:00:00Z', /is not a time that can be read; write it as 2026-11-21T08:00:00Z/],
    ['2026/11/21 08:00:00', /is not a time that can be read/],
    ['1969-12-31T23:59:59Z', /is before 1970/],
  ])('%s', (text, sentence) => {
    const parsed = parseOffsetSpec(text)
    expect(isLeft(parsed) ? parsed.left : parsed.right).toMatch(sentence)
  })

  test('any text gets an answer, and no endless one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:,/TZ+-]{0,80}$/)), (text) => {
        const parsed = parseOffsetSpec(text)
        if (isLeft(parsed)) expect(parsed.left.length).toBeLessThan(600)
      }),
      { numRuns: 3_000 },
    )
  })
})
