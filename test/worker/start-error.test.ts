import { expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { type CounterStart, startError } from '../../src/worker/start-error.js'

const never = new Promise<never>(() => {})
const fault = new RanktideError('TABLE_MISSING', 'none')
const begun: CounterStart = { first: Promise.resolve(undefined), waits: never }
const failed: CounterStart = { first: Promise.resolve(fault), waits: never }
const waiting: CounterStart = { first: never, waits: Promise.resolve(undefined) }
const well = Promise.resolve(undefined)
const ill = Promise.resolve(fault)

/** `pending` where it has not started after all that could happen has. */
const outcome = async (start: Promise<unknown>): Promise<unknown> =>
  Promise.race([start, new Promise((resolve) => setTimeout(resolve, 20, 'pending'))])

test.each([
  ['boards begin and a counter waits', [well], [waiting], undefined],
  ['boards begin and a counter fails', [well], [failed], undefined],
  ['boards fail and a counter waits', [ill], [waiting], undefined],
  ['all fail', [ill], [failed], fault],
  ['boards are not there yet', [never], [begun], 'pending'],
  ['without boards one begins and one waits', undefined, [waiting, begun], undefined],
  ['without boards one begins and one fails', undefined, [failed, begun], undefined],
  ['without boards one fails and one waits', undefined, [failed, waiting], 'pending'],
  ['without boards all fail', undefined, [failed, failed], fault],
] as const)('%s', async (_name, boards, counters, expected) => {
  expect(await outcome(startError(boards, counters))).toBe(expected)
})
