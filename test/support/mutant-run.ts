/** Runs histories over patched sources, as vitest in a process of its own. */
import { spawn } from 'node:child_process'
import type { Mutant } from '../property/mutants.js'

export interface MutantVerdict {
  readonly failed: boolean
  readonly output: string
}

const command = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'vitest.mutant.config.ts',
  '--bail=1',
  '--maxWorkers=1',
]

/** `tests`: files of test/property, without their ending. `settings`: environment, such as how many histories. */
export const runMutant = (
  { patches }: Mutant,
  tests: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<MutantVerdict> =>
  new Promise((resolve, reject) => {
    const patched = {
      RANKTIDE_SHRINK: 'no',
      RANKTIDE_PATCHES: JSON.stringify(patches),
      RANKTIDE_MUTANT_TESTS: JSON.stringify(tests),
    }
    const env = { ...process.env, ...settings, ...patched }
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const add = (data: unknown): void => {
      output += String(data)
    }
    child.stdout.on('data', add)
    child.stderr.on('data', add)
    child.on('error', reject)
    child.on('close', (code) => resolve({ failed: code !== 0, output }))
  })
