import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import { supervise } from '../../src/worker/supervise.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const fault = new RanktideError('TABLE_MISSING', 'webook.none')

/** Each life lasts so many ms, having started or not, and ends with a fault. */
const watch = (lives: readonly { readonly lasts: number; readonly starts?: boolean }[]) => {
  const stop = new AbortController()
  const pauses: number[] = []
  let begun = 0
  const first = supervise({
    signal: stop.signal,
    live: async (started) => {
      const life = lives[begun] ?? { lasts: Number.POSITIVE_INFINITY, starts: true }
      begun += 1
      if (life.starts === true) started()
      if (life.lasts === Number.POSITIVE_INFINITY) return new Promise<never>(() => {})
      await new Promise((resolve) => setTimeout(resolve, life.lasts))
      throw fault
    },
    failed: (_error, pause) => pauses.push(pause),
  })
  return { stop, pauses, first, begun: () => begun }
}

test('pauses double from 5 s to 60 s, and another life begins after each', async () => {
  const { pauses, begun } = watch(Array.from({ length: 7 }, () => ({ lasts: 10 })))
  await vi.advanceTimersByTimeAsync(10_000_000)
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
  expect(begun()).toBe(8)
})

test('after a long life the pauses begin again', async () => {
  const { pauses } = watch([{ lasts: 10 }, { lasts: 10 }, { lasts: 60_000, starts: true }, { lasts: 10 }])
  await vi.advanceTimersByTimeAsync(10_000_000)
  expect(pauses).toEqual([5_000, 10_000, 5_000, 10_000])
})

test('what the first life came to is told once: started, or failed before that', async () => {
  expect(await watch([{ lasts: 10, starts: true }]).first).toBeUndefined()
  const failing = watch([{ lasts: 10 }])
  await vi.advanceTimersByTimeAsync(10)
  expect(await failing.first).toBe(fault)
})

test('once stopped no failure is told and no life begins', async () => {
  const during = watch([{ lasts: 1_000 }])
  const between = watch([{ lasts: 10 }])
  await vi.advanceTimersByTimeAsync(100)
  during.stop.abort()
  between.stop.abort()
  await vi.advanceTimersByTimeAsync(100_000)
  expect([during.pauses, during.begun()]).toEqual([[], 1])
  expect([between.pauses, between.begun()]).toEqual([[5_000], 1])
})
