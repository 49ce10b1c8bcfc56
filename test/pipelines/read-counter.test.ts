/** The counter and the history side by side, over a log and tables in memory, on the real clock. */
import { asyncScheduler, type Subscription } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCounterPipeline } from '../../pipelines/read-counter.js'
import { readHistoryPipeline } from '../../pipelines/read-history.js'
import type { CounterProgress } from '../../src/core/counter-progress.js'
import { MemoryCountStore } from '../../src/databases/memory/count-store.js'
import { MemoryHistoryStore } from '../../src/databases/memory/history-store.js'
import { MemoryTables } from '../../src/databases/memory/memory-tables.js'
import { MemoryReadHistory } from '../../src/databases/memory/read-history.js'
import { readEvent } from '../../src/formats/read-event.js'
import type { CounterPorts } from '../../src/operators/counter-ports.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { MemoryLog } from '../../src/sources/memory-log.js'
import { until } from '../support/until.js'

const topic = 'read_events'
const now = Date.UTC(2026, 10, 21, 13, 30)

describe('the counter and the history', () => {
  let log: MemoryLog
  let tables: MemoryTables
  let letters: MemoryDeadLetters
  let running: Subscription[]
  let latest: CounterProgress | undefined

  const ports = (name: string): Omit<CounterPorts<never>, 'store'> => ({
    name,
    group: name,
    consumer: log.consumer({ group: name, topics: [topic] }),
    deadLetters: letters,
    decode: readEvent,
    window: { events: 100, time: 5, most: 1_000 },
    start: 'beginning',
    onLoss: 'stop',
    scheduler: asyncScheduler,
    random: Math.random,
    observer: { letters: { written: () => {}, failed: () => {} }, failed: () => {}, fenced: () => {}, lost: () => {} },
  })
  const startCounter = () => {
    const store = new MemoryCountStore(tables, {
      name: 'reads',
      table: { schema: undefined, name: 'interactives' },
      add: new Map([['read_cnt', 1]]),
    })
    const spec = { buckets: ['hour', 'day'], timeZone: 'Asia/Shanghai' } as const
    const subscription = readCounterPipeline({ ...ports('counter'), store, spec }).subscribe((progress) => {
      latest = progress
    })
    running.push(subscription)
    return subscription
  }
  const startHistory = () =>
    running.push(readHistoryPipeline({ ...ports('history'), store: new MemoryHistoryStore(tables) }).subscribe())
  const produce = (partition: number, value: unknown) =>
    log.append(topic, partition, { key: null, value: Buffer.from(JSON.stringify(value)), timestamp: now })
  const counts = () =>
    Object.fromEntries(
      [...tables.counts('interactives').values()].map(({ biz, bizId, counts }) => [
        `${biz}:${bizId}`,
        counts.get('read_cnt'),
      ]),
    )
  const nextOf = (group: string) => [...tables.offsets(group).values()].map(({ next }) => next)

  beforeEach(() => {
    log = new MemoryLog({ [topic]: 2 })
    tables = new MemoryTables()
    letters = new MemoryDeadLetters()
    running = []
    latest = undefined
  })
  afterEach(() => {
    for (const one of running) one.unsubscribe()
  })

  it('count each event once and keep each user’s latest read, with the poison of a batch set aside', async () => {
    startCounter()
    startHistory()
    for (let i = 0; i < 50; i++) produce(i % 2, { uid: 1 + (i % 3), biz: 'article', biz_id: 1 + (i % 2), ts: now + i })
    produce(0, { uid: 1, biz: 'article', biz_id: -1, ts: now })
    produce(0, { uid: 1, biz: 'new kind', biz_id: '18446744073709551615', ts: now })
    await until('all is counted', () => nextOf('counter').join() === '27,25' && nextOf('history').join() === '27,25')
    expect(counts()).toEqual({ 'article:1': 25n, 'article:2': 25n, 'new kind:18446744073709551615': 1n })
    const hours = [...tables.buckets.values()].filter(({ unit }) => unit === 'hour')
    expect(hours.map(({ start, events }) => [start, events])).toEqual([
      [Date.UTC(2026, 10, 21, 13), 25n],
      [Date.UTC(2026, 10, 21, 13), 25n],
      [Date.UTC(2026, 10, 21, 13), 1n],
    ])
    expect(await new MemoryReadHistory(tables).page('2', 2)).toEqual([
      { biz: 'article', bizId: '2', readAt: now + 49 },
      { biz: 'article', bizId: '1', readAt: now + 46 },
    ])
    expect(letters.letters.map(({ feed, refusal }) => `${feed} ${refusal.code}`).sort()).toEqual([
      'counter EVENT_FIELD',
      'history EVENT_FIELD',
    ])
    expect(latest).toMatchObject({ events: 51, refused: 1, lag: 0, oldest: undefined, newest: now })
    expect([...log.mirrored('counter').values()]).toEqual([27, 25])
  })

  it('go on where the last process of the group was, however it ended', async () => {
    const first = startCounter()
    for (let i = 0; i < 500; i++) produce(i % 2, { uid: 1, biz: 'article', biz_id: i % 7, ts: now })
    await until('something is counted', () => nextOf('counter').some((next) => next > 0))
    first.unsubscribe()
    startCounter()
    startCounter()
    for (let i = 0; i < 500; i++) produce(i % 2, { uid: 1, biz: 'article', biz_id: i % 7, ts: now })
    await until('all is counted', () => nextOf('counter').join() === '500,500')
    expect(Object.values(counts()).reduce((sum, one) => (sum ?? 0n) + (one ?? 0n), 0n)).toBe(1_000n)
  })
})
