import { describe, expect, it } from 'vitest'
import { BucketStart } from '../../src/core/bucket-start.js'

const iso = (ms: number): string => new Date(ms).toISOString()

/** Zone, moment, start of its hour and of its day, all in UTC. */
const cases: readonly (readonly [zone: string, at: string, hour: string, day: string])[] = [
  ['UTC', '2026-11-21T13:59:59.999Z', '2026-11-21T13:00:00.000Z', '2026-11-21T00:00:00.000Z'],
  ['Asia/Shanghai', '2026-11-21T16:00:00.000Z', '2026-11-21T16:00:00.000Z', '2026-11-21T16:00:00.000Z'],
  ['Asia/Shanghai', '2026-11-21T15:59:59.999Z', '2026-11-21T15:00:00.000Z', '2026-11-20T16:00:00.000Z'],
  ['Asia/Kolkata', '2026-11-21T18:29:59.999Z', '2026-11-21T17:30:00.000Z', '2026-11-20T18:30:00.000Z'],
  ['Asia/Kolkata', '2026-11-21T18:30:00.000Z', '2026-11-21T18:30:00.000Z', '2026-11-21T18:30:00.000Z'],
  ['Asia/Kathmandu', '2026-11-21T18:14:00.000Z', '2026-11-21T17:15:00.000Z', '2026-11-20T18:15:00.000Z'],
  // Spring forward: the day has 23 hours.
  ['Europe/Berlin', '2026-03-29T01:00:00.000Z', '2026-03-29T01:00:00.000Z', '2026-03-28T23:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29T21:59:59.999Z', '2026-03-29T21:00:00.000Z', '2026-03-28T23:00:00.000Z'],
  ['Europe/Berlin', '2026-03-29T22:00:00.000Z', '2026-03-29T22:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  // Fall back: two hours from 2 to 3, in one day of 25.
  ['Europe/Berlin', '2026-10-25T00:30:00.000Z', '2026-10-25T00:00:00.000Z', '2026-10-24T22:00:00.000Z'],
  ['Europe/Berlin', '2026-10-25T01:30:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-24T22:00:00.000Z'],
  // Half an hour of DST: the hour that is left in the middle has 90 minutes, the one that is entered there 30.
  ['Australia/Lord_Howe', '2026-04-04T15:15:00.000Z', '2026-04-04T14:00:00.000Z', '2026-04-04T13:00:00.000Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', '2026-10-03T15:30:00.000Z', '2026-10-03T13:30:00.000Z'],
  // No midnight: the day begins at one o'clock.
  ['America/Sao_Paulo', '2018-11-04T12:00:00.000Z', '2018-11-04T12:00:00.000Z', '2018-11-04T03:00:00.000Z'],
  // Two midnights: the day begins at the first, in all its hours.
  ['America/Havana', '2026-11-01T04:30:00.000Z', '2026-11-01T04:00:00.000Z', '2026-11-01T04:00:00.000Z'],
  ['America/Havana', '2026-11-01T05:30:00.000Z', '2026-11-01T05:00:00.000Z', '2026-11-01T04:00:00.000Z'],
  ['America/Havana', '2026-11-01T20:00:00.000Z', '2026-11-01T20:00:00.000Z', '2026-11-01T04:00:00.000Z'],
  // One minute past midnight, as Newfoundland changed its clocks once.
  ['America/St_Johns', '2010-11-07T02:30:30.000Z', '2010-11-07T02:30:00.000Z', '2010-11-07T02:30:00.000Z'],
  ['America/St_Johns', '2010-11-07T03:00:00.000Z', '2010-11-07T01:30:00.000Z', '2010-11-06T02:30:00.000Z'],
  ['America/St_Johns', '2010-11-07T12:00:00.000Z', '2010-11-07T11:30:00.000Z', '2010-11-07T02:30:00.000Z'],
  // Offsets that are no whole minutes.
  ['Africa/Monrovia', '1971-06-01T00:44:29.000Z', '1971-05-31T23:44:30.000Z', '1971-05-31T00:44:30.000Z'],
  ['Africa/Monrovia', '1971-06-01T00:44:30.000Z', '1971-06-01T00:44:30.000Z', '1971-06-01T00:44:30.000Z'],
]

describe('buckets begin', () => {
  it.each(cases)('in %s at %s', (zone, at, hour, day) => {
    const starts = new BucketStart(zone)
    expect(iso(starts.of('hour', Date.parse(at)))).toBe(hour)
    expect(iso(starts.of('day', Date.parse(at)))).toBe(day)
  })

  it.each([...new Set(cases.map(([zone]) => zone))])(
    'at their own starts in %s, whatever was asked before, never later than the moment',
    (zone) => {
      const starts = new BucketStart(zone)
      for (const [, at] of cases) {
        for (let minute = -2_000; minute < 2_000; minute += 37) {
          const time = Date.parse(at) + minute * 60_000 + (minute % 60) * 1_000
          const fresh = minute % 5 === 0 ? new BucketStart(zone) : starts
          for (const unit of ['hour', 'day'] as const) {
            const start = starts.of(unit, time)
            expect(start).toBeLessThanOrEqual(time)
            expect(time - start).toBeLessThan(unit === 'hour' ? 7_200_000 : 26 * 3_600_000)
            expect(starts.of(unit, start)).toBe(start)
            expect(fresh.of(unit, time)).toBe(start)
          }
        }
      }
    },
  )

  it('nowhere in a zone that there is not', () => {
    expect(() => new BucketStart('Asia/Shangai')).toThrow(/Asia\/Shangai.*IANA/)
  })
})
