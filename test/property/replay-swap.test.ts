/**
 * Histories of the pipeline in which replayed boards, of any offsets, take the place of live ones, under owners that know
 * nothing of it: nothing that is not the table's may say `exact`, and everything comes to rest again.
 * `RANKTIDE_REPLAY_HISTORIES` sets how many (default 5,000; 0: until stopped); `RANKTIDE_SEED` and `RANKTIDE_PATH` replay
 * a failure, which prints both.
 */
import fc from 'fast-check'
import { describe } from 'vitest'
import { countFrom, testHistories } from '../support/check-histories.js'
import { PipelineHistory, type PipelinePlan } from '../support/pipeline-history.js'

/** What a script's number does is told by its rest by 32: here replays, restarts and take-overs come often. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.nat(0x7fffffff) },
  { weight: 1, arbitrary: fc.nat(0x3ffffff).map((draws) => draws * 32 + 29) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(0x3ffffff), fc.constantFrom(27, 28)).map(([draws, act]) => draws * 32 + act),
  },
)

const plan: fc.Arbitrary<PipelinePlan> = fc.record({
  mode: fc.constantFrom('mixed', 'mixed', 'rewound'),
  size: fc.integer({ min: 1, max: 4 }),
  reserve: fc.integer({ min: 1, max: 4 }),
  direction: fc.constantFrom('desc', 'desc', 'asc'),
  ties: fc.constantFrom('newest', 'newest', 'oldest', 'redis'),
  boards: fc.constantFrom(1, 2, 2),
  ranking: fc.constantFrom('plain', 'plain', 'filtered', 'scored', 'both'),
  marks: fc.constantFrom(true, true, true, false),
  replays: fc.constant(true),
  audits: fc.boolean(),
  window: fc.record({ events: fc.integer({ min: 1, max: 6 }), time: fc.constantFrom(0, 20, 150) }),
  trouble: fc.constantFrom(0, 1, 4),
  script: fc.array(step, { maxLength: 60, size: 'max' }),
})

describe('replayed boards that are swapped in', () => {
  testHistories(
    'are never told as exact where they are not, and are the table’s again in the end',
    countFrom('RANKTIDE_REPLAY_HISTORIES', 5_000),
    plan,
    (history) => new PipelineHistory(history).run(),
  )
})
