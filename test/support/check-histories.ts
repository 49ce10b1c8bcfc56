/**
 * Runs random histories and reports the first that fails: seed and path to replay it (`RANKTIDE_SEED`,
 * `RANKTIDE_PATH`), the shrunk history, and what was wrong. `RANKTIDE_SHRINK=no` ends at the first failure.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'

const { RANKTIDE_SEED: seed, RANKTIDE_PATH: path, RANKTIDE_SHRINK: shrink } = process.env

/** `variable`: the environment variable that says how many; 0: until stopped. */
export const countFrom = (variable: string, otherwise: number): number => Number(process.env[variable] ?? otherwise)

export const testHistories = <T>(
  name: string,
  count: number,
  histories: fc.Arbitrary<T>,
  run: (history: T) => void,
) => {
  test(`${name}, in ${count === 0 ? 'unbounded' : count} histories`, () => {
    const numRuns = count === 0 ? Number.MAX_SAFE_INTEGER : count
    const replay = { ...(seed === undefined ? {} : { seed: Number(seed) }), ...(path === undefined ? {} : { path }) }
    const check = fc.check(
      fc.property(histories, (history) => void run(history)),
      {
        numRuns,
        endOnFailure: shrink === 'no',
        ...replay,
      },
    )
    const why = check.errorInstance instanceof Error ? check.errorInstance.message : ''
    expect(check.failed, `${fc.defaultReportMessage(check)}\n${why}`).toBe(false)
    if (path === undefined) expect(check.numRuns).toBe(numRuns)
  })
}
