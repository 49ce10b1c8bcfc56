/**
 * Histories of a feed against the oracle. `RANKTIDE_HISTORIES` sets how many (default 200,000; 0: until stopped),
 * `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a failure: both are printed with it, next to the shrunk history.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FeedHistory, type HistoryPlan } from '../support/feed-history.js'

const plan: fc.Arbitrary<HistoryPlan> = fc.record({
  mode: fc.constantFrom('mixed', 'mixed', 'rewound', 'raced'),
  size: fc.integer({ min: 1, max: 4 }),
  reserve: fc.integer({ min: 1, max: 4 }),
  direction: fc.constantFrom('desc', 'desc', 'asc'),
  ties: fc.constantFrom('newest', 'newest', 'oldest', 'redis'),
  boards: fc.constantFrom(1, 1, 2),
  marks: fc.constantFrom(true, true, true, true, false),
  script: fc.array(fc.nat(0x7fffffff), { maxLength: 70, size: 'max' }),
})

const histories = Number(process.env.RANKTIDE_HISTORIES ?? 200_000)
const seed = process.env.RANKTIDE_SEED === undefined ? {} : { seed: Number(process.env.RANKTIDE_SEED) }
const path = process.env.RANKTIDE_PATH === undefined ? {} : { path: process.env.RANKTIDE_PATH }

describe('a feed of boards', () => {
  test(`equals the oracle in ${histories === 0 ? 'unbounded' : histories} histories`, () => {
    const runs = { numRuns: histories === 0 ? Number.MAX_SAFE_INTEGER : histories, ...seed, ...path }
    const check = fc.check(
      fc.property(plan, (history) => new FeedHistory(history).run()),
      runs,
    )
    const why = check.errorInstance instanceof Error ? check.errorInstance.message : ''
    expect(check.failed, `${fc.defaultReportMessage(check)}\n${why}`).toBe(false)
    expect(check.numRuns).toBe(runs.numRuns)
  })
})
