import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RanktideError } from '../../src/core/errors.js'
import { OffsetCommits } from '../../src/sources/kafka-commits.js'

describe('commits of offsets', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const recorded = (answer: () => Promise<void> = async () => {}) => {
    const sent: Record<string, number>[] = []
    const troubles: RanktideError[] = []
    const commits = new OffsetCommits({
      send: (positions) => {
        sent.push(Object.fromEntries(positions))
        return answer()
      },
      onTrouble: (error) => troubles.push(error),
      interval: 1_000,
    })
    const commit = (record: Record<string, number>) => commits.commit(new Map(Object.entries(record)))
    return { commits, commit, sent, troubles }
  }

  it('folds to one a second, the latest of each partition', async () => {
    const { commit, sent } = recorded()
    for (let i = 1; i <= 30; i++) {
      commit({ 'a/0': i, ...(i === 5 ? { 'a/1': 50 } : {}) })
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(sent).toEqual([{ 'a/0': 1 }, { 'a/0': 10, 'a/1': 50 }, { 'a/0': 20 }, { 'a/0': 30 }])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(sent.length).toBe(4)
  })

  it('lets a later, lower position win: a feed may start again from before', async () => {
    const { commits, commit, sent } = recorded()
    commit({ 'a/0': 9 })
    commit({ 'a/0': 4 })
    await commits.flush(2_000)
    expect(sent).toEqual([{ 'a/0': 4 }])
  })

  it('reports a failure and sends again, what is newer first', async () => {
    let failures = 2
    const { commit, sent, troubles } = recorded(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      if (failures-- > 0) throw new Error('no coordinator')
    })
    commit({ 'a/0': 1, 'a/1': 1 })
    // While the first is in flight.
    await vi.advanceTimersByTimeAsync(50)
    commit({ 'a/0': 2 })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(sent).toEqual([
      { 'a/0': 1, 'a/1': 1 },
      { 'a/0': 2, 'a/1': 1 },
      { 'a/0': 2, 'a/1': 1 },
    ])
    expect(troubles.map(({ code }) => code)).toEqual(['KAFKA_FAILED', 'KAFKA_FAILED'])
    expect(troubles[0]?.detail).toContain('no coordinator')
  })

  it('flushes at once, after what is in flight, and no longer than its limit', async () => {
    let answer = (): void => {}
    const { commits, commit, sent } = recorded(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    commit({ 'a/0': 1 })
    await vi.advanceTimersByTimeAsync(0)
    commit({ 'a/0': 2 })
    let flushed = false
    const flush = commits.flush(2_000).then(() => {
      flushed = true
    })
    await vi.advanceTimersByTimeAsync(100)
    expect(sent).toEqual([{ 'a/0': 1 }])
    answer()
    await vi.advanceTimersByTimeAsync(0)
    expect(sent).toEqual([{ 'a/0': 1 }, { 'a/0': 2 }])
    expect(flushed).toBe(false)
    await vi.advanceTimersByTimeAsync(2_000)
    await flush
  })

  it('forgets what is pending, also what fails after that', async () => {
    let fail = (_: Error): void => {}
    const { commits, commit, sent, troubles } = recorded(
      () =>
        new Promise((_, reject) => {
          fail = reject
        }),
    )
    commit({ 'a/0': 1 })
    await vi.advanceTimersByTimeAsync(0)
    commit({ 'a/0': 2 })
    commits.drop()
    fail(new Error('too late'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(sent).toEqual([{ 'a/0': 1 }])
    expect(troubles).toEqual([])
  })
})
