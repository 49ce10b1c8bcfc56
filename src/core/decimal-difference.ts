const exponent = /e/i

const scaled = (text: string, digits: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(`${whole}${fraction.padEnd(digits, '0')}`)
}

/**
 * `a` − `b` of two canonical numbers (core/canonical.ts), exact to the last digit; with an exponent in one of them, the
 * nearest double.
 */
export const decimalDifference = (a: string, b: string): string => {
  if (exponent.test(a) || exponent.test(b)) return String(Number(a) - Number(b))
  const digits = Math.max(...[a, b].map((text) => text.split('.')[1]?.length ?? 0))
  const difference = scaled(a, digits) - scaled(b, digits)
  const text = String(difference < 0n ? -difference : difference).padStart(digits + 1, '0')
  const fraction = digits === 0 ? '' : text.slice(-digits).replace(/0+$/, '')
  const whole = text.slice(0, text.length - digits)
  return `${difference < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
