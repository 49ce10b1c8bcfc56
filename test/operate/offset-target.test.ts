import { describe, expect, test } from 'vitest'
import type { OffsetSpec } from '../../src/core/offset-spec.js'
import type { Positions } from '../../src/core/positions.js'
import type { OffsetPipeline } from '../../src/operate/offset-pipelines.js'
import { resolveTarget } from '../../src/operate/offset-target.js'
import { EARLIEST } from '../../src/sources/kafka-offsets.js'
import type { OffsetQuestions } from '../../src/sources/offset-range.js'

/** Partitions 0, 1 and 10 hold 5 to 200, 0 to 9 and nothing; only of 0 and 10 is anything committed. */
const first: Positions = new Map(Object.entries({ 't/0': 5, 't/1': 0, 't/10': 0 }))
const ends: Positions = new Map(Object.entries({ 't/0': 200, 't/1': 9, 't/10': 0 }))
const stored: Positions = new Map(Object.entries({ 't/0': 30, 't/10': 0 }))
const among = (positions: Positions, ids: readonly string[]): Positions =>
  new Map([...positions].filter(([id]) => ids.includes(id)))
const questions: OffsetQuestions = {
  partitions: async () => [...ends.keys()],
  offsetsAt: async (ids, time) => among(time === EARLIEST ? first : ends, ids),
  committed: async (ids) => among(stored, ids),
}
const pipeline: OffsetPipeline = { kind: 'counter', name: 'counters.reads', group: 'g', topics: ['t'], start: 'end' }

const resolve = async (spec: OffsetSpec, ...partitions: string[]) => {
  const { positions, notes } = await resolveTarget(pipeline, { kind: 'spec', spec, partitions }, questions)
  return [Object.fromEntries(positions), notes]
}
const map = (offsets: Record<string, number>): OffsetSpec => ({
  kind: 'map',
  offsets: new Map(Object.entries(offsets)),
})

describe('with --partition', () => {
  test('what other partitions hold is no reason to refuse', async () => {
    expect(await resolve({ kind: 'offset', offset: 120 }, '0')).toEqual([{ 't/0': 120 }, []])
    expect(await resolve({ kind: 'committed' }, 't/0', '0')).toEqual([{ 't/0': 30 }, []])
    await expect(resolve({ kind: 'offset', offset: 120 }, '0', '1')).rejects.toThrow('--to: 120 is past the end of t/1')
    await expect(resolve({ kind: 'committed' }, '1')).rejects.toThrow('committed nothing for t/1')
  })

  test('notes are of those that are named', async () => {
    const [positions, notes] = await resolve({ kind: 'time', at: Date.UTC(2027, 0) }, '1')
    expect(positions).toEqual({ 't/1': 9 })
    expect(notes).toEqual([expect.stringContaining('no message of t/1 is as new as')])
  })

  test('of a map it takes a part, which has to be in it', async () => {
    expect(await resolve(map({ '0': 50, '1': 3 }), '1')).toEqual([{ 't/1': 3 }, []])
    await expect(resolve(map({ '0': 50 }), '1')).rejects.toThrow('--partition: t/1 is not among those that --to names')
  })

  test('one that is not there is refused', async () => {
    await expect(resolve({ kind: 'end' }, '2')).rejects.toThrow('there is no partition 2; there are t/0, t/1, t/10')
  })
})
