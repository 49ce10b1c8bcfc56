/**
 * Histories of the whole pipeline in virtual time. `RANKTIDE_PIPELINE_HISTORIES` sets how many (default 50,000; 0: until
 * stopped); `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a failure, which prints both.
 */
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { countFrom, testHistories } from '../support/check-histories.js'
import { PipelineHistory, type PipelinePlan } from '../support/pipeline-history.js'

const plan: fc.Arbitrary<PipelinePlan> = fc.record({
  mode: fc.constantFrom('mixed', 'mixed', 'mixed', 'rewound', 'raced', 'gentle'),
  size: fc.integer({ min: 1, max: 4 }),
  reserve: fc.integer({ min: 1, max: 4 }),
  direction: fc.constantFrom('desc', 'desc', 'asc'),
  ties: fc.constantFrom('newest', 'newest', 'oldest', 'redis'),
  boards: fc.constantFrom(1, 2),
  ranking: fc.constantFrom('plain', 'plain', 'filtered', 'scored', 'both'),
  marks: fc.constantFrom(true, true, true, true, false),
  audits: fc.boolean(),
  window: fc.record({ events: fc.integer({ min: 1, max: 6 }), time: fc.constantFrom(0, 20, 150) }),
  trouble: fc.constantFrom(0, 1, 4),
  script: fc.array(fc.nat(0x7fffffff), { maxLength: 60, size: 'max' }),
})

/** Rows of the stream's own position: nothing but reaching it proves them. */
const onTheStream = plan.map((any): PipelinePlan => {
  const mode = any.mode === 'raced' ? 'mixed' : any.mode
  return { ...any, mode, marks: false, streamBase: true }
})

/** Histories that failed once, shrunk, by what was wrong. */
const kept: readonly (readonly [string, PipelinePlan])[] = [
  [
    "a board that was only assumed, of a feed that fell silent, passed for one that was the table's at a time that is gone",
    {
      mode: 'raced',
      size: 2,
      reserve: 1,
      direction: 'asc',
      ties: 'newest',
      boards: 1,
      ranking: 'plain',
      marks: true,
      audits: false,
      window: { events: 1, time: 0 },
      trouble: 0,
      script: [785050132, 1834185448, 1141411103, 1428334827, 1740254647, 1639838024, 1523292843],
    },
  ],
  [
    'two boards whose keys were gone, of which one could not be taken again, passed for published',
    {
      mode: 'mixed',
      size: 1,
      reserve: 1,
      direction: 'desc',
      ties: 'newest',
      boards: 2,
      ranking: 'plain',
      marks: true,
      audits: false,
      window: { events: 1, time: 0 },
      trouble: 4,
      script: [118713181, 0, 410219327, 96414463, 1146638331, 1761706642, 1298548061, 186341672, 2066097067, 0],
    },
  ],
]

describe('the pipeline', () => {
  test.each(kept)('%s', (_, history) => new PipelineHistory(history).run())

  testHistories(
    'holds in Redis what the table holds',
    countFrom('RANKTIDE_PIPELINE_HISTORIES', 50_000),
    plan,
    (history) => new PipelineHistory(history).run(),
  )

  testHistories(
    'holds in Redis what the stream tells, where the stream is its only base',
    Math.ceil(countFrom('RANKTIDE_PIPELINE_HISTORIES', 50_000) / 5),
    onTheStream,
    (history) => new PipelineHistory(history).run(),
  )
})
