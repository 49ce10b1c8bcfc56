import { from } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { BacklogWindow } from '../../src/core/backlog-window.js'
import type { CounterNews, CounterProgress } from '../../src/core/counter-progress.js'
import { mirrorOffsets } from '../../src/operators/mirror-offsets.js'
import { tellProgress } from '../../src/operators/tell-progress.js'

const at = (offset: number) => new Map([['t/0', offset]])
const written = (offset: number, events: number): CounterNews => ({
  kind: 'written',
  positions: at(offset),
  events,
  refused: 0,
  repeated: false,
  newest: 1,
})
const taken: CounterNews = { kind: 'taken', positions: at(0), ends: at(100), at: 5 }

const told = (news: readonly CounterNews[], window = new BacklogWindow({ events: 10, most: 40 })) => {
  const progress: CounterProgress[] = []
  const mirrored: (number | undefined)[] = []
  from(news)
    .pipe(tellProgress(window), mirrorOffsets({ mirror: (positions) => mirrored.push(positions.get('t/0')) }))
    .subscribe((one) => progress.push(one))
  return { progress, mirrored }
}

describe('the progress of a pipeline', () => {
  it('is told after all news, and sets the next window by what waits after each that is written', () => {
    const news = [taken, written(10, 10), written(30, 20), written(70, 40), written(95, 25), written(100, 5)]
    const { progress } = told(news)
    expect(progress.map(({ window, lag, events }) => [window, lag, events])).toEqual([
      [10, 100, 0],
      [20, 90, 10],
      [40, 70, 30],
      [40, 30, 70],
      [10, 5, 95],
      [10, 0, 100],
    ])
  })

  it('has the next windows hold at most half of one that timed out', () => {
    const { progress } = told([taken, written(10, 10), { kind: 'timed-out', events: 20 }, written(15, 5)])
    expect(progress.map(({ window, fenced }) => [window, fenced])).toEqual([
      [10, 0],
      [20, 0],
      [10, 0],
      [10, 0],
    ])
  })

  it('is mirrored after the take and each commit, once', () => {
    const ends: CounterNews = { kind: 'ends', ends: at(120), at: 6 }
    const { mirrored } = told([
      { kind: 'lost', offsets: 0 },
      taken,
      ends,
      written(10, 10),
      ends,
      { kind: 'writing', oldest: 3 },
      written(12, 2),
      { kind: 'given-up' },
    ])
    expect(mirrored).toEqual([0, 10, 12])
  })
})
