import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import type { Patch } from './test/property/mutants.js'

/** The histories over changed sources: `RANKTIDE_PATCHES` holds the patches, as JSON (test/property/mutations.test.ts). */
const patches = JSON.parse(process.env.RANKTIDE_PATCHES ?? '[]') as readonly Patch[]

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
  test: { include: ['test/property/*-history.test.ts'], testNamePattern: /in \d+ histories/, testTimeout: 300_000 },
})
