// The judge of the bad day can fail: each way in which a read may not tell the truth is planted once.
import { describe, expect, test } from 'vitest'
import { isLie, Judge, limits, type Read, type ToldBoard } from '../../scripts/bad-day-parts/judge.js'
import { Outages } from '../../scripts/bad-day-parts/outages.js'
import { TrueHistory } from '../../scripts/bad-day-parts/true-history.js'

/** One board each second from 0 s on: `board 0`, `board 1` …; a statement takes 10 ms. */
const historyUntil = (seconds: number): TrueHistory => {
  const history = new TrueHistory()
  for (let second = 0; second <= seconds; second += 1) {
    history.sent(`board ${second}`, second * 1_000)
    history.committed(second * 1_000 + 10)
  }
  return history
}

const day = (history = historyUntil(100)) => {
  const outages = new Outages()
  const judge = new Judge(history, outages)
  let versions = 0
  /** Answered 5 ms after it was asked for. */
  const read = (at: number, content: string, told: Partial<ToldBoard> = {}, source = 'http a'): string => {
    versions += 1
    const board = { content, state: 'exact', reason: '', age: 0.5, version: versions, ...told }
    const verdict = judge.judge({ source, asked: 'http', began: at, ended: at + 5, told: board })
    return verdict.kind === 'violation' ? verdict.rule : verdict.kind
  }
  /** Broken from 50 s to 60 s, recovered at 62 s. */
  const broken = (felt = true): void => {
    const window = outages.begin({ name: 'a fault', away: 'redis', felt }, 50_000)
    window.ended = 60_000
    window.closed = 62_000
  }
  return { judge, read, outages, broken }
}

describe('a read that claims to be exact', () => {
  test('is current up to a second after its board was replaced', () => {
    const { read } = day()
    expect(read(10_500, 'board 10')).toBe('current')
    expect(read(10_500, 'board 10', { state: 'assumed' })).toBe('current')
    // Replaced at 11.010.
    expect(read(12_010, 'board 10')).toBe('current')
  })

  test('may show what has been sent and is not answered yet, and not what has not been sent', () => {
    const history = historyUntil(10)
    history.sent('next', 11_000)
    expect(day(history).read(10_998, 'next')).toBe('current')
    expect(day(history).read(10_990, 'next')).toBe('claimed exact, never true')
    // Nobody knows whether it is committed: both are true for as long as that takes.
    expect(day(history).read(15_000, 'board 10')).toBe('current')
    history.committed(15_000)
    expect(day(history).read(16_001, 'board 10', { age: 0 })).toBe('claimed exact, too old')
  })

  test('lies with a board that was never true, for instance in the wrong order', () => {
    const history = new TrueHistory()
    history.sent('{"id":1},{"id":2}', 0)
    history.committed(1)
    expect(day(history).read(10, '{"id":1},{"id":2}')).toBe('current')
    expect(day(history).read(10, '{"id":2},{"id":1}')).toBe('claimed exact, never true')
    expect(day(history).read(10, '{"id":1}')).toBe('claimed exact, never true')
    expect(day(history).read(10, '')).toBe('claimed exact, never true')
  })

  test('lies with an old board, during an outage too', () => {
    const { read, broken } = day()
    expect(read(30_000, 'board 20')).toBe('claimed exact, too old')
    broken()
    expect(read(55_000, 'board 50')).toBe('claimed exact, too old')
  })

  test('may be as much older as it says during an outage, up to three seconds; otherwise it is late', () => {
    const { read, broken } = day()
    expect(read(32_500, 'board 30', { age: 0.6 })).toBe('late')
    broken()
    expect(read(52_500, 'board 50', { age: 0.4 })).toBe('claimed exact, too old')
    expect(read(52_500, 'board 50', { age: undefined })).toBe('claimed exact, too old')
    expect(read(52_500, 'board 50', { age: 0.6 })).toBe('honest')
    expect(read(55_100, 'board 50', { age: 60 })).toBe('claimed exact, too old')
    expect(read(55_000, 'board 50', { age: 60 })).toBe('honest')
  })

  test('lies when it goes back behind what the same source has shown before', () => {
    const { read } = day()
    expect(read(11_500, 'board 11')).toBe('current')
    expect(read(11_600, 'board 10')).toBe('claimed exact, went backwards')
    expect(read(11_600, 'board 10', {}, 'http b')).toBe('current')
    expect(read(11_700, 'board 11')).toBe('current')
    // What one thing has shown is no promise of another, and a stale board may be an older one.
    const { read: other, broken } = day()
    broken()
    expect(other(51_500, 'board 51')).toBe('current')
    expect(other(51_600, 'board 50', { state: 'stale', age: 2 })).toBe('honest')
  })

  test('does not go back where reads overlap, nor where a board came back', () => {
    const { judge } = day()
    const told = (content: string): ToldBoard => ({ content, state: 'exact', reason: '', age: 0, version: undefined })
    const read = (began: number, ended: number, content: string): Read => {
      return { source: 'http a', asked: 'http', began, ended, told: told(content) }
    }
    expect(judge.judge(read(11_000, 11_200, 'board 11')).kind).toBe('current')
    expect(judge.judge(read(11_100, 11_300, 'board 10')).kind).toBe('current')
    expect(judge.judge(read(11_250, 11_300, 'board 10'))).toMatchObject({ rule: 'claimed exact, went backwards' })

    const history = historyUntil(1)
    history.sent('board 0', 2_000)
    history.committed(2_010)
    const { read: next } = day(history)
    expect(next(1_500, 'board 1')).toBe('current')
    expect(next(2_500, 'board 0')).toBe('current')
    expect(next(2_600, 'board 1')).toBe('claimed exact, went backwards')
  })

  test('lies when one version stands for two contents, of whichever source', () => {
    const { read } = day()
    expect(read(11_500, 'board 11', { version: 7_000 })).toBe('current')
    expect(read(11_600, 'board 11', { version: 7_000 }, 'redis')).toBe('current')
    expect(read(12_500, 'board 12', { version: 7_000 }, 'redis')).toBe('claimed exact, one version with two contents')
  })
})

describe('a read that does not claim to be exact', () => {
  test('has an excuse only while something is broken or recovering', () => {
    const { read, broken } = day()
    expect(read(49_000, 'board 49', { state: 'stale' })).toBe('not exact without an outage')
    broken()
    expect(read(49_990, 'board 49', { state: 'stale' })).toBe('not exact without an outage')
    expect(read(49_996, 'board 49', { state: 'stale' })).toBe('honest')
    expect(read(61_900, 'board 60', { state: 'stale', age: 1 })).toBe('honest')
    expect(read(62_001, 'board 61', { state: 'degraded', age: 1 })).toBe('not exact without an outage')
  })

  test('has no excuse in what readers should not feel', () => {
    const { read, broken } = day()
    broken(false)
    expect(read(55_000, 'board 54', { state: 'stale' })).toBe('not exact without an outage')
    expect(read(52_500, 'board 50')).toBe('late')
  })

  test('has to be a board that was true at the time that its age tells', () => {
    const { read, broken } = day()
    broken()
    expect(read(55_000, 'board 50', { state: 'stale', age: 5 })).toBe('honest')
    expect(read(55_000, 'board 50', { state: 'degraded', age: 2.9 })).toBe('not exact, older than its age')
    expect(read(55_000, 'no board', { state: 'stale', age: 5 })).toBe('not exact, never true')
  })

  test('has to tell its age, and not one from before the outage', () => {
    const { read, broken } = day()
    broken()
    expect(read(55_000, 'board 50', { state: 'stale', age: undefined })).toBe('not exact, age not true')
    const most = (5_005 + limits.ageBeforeOutage) / 1_000
    expect(read(55_000, 'board 50', { state: 'stale', age: most - 0.001 })).toBe('honest')
    expect(read(55_000, 'board 50', { state: 'stale', age: most + 0.001 })).toBe('not exact, age not true')
  })

  test('may be as old as outages that followed each other without a moment in between', () => {
    const { read, outages, broken } = day()
    broken()
    outages.begin({ name: 'another', away: undefined, felt: true }, 61_000)
    expect(read(64_000, 'board 50', { state: 'stale', age: 14 })).toBe('honest')
  })
})

describe('a read that was not answered', () => {
  const missing = (asked: 'http' | 'redis', at: number) => {
    const { judge, broken } = day()
    broken()
    const verdict = judge.judge({ source: asked, asked, began: at, ended: at, told: { missing: 'ECONNREFUSED' } })
    return verdict.kind === 'violation' ? verdict.rule : verdict.kind
  }

  test('is excused only where the server itself was broken', () => {
    expect(missing('redis', 55_000)).toBe('excused')
    expect(missing('redis', 40_000)).toBe('no answer')
    expect(missing('http', 55_000)).toBe('no answer')
  })
})

test('only what claims to be exact can be a lie', () => {
  expect(isLie('claimed exact, too old')).toBe(true)
  expect(isLie('late')).toBe(false)
  expect(isLie('not exact, never true')).toBe(false)
})
