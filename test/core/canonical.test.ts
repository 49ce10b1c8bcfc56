import { describe, expect, it } from 'vitest'
import {
  canonicalBytes,
  canonicalDecimal,
  canonicalDouble,
  canonicalFloat,
  canonicalInteger,
  canonicalTemporal,
  canonicalValue,
  maxDigits,
} from '../../src/core/canonical.js'

const long = `${'1'.repeat(35)}.${'2'.repeat(30)}`

describe('canonical texts', () => {
  it.each([
    ['-0012.5000', '-12.5'],
    ['10.0', '10'],
    ['-0.0', '0'],
    ['+.5', '0.5'],
    ['5.', '5'],
    ['000', '0'],
    [long, long],
    [`${long}0000`, long],
    ['1e3', undefined],
    ['', undefined],
    ['.', undefined],
    ['1.2.3', undefined],
    ['NaN', undefined],
    ['1'.repeat(maxDigits + 1), undefined],
  ])('decimal %s → %s', (text, expected) => expect(canonicalDecimal(text)).toBe(expected))

  it.each([
    ['18446744073709551615', '18446744073709551615'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['007', '7'],
    ['-0', '0'],
    ['3.00', '3'],
    ['3.5', undefined],
    ['0x10', undefined],
    [' 1', undefined],
  ])('integer %s → %s', (text, expected) => expect(canonicalInteger(text)).toBe(expected))

  it.each([
    ['1e2', '100'],
    ['-0e0', '0'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['0.1', '0.1'],
    ['1e999', undefined],
    ['Infinity', undefined],
    ['nan', undefined],
  ])('double %s → %s', (text, expected) => expect(canonicalDouble(text)).toBe(expected))

  it.each([
    ['3.140000104904175', '3.14'],
    ['3.14', '3.14'],
    ['16777217', '16777216'],
    ['16777200', '16777200'],
    ['1e39', undefined],
  ])('float %s → %s', (text, expected) => expect(canonicalFloat(text)).toBe(expected))

  it.each([
    ['2026-11-21 09:00:00.500000', '2026-11-21 09:00:00.5'],
    ['2026-11-21 09:00:00.000', '2026-11-21 09:00:00'],
    ['2026-11-20', '2026-11-20'],
    ['10:00:00', '10:00:00'],
  ])('temporal %s → %s', (text, expected) => expect(canonicalTemporal(text)).toBe(expected))

  it('bytes lose the padding and nothing else', () => {
    expect(canonicalBytes('a\0b\0\0')).toBe('a\0b')
    expect(canonicalBytes('')).toBe('')
  })

  it('values go by their type; NULL and text stay', () => {
    expect(canonicalValue({ kind: 'decimal' }, '1.50')).toBe('1.5')
    expect(canonicalValue({ kind: 'bit' }, '05')).toBe('5')
    expect(canonicalValue({ kind: 'text', binary: false, faithful: true }, '1.50')).toBe('1.50')
    expect(canonicalValue({ kind: 'integer', unsigned: true }, null)).toBeNull()
    expect(canonicalValue({ kind: 'integer', unsigned: true }, 'x')).toBeUndefined()
  })

  it('take linear time on long wrong texts', () => {
    const before = performance.now()
    for (const text of [`${'0'.repeat(900)}x`, `1.${'0'.repeat(900)}x`, `${'9'.repeat(100_000)}e`]) {
      expect(canonicalDecimal(text)).toBeUndefined()
      expect(canonicalDouble(text)).toBeUndefined()
    }
    expect(performance.now() - before).toBeLessThan(500)
  })
})
