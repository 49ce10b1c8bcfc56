/**
 * Shows that the histories can fail: each mutant of the sources must turn them red, and sources that are changed
 * harmlessly must not. Mutants run as vitest over patched sources, a few at a time, with a fixed seed.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { harmless, type Mutant, mutants } from './mutants.js'

interface Verdict {
  readonly failed: boolean
  readonly output: string
}

const settings = {
  RANKTIDE_HISTORIES: '10000',
  RANKTIDE_PIPELINE_HISTORIES: '5000',
  RANKTIDE_SEED: '20261121',
  RANKTIDE_SHRINK: 'no',
}

const runHistories = ({ patches }: Mutant): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const args = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'vitest.mutant.config.ts',
      '--bail=1',
      '--maxWorkers=1',
    ]
    const env = { ...process.env, ...settings, RANKTIDE_PATCHES: JSON.stringify(patches) }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data) => {
      output += String(data)
    })
    child.stderr.on('data', (data) => {
      output += String(data)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ failed: code !== 0, output }))
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
