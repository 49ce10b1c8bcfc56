import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '../../src/operators/ports.js'
import { BatchCollector } from '../../src/sources/batch-collector.js'

/** A log to which messages are written over (fake) time. */
class FakeLog {
  readonly waiting: Message[] = []
  readonly asked: number[] = []
  error: Error | undefined
  #offset = 0

  write(count: number, bytes = 10): void {
    for (let i = 0; i < count; i++) {
      const offset = this.#offset++
      this.waiting.push({
        topic: 'a',
        partition: 0,
        offset,
        key: null,
        value: new Uint8Array(bytes),
        timestamp: undefined,
      })
    }
  }

  read = async (count: number, wait: number): Promise<readonly Message[]> => {
    this.asked.push(count)
    const due = performance.now() + wait
    while (this.waiting.length === 0 && performance.now() < due) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    if (this.waiting.length > 0) return this.waiting.splice(0, count)
    const error = this.error
    this.error = undefined
    if (error !== undefined) throw error
    return []
  }
}

describe('gathering a batch', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const collect = (log: FakeLog, window: { events?: number; bytes?: number; time?: number }) =>
    new BatchCollector(log.read, { events: 1_000_000, bytes: 1e9, time: 50, ...window })

  const offsets = (messages: readonly Message[]): number[] => messages.map(({ offset }) => offset)

  it('ends with the last event of the window, at once', async () => {
    const log = new FakeLog()
    log.write(25)
    const collector = collect(log, { events: 10 })
    expect(offsets(await collector.next())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(offsets(await collector.next())).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect(collector.drained).toBe(false)
  })

  it('ends with the bytes, over by no more than a message once their size is known', async () => {
    const log = new FakeLog()
    log.write(300, 1_000)
    const collector = collect(log, { bytes: 20_000 })
    expect((await collector.next()).length).toBe(20)
    log.waiting.splice(0)
    log.write(5, 50_000)
    expect((await collector.next()).length).toBe(1)
  })

  it('ends when the time since its first message is over, however steadily more comes', async () => {
    const log = new FakeLog()
    const collector = collect(log, { time: 50 })
    const begun = performance.now()
    let ended = 0
    const batch = collector.next().then((messages) => {
      ended = performance.now()
      return messages
    })
    await vi.advanceTimersByTimeAsync(30)
    for (let i = 0; i < 200; i++) {
      log.write(1)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect((await batch).length).toBeGreaterThan(40)
    expect(ended - begun).toBeGreaterThanOrEqual(80)
    expect(ended - begun).toBeLessThan(95)
    expect(collector.drained).toBe(true)
  })

  it('ends in time though every read comes back full', async () => {
    const log = new FakeLog()
    const endless = new BatchCollector(
      async (count) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        log.write(count)
        return log.waiting.splice(0, count)
      },
      { events: 1_000_000, bytes: 1e9, time: 50 },
    )
    const batch = endless.next()
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await batch).length).toBeLessThan(20_000)
  })

  it('says after a while that nothing came', async () => {
    const collector = collect(new FakeLog(), {})
    const batch = collector.next()
    await vi.advanceTimersByTimeAsync(200)
    expect(await batch).toEqual([])
    expect(collector.drained).toBe(true)
  })

  it('hands on what it had when an error came, then the error, then goes on', async () => {
    const log = new FakeLog()
    const collector = collect(log, {})
    log.write(3)
    log.error = new Error('broken')
    const first = collector.next()
    await vi.advanceTimersByTimeAsync(100)
    expect(offsets(await first)).toEqual([0, 1, 2])
    await expect(collector.next()).rejects.toThrow('broken')
    log.write(1)
    const batch = collector.next()
    await vi.advanceTimersByTimeAsync(200)
    expect(offsets(await batch)).toEqual([3])
  })
})
