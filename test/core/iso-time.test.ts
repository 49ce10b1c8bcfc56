import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isoTime } from '../../src/core/iso-time.js'

test('says what Date says, to the second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
      expect(isoTime(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`)
    }),
    { numRuns: 5_000 },
  )
  for (const text of ['1970-01-01T00:00:00Z', '2024-02-29T23:59:59Z', '2100-03-01T00:00:00Z', '2000-12-31T12:00:01Z'])
    expect(isoTime(Date.parse(text))).toBe(text)
})
