/**
 * Replays of random ranges: whatever the partitions, the batches, the windows, the interruptions, a range comes to what
 * all of its rows come to when they are sorted, and always to the same bytes. `RANKTIDE_SEED` and `RANKTIDE_PATH` replay a
 * failure, which is printed with both.
 */
import fc from 'fast-check'
import { Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { BoardSpec } from '../../src/core/board-spec.js'
import { RanktideError } from '../../src/core/errors.js'
import type { Image } from '../../src/core/table.js'
import { canalJson } from '../../src/formats/canal-json.js'
import { CheckpointReader, checkpointLines } from '../../src/replay/checkpoint-text.js'
import { nothingRead, RangeBase, type RangeState } from '../../src/replay/range-base.js'
import { type RangeOutcome, replayRange } from '../../src/replay/replay-range.js'
import { scores } from '../support/canal-messages.js'
import { countFrom } from '../support/check-histories.js'
import { Draws } from '../support/draws.js'
import { ReplayHistory, type ReplayPlan } from '../support/replay-history.js'

const { RANKTIDE_SEED: seed, RANKTIDE_PATH: path } = process.env

const replays = countFrom('RANKTIDE_REPLAYS', 300)
/** So small that boards run short and are refilled. */
const capacityOf = ({ size }: BoardSpec): number => size + 2

const cut = fc.tuple(fc.constantFrom(0, 0, 0, 20, 50), fc.constantFrom(100, 100, 60, 30))
const plans: fc.Arbitrary<ReplayPlan> = fc.record({
  partitions: fc.constantFrom(1, 1, 2, 3),
  size: fc.integer({ min: 1, max: 4 }),
  direction: fc.constantFrom('desc' as const, 'asc' as const),
  ties: fc.constantFrom('newest' as const, 'oldest' as const),
  split: fc.boolean(),
  script: fc.array(fc.nat(1_000_000_000), { maxLength: 120, size: 'max' }),
  cuts: fc.array(cut, { minLength: 3, maxLength: 3 }),
})
const paces = fc.record({
  draws: fc.nat(1_000_000_000),
  window: fc.integer({ min: 1, max: 12 }),
  /** A replay is killed after so many messages, again and again. */
  kill: fc.integer({ min: 3, max: 60 }),
  save: fc.integer({ min: 1, max: 6 }),
})
type Pace = { readonly draws: number; readonly window: number; readonly kill: number; readonly save: number }

const begin = (history: ReplayHistory, rows: ReadonlyMap<string, Image> = new Map()): RangeState => {
  const state = nothingRead()
  return { ...state, table: { ...state.table, rows: new Map(rows) }, positions: history.from }
}

const drawsOf = (number: number): Draws => {
  const draws = new Draws()
  draws.seed(number)
  return draws
}

const replay = (history: ReplayHistory, pace: Pace, state: RangeState): Promise<RangeOutcome> => {
  const draws = drawsOf(pace.draws)
  return replayRange({
    spec: history.spec,
    capacityOf,
    decode: canalJson([scores]),
    batches: (start) => history.batches(start, draws),
    base: new RangeBase(state),
    window: { events: pace.window, time: 50 },
  })
}

/** Killed at a message that is drawn, and begun again from what was saved last, until it has come through. */
const replayKilled = async (history: ReplayHistory, pace: Pace): Promise<RangeOutcome & { kills: number }> => {
  const draws = drawsOf(pace.draws)
  let saved = [...checkpointLines({ of: {}, range: null, state: begin(history) })]
  for (let kills = 0; ; kills++) {
    const reader = new CheckpointReader('memory')
    for (const line of saved) reader.take(line)
    const base = new RangeBase(reader.checkpoint.state)
    const stop$ = new Subject<RanktideError>()
    let left = kills < 5 ? 1 + draws.below(pace.kill) : Number.POSITIVE_INFINITY
    const killed = new RanktideError('REPLAY_STOPPED', 'killed')
    try {
      const outcome = await replayRange({
        spec: history.spec,
        capacityOf,
        decode: canalJson([scores]),
        batches: (start) => history.batches(start, draws),
        base,
        window: { events: pace.window, time: 50 },
        stop$,
        progress: {
          decoded: ({ messages }) => {
            left -= messages
            if (left <= 0) stop$.next(killed)
          },
        },
        saver: {
          due: () => draws.below(pace.save) === 0,
          // As slow as a disk, line by line: nothing may change meanwhile.
          save: async () => {
            const lines: string[] = []
            for (const line of checkpointLines({ of: {}, range: null, state: base.state })) {
              lines.push(line)
              await new Promise((resolve) => setImmediate(resolve))
            }
            saved = lines
          },
        },
      })
      return { ...outcome, kills }
    } catch (error) {
      if (error !== killed) throw error
    }
  }
}

/** All that a replay prints and keeps, as text. */
const bytesOf = ({ boards, state }: RangeOutcome): string =>
  JSON.stringify([boards, [...state.table.doubts], [...checkpointLines({ of: {}, range: null, state })]])

const check = async (name: string, property: fc.IAsyncPropertyWithHooks<[ReplayPlan, Pace, Pace]>): Promise<void> => {
  const given = { ...(seed === undefined ? {} : { seed: Number(seed) }), ...(path === undefined ? {} : { path }) }
  const result = await fc.check(property, { numRuns: replays, ...given })
  const why = result.errorInstance instanceof Error ? result.errorInstance.message : ''
  expect(result.failed, `${name}: ${fc.defaultReportMessage(result)}\n${why}`).toBe(false)
}

describe('replays', () => {
  test('come to the oracle’s boards, whatever the batches, and to the same bytes each time', async () => {
    const property = fc.asyncProperty(plans, paces, paces, async (plan, pace, other) => {
      const history = new ReplayHistory(plan)
      const outcome = await replay(history, pace, begin(history))
      const expected = history.expected()
      const told = outcome.boards.map(({ value, entries }) => [value ?? '', entries.map(({ row }) => row)] as const)
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected.boards))
      const { messages, refused } = outcome.state
      expect({ messages, refused }).toEqual({ messages: expected.messages, refused: expected.refused })
      const base = new RangeBase(outcome.state)
      const before = [...history.from.values()].some((offset) => offset > 0) ? ['begins late'] : []
      expect(base.status(history.to.size, { before, always: [] }).state).toBe(expected.state)
      expect(bytesOf(await replay(history, other, begin(history)))).toBe(bytesOf(outcome))
    })
    await check('the oracle', property)
  })

  test('that are killed and go on come to the bytes of one that was not', async () => {
    let kills = 0
    const property = fc.asyncProperty(plans, paces, paces, async (plan, pace, other) => {
      const history = new ReplayHistory(plan)
      const killed = await replayKilled(history, other)
      kills += killed.kills
      expect(bytesOf(killed)).toBe(bytesOf(await replay(history, pace, begin(history))))
    })
    await check('kills', property)
    if (path === undefined) expect(kills).toBeGreaterThan(replays)
  })

  test('from the beginning are those that begin with the rows of a snapshot and read what came after', async () => {
    const property = fc.asyncProperty(plans, paces, paces, async (plan, pace, other) => {
      const all: ReplayPlan = { ...plan, partitions: 1, cuts: [[0, 100]] }
      const [at = 0] = plan.cuts[0] ?? []
      const whole = await replay(new ReplayHistory(all), pace, begin(new ReplayHistory(all)))
      const head = new ReplayHistory({ ...all, cuts: [[0, at]] })
      const snapshot = (await replay(head, pace, begin(head))).state.table.rows
      // A snapshot may be newer than where reading begins: what is read twice changes nothing.
      const tail = new ReplayHistory({ ...all, cuts: [[Math.floor(at / 2), 100]] })
      const outcome = await replay(tail, other, begin(tail, snapshot))
      expect(outcome.boards).toEqual(whole.boards)
    })
    await check('snapshots', property)
  })
})
