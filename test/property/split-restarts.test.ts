/**
 * Histories of a split board in Redis: processes that die at any moment, calls that fail and lag, Redis flushed, failed
 * over and written to by others. Whatever claims to be exact is held against the truth as it is written, confirmed,
 * vouched for and committed; at the end everything has to come to rest.
 *
 * Left out: a Redis that goes back to an older state while calls fail or lag as well; a Redis that is flushed again before
 * its owner has found the first flush and is killed then (keys of a group that no registry names may stay, once in 7,500
 * such histories).
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Draws } from '../support/draws.js'
import { atOnce, drawFate } from '../support/simulated-call.js'
import { SimulatedSplit } from '../support/simulated-split.js'

const values = ['a', 'b', 'c', 'd/{e}']

const runHistory = (script: readonly number[], trouble: number, partitions: number): void => {
  const split = new SimulatedSplit(2, values, partitions)
  const draws = new Draws()
  const fates = new Draws()
  fates.seed(script.length)
  const troubled = () => drawFate(fates, trouble, 400)
  let failOver: (() => void) | undefined
  let flushed = Number.NEGATIVE_INFINITY
  for (let id = 0; id < 6; id++) split.write(id, id, values[id % 3] ?? null)
  split.start()
  for (const number of script) {
    draws.seed(number >>> 4)
    split.fate = troubled
    const action = number % 16
    const value = draws.below(9) === 0 ? null : (values[draws.below(values.length)] ?? null)
    if (action < 6) split.write(draws.below(10), draws.below(4) === 0 ? null : draws.below(12), value)
    else if (action < 10) split.go(1 + draws.below(8), draws.below(900))
    else if (action < 12) split.go(9, 1_500)
    else if (action === 12) split.restart()
    else if (action === 13) failOver = split.redis.failOverToNow()
    else if (action === 14) {
      if (draws.below(3) !== 0) {
        if (trouble === 0) failOver?.()
      } else if (split.time.now() - flushed > 5_000) {
        flushed = split.time.now()
        split.redis.flush()
      }
    } else split.go(20, 5_000)
  }
  split.fate = () => atOnce
  split.rest(3_000, true)
  split.restart()
  split.rest()
  split.stop()
}

test('a group whose keys may be gone is not given up when it empties: found by a history', () => {
  runHistory([107414, 918143, 0, 0, 12054, 0, 0, 932432, 0, 0, 0, 0, 0, 0], 3, 1)
})

test.each([
  [[698918, 0, 0, 573658, 0, 114698, 11072, 387550], 4, 1],
  [[0, 0, 100784, 322678, 0, 513471, 0, 813247, 283230, 757606, 309456, 0, 0, 0, 0, 0, 0], 2, 1],
] as const)(
  'a group that has gone since the snapshot is gone as of now: found by histories',
  (script, trouble, partitions) => {
    runHistory(script, trouble, partitions)
  },
)

test('a Redis that goes back to before a group was removed is found out by the next vouching: found by a history', () => {
  runHistory([199686, 1005008, 845174, 100694, 410221, 101440, 51766, 75166, 0, 0, 0, 0, 0], 0, 1)
})

test('a vouching that is answered after a later one is made again: found by a history', () => {
  runHistory([196150, 0, 247312, 887210, 0, 0, 0, 513062, 0, 0, 0, 428058, 27791, 389646, 0, 504102, 0], 2, 2)
})

test('keys that were found again are registered before they are taken: found by a history', () => {
  const script = [
    800959, 0, 0, 583967, 677190, 25750, 0, 639920, 116314, 50544, 810863, 996842, 140218, 0, 541756, 0, 0,
  ]
  runHistory(script, 4, 1)
})

test('a split board in Redis is right after every history', { timeout: 120_000 }, () => {
  const script = fc.array(fc.integer({ min: 0, max: 2 ** 20 }), { minLength: 5, maxLength: 60 })
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env.RUNS ?? 400)
  const property = fc.property(script, fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 2 }), runHistory)
  const result = fc.check(property, { seed, numRuns, ...(process.env.FC_PATH ? { path: process.env.FC_PATH } : {}) })
  expect(
    result.failed ? `${fc.defaultReportMessage(result)}${String(result.errorInstance)}` : undefined,
    `SEED=${seed}`,
  ).toBeUndefined()
})
