import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { closeOnSignals, Lifecycle } from '../../src/runtime/lifecycle.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const start = (deadlineMs?: number) => {
  const said: string[] = []
  const exits: number[] = []
  const say = (values: { release?: string }, text: string) => said.push(`${text}: ${values.release ?? ''}`)
  const lifecycle = new Lifecycle({
    log: { info: () => undefined, warn: say, error: say } as never,
    exit: (code) => exits.push(code),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })
  return { lifecycle, said, exits }
}
const never = () => new Promise<void>(() => undefined)

test('what was opened last is closed first, each after the other', async () => {
  const { lifecycle, exits } = start()
  const order: string[] = []
  for (const name of ['redis', 'kafka', 'http']) {
    lifecycle.onClose(name, async () => {
      order.push(`${name} begins`)
      await Promise.resolve()
      order.push(`${name} ends`)
    })
  }
  expect(await lifecycle.close('test')).toBe(true)
  expect(order).toEqual(['http begins', 'http ends', 'kafka begins', 'kafka ends', 'redis begins', 'redis ends'])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(exits).toEqual([])
})

test('a release that fails or hangs is named and passed over', async () => {
  const { lifecycle, said } = start()
  const released: string[] = []
  lifecycle.onClose('redis', () => {
    released.push('redis')
  })
  lifecycle.onClose('kafka', never, 500)
  lifecycle.onClose('http', () => {
    throw new Error('no')
  })
  const clean = lifecycle.close('test')
  await vi.advanceTimersByTimeAsync(499)
  expect(released).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(await clean).toBe(false)
  expect(released).toEqual(['redis'])
  expect(said).toEqual(['Release failed: http', 'Release took too long, going on without it: kafka'])
})

test('after the deadline the process exits with 1 and says what hung', async () => {
  const { lifecycle, said, exits } = start()
  lifecycle.onClose('kafka', never, 60_000)
  void lifecycle.close('test')
  await vi.advanceTimersByTimeAsync(8999)
  expect(exits).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(exits).toEqual([1])
  expect(said).toEqual(['Release hung, exiting without it: kafka'])
})

test('closing twice releases once', async () => {
  const { lifecycle } = start()
  let times = 0
  lifecycle.onClose('redis', () => {
    times++
  })
  await Promise.all([lifecycle.close('one'), lifecycle.close('two')])
  expect(times).toBe(1)
})

test('what is opened while the process closes is released too', async () => {
  const { lifecycle } = start()
  const released: string[] = []
  lifecycle.onClose('early', () => {
    lifecycle.onClose('meanwhile', () => {
      released.push('meanwhile')
    })
  })
  await lifecycle.close('test')
  lifecycle.onClose('after', () => {
    released.push('after')
  })
  await lifecycle.close('test')
  expect(released).toEqual(['meanwhile', 'after'])
})

test.each([
  ['cleanly', () => undefined, 0],
  [
    'with a failure',
    () => {
      throw new Error('no')
    },
    1,
  ],
])('a signal closes %s and exits', async (_name, release, code) => {
  const { lifecycle, exits } = start()
  const signals = new EventEmitter()
  lifecycle.onClose('redis', release)
  closeOnSignals(lifecycle, signals)
  signals.emit('SIGTERM', 'SIGTERM')
  expect(lifecycle.closing).toBe(true)
  await vi.advanceTimersByTimeAsync(0)
  expect(exits).toEqual([code])
})

test('a second signal exits at once; none is heard after listening stopped', async () => {
  const { lifecycle, exits } = start()
  const signals = new EventEmitter()
  lifecycle.onClose('kafka', never, 60_000)
  const stop = closeOnSignals(lifecycle, signals)
  signals.emit('SIGINT', 'SIGINT')
  await vi.advanceTimersByTimeAsync(10)
  expect(exits).toEqual([])
  signals.emit('SIGTERM', 'SIGTERM')
  expect(exits).toEqual([1])
  stop()
  signals.emit('SIGTERM', 'SIGTERM')
  expect(exits).toEqual([1])
})

test('what was registered may be released before the end, and is not released again', async () => {
  const { lifecycle } = start()
  const released: string[] = []
  lifecycle.onClose('http', () => {
    released.push('http')
  })
  const releaseFeed = lifecycle.onClose('feed', () => {
    released.push('feed')
  })
  expect(await releaseFeed()).toBe(true)
  expect(await releaseFeed()).toBe(true)
  expect(released).toEqual(['feed'])
  await lifecycle.close('test')
  expect(released).toEqual(['feed', 'http'])
})
