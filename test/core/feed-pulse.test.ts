import { beforeEach, describe, expect, it } from 'vitest'
import type { BarrierEffect } from '../../src/core/barrier.js'
import { FeedPulse, isBehind } from '../../src/core/feed-pulse.js'
import type { Positions } from '../../src/core/positions.js'

const start = 1_700_000_000_000

describe('the pulse of a feed', () => {
  let pulse: FeedPulse
  let now: number
  let partitions: number
  let ids: number
  let reached: Positions

  const make = (marks = true): void => {
    pulse = new FeedPulse({ name: 'shop', marks, nonce: 'me' })
  }
  const step = (ms: number): BarrierEffect[] => {
    now += ms
    return pulse.advance(reached, now, partitions, () => ++ids)
  }
  /** The nonces asked for while time goes by in quarters of a second. */
  const marksIn = (ms: number): string[] => {
    const marks: string[] = []
    for (let gone = 0; gone < ms; gone += 250)
      for (const effect of step(250)) if (effect.kind === 'mark') marks.push(effect.nonce)
    return marks
  }
  /** Every marker comes back at once. */
  const healthy = (ms: number): void => {
    for (let gone = 0; gone < ms; gone += 250) for (const nonce of marksIn(250)) pulse.onMarker(nonce, partitions)
    step(0)
  }

  beforeEach(() => {
    now = start
    partitions = 1
    ids = 0
    reached = new Map()
    make()
  })

  it('writes a marker a second, and is proven as of the writing of the one that came back', () => {
    const marks = marksIn(5_000)
    expect(marks.length).toBe(5)
    pulse.onMarker(marks[2] ?? '', 1)
    step(0)
    expect(pulse.provenAt).toBe(Number(marks[2]?.split(':').at(-1)))
    expect(pulse.trouble).toBe('')
  })

  it('is proven by commit times too, and writes less while they come', () => {
    healthy(1_000)
    let written = 0
    for (let i = 0; i < 40; i++) {
      pulse.onCommits(Math.floor(now / 1_000) * 1_000, 1)
      written += marksIn(250).length
    }
    expect(written).toBeLessThan(3)
    expect(now - (pulse.provenAt ?? 0)).toBeLessThan(2_000)
  })

  it('on several partitions proves a marker only by a later one and the ends asked for after it', () => {
    partitions = 2
    const marks = marksIn(3_000)
    pulse.onCommits(now, 2)
    pulse.onMarker(marks[0] ?? '', 2)
    step(0)
    expect(pulse.provenAt).toBe(0)
    pulse.onMarker(marks[1] ?? '', 2)
    const [asked] = step(0)
    expect(asked?.kind).toBe('ends')
    pulse.onEnds(
      asked?.kind === 'ends' ? asked.barrier : 0,
      new Map([
        ['t/0', 3],
        ['t/1', 5],
      ]),
    )
    reached = new Map([
      ['t/0', 9],
      ['t/1', 4],
    ])
    step(0)
    expect(pulse.provenAt).toBe(0)
    reached = new Map([
      ['t/0', 9],
      ['t/1', 5],
    ])
    step(0)
    expect(pulse.provenAt).toBe(Number(marks[0]?.split(':').at(-1)))
  })

  it('on several partitions never looks older than a second while every marker comes back at once', () => {
    partitions = 3
    let oldest = 0
    for (let gone = 0; gone < 20_000; gone += 250) {
      for (const effect of step(250)) {
        if (effect.kind === 'mark') pulse.onMarker(effect.nonce, 3)
        else if (effect.kind === 'ends') pulse.onEnds(effect.barrier, new Map())
      }
      for (const effect of step(0)) if (effect.kind === 'ends') pulse.onEnds(effect.barrier, new Map())
      step(0)
      if (gone > 2_000) oldest = Math.max(oldest, now - (pulse.provenAt ?? 0))
    }
    expect(oldest).toBeLessThanOrEqual(1_000)
  })

  it('is silent when nothing comes for five seconds, says since when, and is not when something does', () => {
    healthy(2_000)
    const proven = pulse.provenAt ?? 0
    marksIn(3_500)
    expect(pulse.trouble).toBe('')
    const marks = marksIn(2_000)
    expect(pulse.trouble).toMatch(/^the feed shop is silent since 2023-11-14T22:13:2\dZ: FEED_SILENT$/)
    expect(isBehind(pulse.trouble)).toBe(true)
    const said = pulse.trouble
    marksIn(600_000)
    expect([pulse.trouble, pulse.provenAt]).toEqual([said, proven])
    pulse.onMarker(marksIn(1_000)[0] ?? marks[0] ?? '', 1)
    step(0)
    expect(pulse.trouble).toBe('')
  })

  it('says what it is that a marker cannot be written for', () => {
    healthy(2_000)
    marksIn(3_000)
    pulse.onFailure('DATABASE_UNREACHABLE', now)
    marksIn(3_000)
    expect(pulse.trouble).toMatch(/: DATABASE_UNREACHABLE$/)
  })

  it('is behind while what comes is old, until it has come close again', () => {
    healthy(2_000)
    const lagging = (by: number): string => {
      pulse.onCommits(now - by, 1)
      step(1_000)
      return pulse.trouble
    }
    now += 25_000
    expect(lagging(10_000)).toBe('the feed shop is behind its database')
    expect(lagging(3_000)).toBe('the feed shop is behind its database')
    expect(lagging(1_000)).toBe('')
    expect(lagging(3_500)).toBe('')
  })

  it('finds out that no markers come, calls that no silence, and finds them later', () => {
    marksIn(29_000)
    expect([pulse.carriesMarkers, pulse.provenAt]).toEqual([undefined, undefined])
    marksIn(2_000)
    expect([pulse.carriesMarkers, pulse.provenAt, pulse.trouble]).toEqual([false, undefined, ''])
    const rare = marksIn(120_000)
    expect(rare.length).toBeGreaterThanOrEqual(3)
    expect(rare.length).toBeLessThanOrEqual(5)
    pulse.onMarker(rare.at(-1) ?? '', 1)
    step(0)
    expect(pulse.carriesMarkers).toBe(true)
    expect(pulse.provenAt).toBeGreaterThan(start)
  })

  it('concludes nothing while markers cannot be written', () => {
    for (let i = 0; i < 100; i++) {
      marksIn(1_000)
      pulse.onFailure('DATABASE_UNREACHABLE', now)
    }
    expect(pulse.carriesMarkers).toBeUndefined()
  })

  it('a feed whose markers an earlier owner has seen is silent from the start, not without markers', () => {
    pulse.expectMarkers()
    marksIn(120_000)
    expect([pulse.carriesMarkers, pulse.provenAt]).toEqual([undefined, 0])
    expect(pulse.trouble).toMatch(/is silent since/)
  })

  it('a feed that shows commits half a minute later than a marker does not carry markers any more', () => {
    healthy(2_000)
    for (let i = 0; i < 40; i++) {
      pulse.onCommits(now, 1)
      marksIn(1_000)
    }
    expect([pulse.carriesMarkers, pulse.provenAt, pulse.trouble]).toEqual([false, undefined, ''])
  })

  it('writes and claims nothing where no marker may be written', () => {
    make(false)
    expect(marksIn(60_000)).toEqual([])
    expect([pulse.provenAt, pulse.trouble]).toEqual([undefined, ''])
  })
})
