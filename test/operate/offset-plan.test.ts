import { describe, expect, test } from 'vitest'
import type { OffsetPipeline } from '../../src/operate/offset-pipelines.js'
import { planOf } from '../../src/operate/offset-plan.js'
import type { PartitionOffsets, PipelineOffsets } from '../../src/operate/offset-report.js'
import type { BoardConfig } from '../../src/runtime/config.js'

const row = (partition: string, next: number | null, position = next): PartitionOffsets => {
  return { partition, first: 0, end: 100, committed: null, next, position, lag: null, lagSeconds: null }
}
const offsets = (
  name: string,
  kind: PipelineOffsets['kind'],
  partitions: readonly PartitionOffsets[],
): PipelineOffsets => {
  return {
    name,
    kind,
    group: 'g',
    active: false,
    activity: '',
    state: kind === 'board' ? 'exact' : null,
    missingTopic: null,
    partitions,
  }
}
const counter: OffsetPipeline = { kind: 'counter', name: 'counters.reads', group: 'g', topics: ['t'], start: 'end' }
const likes = { name: 'likes' } as BoardConfig
const reads = { name: 'reads' } as BoardConfig
const feed = { name: 't', topics: ['t'], boards: [likes, reads] }
const board: OffsetPipeline = { kind: 'board', name: 'boards.likes', group: 'g', topics: ['t'], board: likes, feed }

const plan = (pipeline: OffsetPipeline, rows: readonly PartitionOffsets[], to: Record<string, number>) =>
  planOf(pipeline, offsets(pipeline.name, pipeline.kind, rows), new Map(Object.entries(to)))

describe('of a counter', () => {
  test.each([
    [
      'back',
      { 't/0': 30, 't/1': 40 },
      { action: 'set', again: 10, skipped: 0 },
      ['counts the events of 10 offsets AGAIN'],
    ],
    ['forward', { 't/0': 41 }, { action: 'set', again: 0, skipped: 1 }, ['NEVER counts the events of 1 offset']],
    ['both', { 't/0': 30, 't/1': 60 }, { action: 'set', again: 10, skipped: 20 }, ['AGAIN', 'NEVER']],
    ['there already', { 't/0': 40 }, { action: 'none', again: 0, skipped: 0 }, ['nothing changes']],
  ])('%s', (_, to, figures, effects) => {
    const planned = plan(counter, [row('t/0', 40), row('t/1', 40)], to)
    expect(planned).toMatchObject(figures)
    expect(planned.moves).toHaveLength(Object.keys(to).length)
    for (const [i, effect] of effects.entries()) expect(planned.effects[i]).toContain(effect)
  })

  test('without an offset yet, nothing is counted again or left out', () => {
    const planned = plan(counter, [row('t/0', null)], { 't/0': 7 })
    expect(planned).toMatchObject({ action: 'set', again: 0, skipped: 0, moves: [{ from: null, to: 7 }] })
    expect(planned.effects).toEqual([expect.stringContaining('begin there, and not at the end as start says')])
  })

  test('the history tells what it means for reads', () => {
    const history: OffsetPipeline = { ...counter, kind: 'history', name: 'history' }
    const [again, never] = plan(history, [row('t/0', 40), row('t/1', 40)], { 't/0': 30, 't/1': 50 }).effects
    expect(again).toContain('brings back those that were erased')
    expect(never).toContain('never keeps')
  })
})

describe('of a board', () => {
  test('back is read again, for the other boards of the feed as well', () => {
    const planned = plan(board, [row('t/0', 40)], { 't/0': 30 })
    expect(planned).toMatchObject({ action: 'back', again: 10, skipped: 0 })
    expect(planned.effects).toEqual([
      expect.stringContaining('reads 10 offsets again'),
      expect.stringContaining('for reads as well'),
    ])
  })

  test('forward on one partition makes it be filled from its table, whatever the others', () => {
    const planned = plan(board, [row('t/0', 40), row('t/1', 40)], { 't/0': 30, 't/1': 41 })
    expect(planned).toMatchObject({ action: 'fill', again: 10, skipped: 1 })
    expect(planned.effects[0]).toContain('degraded until the next start has read it from its table')
  })

  test.each([
    [35, 'back', 5],
    [40, 'back', 0],
    [41, 'fill', 0],
  ])('that is read again from 20 up to 40 and is set to %i skips only what lies past 40', (to, action, again) => {
    expect(plan(board, [row('t/0', 20, 40)], { 't/0': to })).toMatchObject({ action, again })
  })

  test('with nothing to go on from stays as it is', () => {
    const planned = plan(board, [row('t/0', null)], { 't/0': 30 })
    expect(planned).toMatchObject({ action: 'none', again: 0, skipped: 0 })
    expect(planned.effects[0]).toContain('the next start fills it from its table')
  })
})
