import { describe, expect, it } from 'vitest'
import type { FeedEvent, RowChange } from '../../src/core/change.js'
import { foldNewest } from '../../src/core/newest-per-key.js'
import { table } from '../support/simulated-world.js'

const row = (key: string, likes: string | null, es: number, before?: string): RowChange => ({
  kind: 'row',
  table,
  key,
  after: likes === null ? null : [key, likes, '0'],
  before: before === undefined ? undefined : [key, before, '0'],
  es,
})
const truncate: FeedEvent = { kind: 'truncate', table, dropped: false }

/** What is left, as texts: `key=likes`, `key gone`, or the control's name. */
const folded = (events: readonly FeedEvent[]): string[] =>
  foldNewest(events).segments.flatMap((segment) =>
    segment.kind === 'rows'
      ? [...(segment.rows.get(table)?.values() ?? [])].map(({ key, after }) =>
          after === null ? `${key} gone` : `${key}=${after[1]}`,
        )
      : [segment.kind],
  )

describe('newest per key', () => {
  it('keeps the last image of each key, a deletion too', () => {
    expect(folded([row('1', '5', 1), row('2', '7', 2), row('1', '6', 3), row('2', null, 4)])).toEqual(['1=6', '2 gone'])
  })

  it('never folds across a control', () => {
    expect(folded([row('1', '5', 1), truncate, row('1', '6', 2), row('1', '7', 3)])).toEqual(['1=5', 'truncate', '1=7'])
  })

  it('tells what a key was before the first change and when the last one was made', () => {
    const [segment] = foldNewest([row('1', '5', 10, '4'), row('1', '6', 20, '5')]).segments
    const change = segment?.kind === 'rows' ? segment.rows.get(table)?.get('1') : undefined
    expect(change).toMatchObject({ before: ['1', '4', '0'], beforeEs: 10, after: ['1', '6', '0'], es: 20 })
  })

  it('passes markers by, which bound nothing', () => {
    const { segments, markers } = foldNewest([row('1', '5', 1), { kind: 'marker', nonce: 'm' }, row('1', '6', 2)])
    expect([segments.length, markers]).toEqual([1, ['m']])
  })
})
