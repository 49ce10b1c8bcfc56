/**
 * Histories of a feed against the oracle. `RANKTIDE_HISTORIES` sets how many (default 150,000; 0: until stopped),
 * `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a failure: both are printed with it, next to the shrunk history.
 */
import fc from 'fast-check'
import { describe } from 'vitest'
import { countFrom, testHistories } from '../support/check-histories.js'
import { FeedHistory, type HistoryPlan } from '../support/feed-history.js'

const plan: fc.Arbitrary<HistoryPlan> = fc.record({
  mode: fc.constantFrom('mixed', 'mixed', 'rewound', 'raced'),
  size: fc.integer({ min: 1, max: 4 }),
  reserve: fc.integer({ min: 1, max: 4 }),
  direction: fc.constantFrom('desc', 'desc', 'asc'),
  ties: fc.constantFrom('newest', 'newest', 'oldest', 'redis'),
  boards: fc.constantFrom(1, 1, 2),
  ranking: fc.constantFrom('plain', 'plain', 'filtered', 'scored', 'both'),
  split: fc.option(fc.record({ atOnce: fc.integer({ min: 1, max: 6 }), most: fc.constantFrom(5, 5, 5, 3) }), {
    nil: undefined,
    freq: 2,
  }),
  marks: fc.constantFrom(true, true, true, true, false),
  script: fc.array(fc.nat(0x7fffffff), { maxLength: 70, size: 'max' }),
})

describe('a feed of boards', () => {
  testHistories('equals the oracle', countFrom('RANKTIDE_HISTORIES', 150_000), plan, (history) =>
    new FeedHistory(history).run(),
  )
})
