import { expect, test } from 'vitest'
import { type Clock, RefillBudget } from '../../../src/databases/mysql/refill-budget.js'

/** Time that moves by hand. */
class ManualClock implements Clock {
  #now = 0
  #sleepers: { at: number; wake: () => void }[] = []
  now = () => this.#now
  wait = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((wake, fail) => {
      this.#sleepers.push({ at: this.#now + ms, wake })
      signal?.addEventListener('abort', () => fail(new Error('aborted')))
    })
  async advance(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
    await settle()
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Work that stays under way until it is let go. */
const jobs = (budget: RefillBudget) => {
  const started: string[] = []
  const ends = new Map<string, { end: () => void; fail: (error: Error) => void }>()
  const start = (name: string, spare?: number) =>
    budget.run(
      () =>
        new Promise<string>((resolve, reject) => {
          started.push(name)
          ends.set(name, { end: () => resolve(name), fail: reject })
        }),
      spare,
    )
  return { started, start, ends }
}

test('no more run at once than allowed, and the next in line takes the place of one that ends', async () => {
  const { started, start, ends } = jobs(new RefillBudget({ concurrency: 2, perMinute: 100 }, new ManualClock()))
  const first = start('a')
  for (const name of ['b', 'c', 'd']) start(name)
  await settle()
  expect(started).toEqual(['a', 'b'])
  ends.get('a')?.end()
  await expect(first).resolves.toBe('a')
  await settle()
  expect(started).toEqual(['a', 'b', 'c'])
})

test('who has the fewest rows to spare comes first, among equals who came first', async () => {
  const { started, start, ends } = jobs(new RefillBudget({ concurrency: 1, perMinute: 100 }, new ManualClock()))
  start('running')
  for (const [name, spare] of [
    ['plenty', 50],
    ['short', -3],
    ['even', 0],
    ['untold', undefined],
  ] as const)
    start(name, spare)
  for (const name of ['running', 'short', 'even', 'untold']) {
    await settle()
    ends.get(name)?.end()
  }
  await settle()
  expect(started).toEqual(['running', 'short', 'even', 'untold', 'plenty'])
})

test('work that fails gives its place back and reports its error', async () => {
  const { started, start, ends } = jobs(new RefillBudget({ concurrency: 1, perMinute: 100 }, new ManualClock()))
  const first = start('a')
  start('b')
  await settle()
  ends.get('a')?.fail(new Error('broken'))
  await expect(first).rejects.toThrow('broken')
  await settle()
  expect(started).toEqual(['a', 'b'])
})

test('no more start in any minute than allowed, in the order in which they came', async () => {
  const clock = new ManualClock()
  const { started, start, ends } = jobs(new RefillBudget({ concurrency: 9, perMinute: 2 }, clock))
  const finish = async () => {
    for (const { end } of ends.values()) end()
    await settle()
  }
  start('a')
  await clock.advance(40_000)
  for (const name of ['b', 'c', 'd', 'e']) start(name)
  await settle()
  await finish()
  expect(started).toEqual(['a', 'b'])
  await clock.advance(19_999)
  expect(started).toEqual(['a', 'b'])
  await clock.advance(1)
  expect(started).toEqual(['a', 'b', 'c'])
  await clock.advance(39_999)
  expect(started).toEqual(['a', 'b', 'c'])
  await clock.advance(1)
  expect(started).toEqual(['a', 'b', 'c', 'd'])
  await clock.advance(20_000)
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('closing sends away those who wait and lets those who run finish', async () => {
  const budget = new RefillBudget({ concurrency: 2, perMinute: 1 }, new ManualClock())
  const limited = jobs(budget)
  const running = limited.start('a')
  const waiting = limited.start('b')
  await settle()
  budget.close()
  await expect(waiting).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  await expect(limited.start('c')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
  limited.ends.get('a')?.end()
  await expect(running).resolves.toBe('a')
  expect(limited.started).toEqual(['a'])
})
