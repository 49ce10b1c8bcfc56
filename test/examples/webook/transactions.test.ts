import { describe, expect, test } from 'vitest'
import { retryConflicts } from '../../../examples/webook/transactions.js'
import { isWholeNumber, wholeNumberJson } from '../../../examples/webook/whole-number.js'
import { type ErrorCode, RanktideError } from '../../../src/core/errors.js'

/** Work that fails so many times, and how often it was tried and how long was waited between. */
const failing = (times: number, code: ErrorCode) => {
  const waits: number[] = []
  let tries = 0
  const work = async (): Promise<string> => {
    tries++
    if (tries <= times) throw new RanktideError(code, 'db:3306')
    return `done at try ${tries}`
  }
  const run = (): Promise<string> => retryConflicts(work, async (ms) => void waits.push(ms))
  return { run, waits, tries: () => tries }
}

describe('conflicts', () => {
  test('are tried again after 10 to 100 ms', async () => {
    const { run, waits } = failing(3, 'DATABASE_CONFLICT')
    expect(await run()).toBe('done at try 4')
    expect(waits).toHaveLength(3)
    for (const ms of waits) {
      expect(ms).toBeGreaterThanOrEqual(10)
      expect(ms).toBeLessThanOrEqual(100)
    }
  })

  test('are given up after eight tries', async () => {
    const { run, tries } = failing(100, 'DATABASE_CONFLICT')
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_CONFLICT' })
    expect(tries()).toBe(8)
  })

  test('are given up after some seconds', async () => {
    let now = 0
    const locked = async (): Promise<never> => {
      now += 2_500
      throw new RanktideError('DATABASE_CONFLICT', 'db:3306')
    }
    const ended = retryConflicts(
      locked,
      async () => {},
      () => now,
    )
    await expect(ended).rejects.toMatchObject({ code: 'DATABASE_CONFLICT' })
    expect(now).toBe(5_000)
  })

  test('of another failure the outcome may be unknown: it is not tried again', async () => {
    const { run, tries } = failing(1, 'DATABASE_UNREACHABLE')
    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(tries()).toBe(1)
  })
})

describe('whole numbers', () => {
  test.each([
    ['0', true],
    ['18446744073709551615', true],
    ['18446744073709551616', false],
    ['99999999999999999999', false],
    ['00', false],
    ['', false],
    ['1e3', false],
    ['١', false],
  ])('%j: %j', (text, is) => {
    expect(isWholeNumber(text)).toBe(is)
  })

  test('are JSON numbers while every reader holds them exactly', () => {
    expect(['0', '9007199254740991', '9007199254740992', '18446744073709551615'].map(wholeNumberJson)).toEqual([
      '0',
      '9007199254740991',
      '"9007199254740992"',
      '"18446744073709551615"',
    ])
  })
})
