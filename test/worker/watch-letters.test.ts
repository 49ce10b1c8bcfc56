import { expect, it } from 'vitest'
import { letterHeaders, passedHeaders, settledHeaders } from '../../src/core/letter.js'
import type { FeedLetters } from '../../src/core/letter-ledger.js'
import { watchLetters } from '../../src/worker/watch-letters.js'
import type { OpenLetterLog } from '../../src/worker/worker-parts.js'

const never = new Promise<never>(() => {})

/** How it is shut down: what it waits for then is not answered. */
const stopped = async (after: Promise<unknown>, open: () => Promise<OpenLetterLog>) => {
  const stop = new AbortController()
  const told: unknown[] = []
  const watching = watchLetters({
    after,
    open,
    show: () => {},
    failed: (error) => told.push(error),
    signal: stop.signal,
  })
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  await watching
  return told
}

const logWith = (bounds: OpenLetterLog['bounds']) => {
  let closed = 0
  const log: OpenLetterLog = {
    bounds,
    records: async function* () {},
    close: async () => {
      closed += 1
    },
  }
  return { log, closed: () => closed }
}

it('ends at once where nothing could be opened yet', async () => {
  expect(await stopped(never, () => never)).toEqual([])
  expect(await stopped(Promise.resolve(), () => never)).toEqual([])
})

it('closes what is opened too late', async () => {
  const { log, closed } = logWith(() => never)
  let opened = (_log: OpenLetterLog): void => {}
  const opening = new Promise<OpenLetterLog>((resolve) => {
    opened = resolve
  })
  await stopped(Promise.resolve(), () => opening)
  opened(log)
  await new Promise((resolve) => setImmediate(resolve))
  expect(closed()).toBe(1)
})

it('closes what is open, without waiting for its answer', async () => {
  const { log, closed } = logWith(() => never)
  expect(await stopped(Promise.resolve(), async () => log)).toEqual([])
  expect(closed()).toBe(1)
})

it('shows what is open, of all that the topic has', async () => {
  const source = (offset: number) => ({ feed: 'counters.reads', topic: 'reads', partition: 0, offset, timestamp: 1 })
  const refusal = { code: 'PARSE', detail: 'half' }
  const headers = [
    letterHeaders(source(1), refusal),
    letterHeaders(source(2), refusal),
    { 'somebody-else': 'wrote this' },
    passedHeaders(source(2)),
    settledHeaders(source(1), { outcome: 'discarded', reason: 'a test', by: 'ann@pod', at: 5 }),
  ]
  const log: OpenLetterLog = {
    bounds: async () => ({ first: 10, end: 15 }),
    records: async function* (from) {
      const record = { topic: 'letters', partition: 0, key: null, value: null }
      yield headers.map((one, i) => ({ ...record, offset: from + i, timestamp: 100 * i, headers: one }))
    },
    close: async () => {},
  }
  const stop = new AbortController()
  const shown = await new Promise<ReadonlyMap<string, FeedLetters> | undefined>((resolve) => {
    void watchLetters({
      after: Promise.resolve(),
      open: async () => log,
      show: resolve,
      failed: () => {},
      signal: stop.signal,
    })
  })
  stop.abort()
  expect(shown).toEqual(new Map([['counters.reads', { unsettled: 1, oldestAt: 100 }]]))
})
