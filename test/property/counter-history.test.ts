/**
 * Histories of the counters in virtual time. `RANKTIDE_COUNTER_HISTORIES` sets how many (default 5,000; 0: until
 * stopped); `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a failure, which prints both.
 */
import fc from 'fast-check'
import { describe } from 'vitest'
import { countFrom, testHistories } from '../support/check-histories.js'
import { CounterHistory, type CounterPlan } from '../support/counter-history.js'

const plan: fc.Arbitrary<CounterPlan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  counters: fc.integer({ min: 1, max: 3 }),
  histories: fc.constantFrom(0, 0, 1, 2),
  named: fc.boolean(),
  batch: fc.integer({ min: 1, max: 6 }),
  window: fc.record({
    events: fc.integer({ min: 1, max: 6 }),
    most: fc.constantFrom(6, 24),
    time: fc.constantFrom(0, 20, 200),
  }),
  trouble: fc.constantFrom(0, 1, 4),
  most: fc.constantFrom(undefined, undefined, 2, 5),
  start: fc.constantFrom('beginning', 'beginning', 'end'),
  loses: fc.constantFrom(false, false, true),
  script: fc.array(fc.nat(0x7fffffff), { maxLength: 60, size: 'max' }),
})

describe('the counters', () => {
  testHistories('count every event once', countFrom('RANKTIDE_COUNTER_HISTORIES', 5_000), plan, (history) =>
    new CounterHistory(history).run(),
  )
})
