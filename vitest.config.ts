import { defineConfig } from 'vitest/config'

// Three suites, by what they need: nothing; processor time; real servers (started by scripts/test).
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/property/**', 'test/services/**'],
          // The recordings take seconds on a quiet machine, and several times that on a busy one.
          testTimeout: 60_000,
        },
      },
      {
        test: { name: 'property', include: ['test/property/**/*.test.ts'], testTimeout: 1_800_000, maxConcurrency: 2 },
      },
      {
        test: {
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
