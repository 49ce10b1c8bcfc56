import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalDifference } from '../../src/core/decimal-difference.js'

test.each([
  ['450', '451', '-1'],
  ['10', '9.75', '0.25'],
  ['-0.5', '0.5', '-1'],
  ['9223372036854775807', '9223372036854775806', '1'],
  ['0.1', '0.1', '0'],
  ['1e300', '1', '1e+300'],
  ['0.00001', '0', '0.00001'],
])('%s − %s = %s', (a, b, difference) => expect(decimalDifference(a, b)).toBe(difference))

test('is exact for whole numbers of any size', () => {
  fc.assert(fc.property(fc.bigInt(), fc.bigInt(), (a, b) => decimalDifference(String(a), String(b)) === String(a - b)))
})
