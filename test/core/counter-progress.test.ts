import { describe, expect, it } from 'vitest'
import { afterNews, type CounterNews, nothingCounted } from '../../src/core/counter-progress.js'

const positions = (a: number, b: number) => new Map(Object.entries({ 't/1': b, 't/0': a }))

const taken = { kind: 'taken', positions: positions(5, 0), ends: positions(9, 0), at: 1_000 } as const
const written = (a: number, events: number, more: Partial<Extract<CounterNews, { kind: 'written' }>> = {}) =>
  ({ kind: 'written', positions: positions(a, 0), events, refused: 0, repeated: false, newest: 500, ...more }) as const

const told = (...news: readonly CounterNews[]) => news.reduce(afterNews, nothingCounted)

describe('the progress of a counter', () => {
  it('begins with what is not counted yet, by the ends', () => {
    expect(told(taken)).toMatchObject({ partitions: ['t/0', 't/1'], lag: 4, oldest: 1_000, events: 0 })
    expect(nothingCounted.lag).toBeUndefined()
    expect(told({ ...taken, ends: new Map([['t/0', 9]]) }).lag).toBeUndefined()
  })

  it('adds up what was written', () => {
    const progress = told(taken, written(7, 2), written(9, 1, { refused: 1, repeated: true, newest: 400 }))
    expect(progress).toMatchObject({ events: 3, windows: 2, repeated: 1, refused: 1, newest: 500, lag: 0 })
    expect(progress.positions.get('t/0')).toBe(9)
  })

  it('knows the oldest event that is not counted: of the window under way, or none', () => {
    expect(told(taken, { kind: 'writing', oldest: 300 }).oldest).toBe(300)
    expect(told(taken, { kind: 'writing', oldest: 300 }, written(8, 3)).oldest).toBe(300)
    expect(told(taken, { kind: 'writing', oldest: 300 }, written(9, 4)).oldest).toBeUndefined()
  })

  it('takes events that only the ends tell of for as old as that news', () => {
    const caughtUp = [taken, written(9, 4)]
    const more = { kind: 'ends', ends: positions(20, 0), at: 2_000 } as const
    expect(told(...caughtUp, more)).toMatchObject({ lag: 11, oldest: 2_000 })
    expect(told(...caughtUp, more, { ...more, at: 3_000 }).oldest).toBe(2_000)
    expect(told(...caughtUp, { ...more, ends: positions(9, 0) }).oldest).toBeUndefined()
    expect(told(...caughtUp, { ...more, ends: positions(3, 0) }).lag).toBe(0)
  })

  it('keeps its sums when partitions go', () => {
    const progress = told(taken, written(7, 2), { kind: 'fenced', partitions: ['t/0'] }, { kind: 'given-up' })
    expect(progress).toMatchObject({ partitions: [], lag: undefined, oldest: undefined, events: 2, fenced: 1 })
    expect(progress.positions.size).toBe(0)
    expect(told({ kind: 'lost', offsets: 3 }, taken, { kind: 'lost', offsets: 4 }).lost).toBe(7)
  })
})
