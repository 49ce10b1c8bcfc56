/** Shows that the counters' histories can fail: each mutant of the sources must turn them red (see mutations.test.ts). */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runMutant } from '../support/mutant-run.js'
import { counterMutants, harmlessToCounters } from './counter-mutants.js'
import type { Mutant } from './mutants.js'

const runHistories = (mutant: Mutant) =>
  runMutant(mutant, ['counter-history'], { RANKTIDE_COUNTER_HISTORIES: '600', RANKTIDE_SEED: '2' })

describe("the counters' histories", () => {
  test.each(counterMutants)('patches fit: $name', ({ patches }) => {
    for (const { file, find } of patches) expect(readFileSync(file, 'utf8').split(find).length - 1, find).toBe(1)
  })

  describe.concurrent('on changed sources', { timeout: 300_000 }, () => {
    test.each(harmlessToCounters)('pass: $name', async (mutant) => {
      const { failed, output } = await runHistories(mutant)
      expect(failed, output).toBe(false)
    })

    test.each(counterMutants)('fail: $name', async (mutant) => {
      const { failed, output } = await runHistories(mutant)
      expect(failed).toBe(true)
      // Not for want of syntax: a history has found it.
      expect(output).toContain('Property failed after')
    })
  })
})
