/**
 * Shows that the histories can fail: each mutant of the sources must turn them red, and sources that are changed
 * harmlessly must not. Mutants run as vitest over patched sources, a few at a time, with a fixed seed.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runMutant } from '../support/mutant-run.js'
import { harmless, type Mutant, mutants } from './mutants.js'

const runHistories = (mutant: Mutant) =>
  runMutant(mutant, ['board-history', 'pipeline-history'], {
    RANKTIDE_HISTORIES: '10000',
    RANKTIDE_PIPELINE_HISTORIES: '5000',
    RANKTIDE_SEED: '20261121',
  })

describe('the histories', () => {
  test.each(mutants)('patches fit: $name', ({ patches }) => {
    for (const { file, find } of patches) expect(readFileSync(file, 'utf8').split(find).length - 1, find).toBe(1)
  })

  describe.concurrent('on changed sources', { timeout: 300_000 }, () => {
    test.each(harmless)('pass: $name', async (mutant) => {
      const { failed, output } = await runHistories(mutant)
      expect(failed, output).toBe(false)
    })

    test.each(mutants)('fail: $name', async (mutant) => {
      const { failed, output } = await runHistories(mutant)
      expect(failed).toBe(true)
      // Not for want of syntax: a history has found it.
      expect(output).toContain('Property failed after')
    })
  })
})
