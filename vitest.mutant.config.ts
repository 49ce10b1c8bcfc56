import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import type { Patch } from './test/property/mutants.js'

/**
 * Histories over changed sources: `RANKTIDE_PATCHES` holds the patches and `RANKTIDE_MUTANT_TESTS` the names of the test
 * files, as JSON (test/support/mutant-run.ts).
 */
const { RANKTIDE_PATCHES = '[]', RANKTIDE_MUTANT_TESTS = '["*-history"]' } = process.env
const patches = JSON.parse(RANKTIDE_PATCHES) as readonly Patch[]
const tests = JSON.parse(RANKTIDE_MUTANT_TESTS) as readonly string[]

export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform: (code: string, id: string): string => {
        const file = relative(import.meta.dirname, id)
        return patches.reduce(
          (text, patch) => (patch.file === file ? text.replace(patch.find, () => patch.replace) : text),
          code,
        )
      },
    },
  ],
  // Without the single histories that were kept: it is the random ones that have to find a fault.
  test: {
    include: tests.map((name) => `test/property/${name}.test.ts`),
    testNamePattern: /in \d+ histories/,
    testTimeout: 300_000,
  },
})
