// Counters of a worker on a log and tables in memory: how they live, fail and end.
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RanktideError } from '../../src/core/errors.js'
import type { Finding } from '../../src/databases/finding.js'
import { createCounterRecorder } from '../../src/http/counter-metrics.js'
import type { Config } from '../../src/runtime/config.js'
import { Lifecycle } from '../../src/runtime/lifecycle.js'
import { parseConfig } from '../../src/runtime/load-config.js'
import type { Log } from '../../src/runtime/log.js'
import { CounterPart } from '../../src/worker/counter-part.js'
import { CountingWorld, readsTopic } from '../support/counting-world.js'
import { until } from '../support/until.js'

const configOf = (more: string): Config => {
  const text = `kafka: { brokers: a }\ndatabase: { url: mysql://h/x }\n${more}`
  const result = parseConfig(text, 'x', { environment: {}, hostname: 'h' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.config
}
const reads = `reads: { topic: ${readsTopic}, table: items, add: { read_cnt: 1 }, window: { events: 10, time: 5ms } }`

interface Told {
  readonly level: string
  readonly text: string
  readonly values: Readonly<Record<string, unknown>>
}

let world: CountingWorld
let told: Told[]
let lifecycle: Lifecycle
let registry: Registry

const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (values: Told['values'], text: string) => told.push({ level, text, values }),
  ]),
) as unknown as Log

beforeEach(() => {
  world = new CountingWorld()
  told = []
  lifecycle = new Lifecycle({ log, exit: () => {} })
  registry = new Registry()
})
afterEach(async () => {
  await lifecycle.close('the test is over')
})

const start = (more = `counters: { ${reads} }`) => {
  const part = new CounterPart({
    config: configOf(more),
    log,
    lifecycle,
    recorder: createCounterRecorder(registry),
    parts: world.parts,
    deadLetters: world.letters,
  })
  const starts = part.startSupervised()
  return { part, starts, firsts: starts.map(({ first }) => first) }
}
const metric = async (line: string): Promise<number> =>
  Number(
    (await registry.metrics())
      .split('\n')
      .find((one) => one.startsWith(line))
      ?.split(' ')
      .at(-1) ?? Number.NaN,
  )

test('events are counted, offsets stored and mirrored, and it says so', async () => {
  world.send(0, { uid: 1, bizId: 7 }, { uid: 2, bizId: 7 })
  world.send(1, { uid: 1, bizId: 8 })
  const { part, firsts } = start()
  expect(await Promise.all(firsts)).toEqual([undefined])
  await until(
    'all are counted',
    () => world.counts('items')['article:7'] === 2 && world.counts('items')['article:8'] === 1,
  )
  const { group = '' } = configOf(`counters: { ${reads} }`).counters[0] ?? {}
  expect(world.tables.offsets(group).get(`${readsTopic}/0`)?.next).toBe(2)
  await until('they are mirrored', () => world.log.mirrored(group).get(`${readsTopic}/0`) === 2)
  expect(part.checks()).toEqual([
    { name: 'counters.reads', ok: true, detail: 'counting: 2 partitions, 0 events (0.0 s) behind, window 10' },
  ])
  expect(await metric('ranktide_counter_events_total')).toBe(3)
  expect(await metric('ranktide_counter_lag_events')).toBe(0)
  expect(await metric('ranktide_counter_up')).toBe(1)
})

test('a poison event becomes a dead letter that names the pipeline; its neighbours are counted once', async () => {
  const { part } = start()
  world.send(0, { uid: 1, bizId: 7 }, '{"uid":-1}', { uid: 2, bizId: 7 })
  await until('both are counted', () => world.counts('items')['article:7'] === 2)
  expect(world.letters.letters.map(({ feed, message, refusal }) => [feed, message.offset, refusal.code])).toEqual([
    ['counters.reads', 1, 'EVENT_FIELD'],
  ])
  expect(await metric('ranktide_counter_refused_events_total')).toBe(1)
  expect(told.filter(({ text }) => text === 'Events refused, they are dead letters')).toHaveLength(1)
  expect(
    told.filter(({ level }) => level !== 'debug').some(({ values }) => JSON.stringify(values).includes('-1')),
  ).toBe(false)
  expect(part.checks()[0]?.ok).toBe(true)
})

test('while dead letters cannot be written it stands still and says why, then goes on', async () => {
  world.letters.writable = false
  const { part } = start()
  world.send(0, '{}', { uid: 2, bizId: 7 })
  await until('it says so', () => part.checks()[0]?.detail.startsWith('waiting: KAFKA_FAILED: simulated') === true)
  expect(world.counts('items')).toEqual({})
  expect(await metric('ranktide_counter_up')).toBe(0)
  world.letters.writable = true
  await until('it goes on', () => world.counts('items')['article:7'] === 1)
  expect(await metric('ranktide_counter_dead_letter_failures_total')).toBeGreaterThan(0)
})

test('a database that is away is waited for, said once a try, and what came meanwhile is counted once', async () => {
  let down = true
  world.preflight = () => {
    if (down) throw new RanktideError('DATABASE_UNREACHABLE', 'db:3306: ECONNREFUSED')
    return []
  }
  const { part, firsts } = start()
  await until('it waits', () => part.checks()[0]?.detail === 'waiting: DATABASE_UNREACHABLE: db:3306: ECONNREFUSED')
  down = false
  expect(await Promise.all(firsts)).toEqual([undefined])
  await until('it counts', () => part.checks()[0]?.ok === true)

  let failures = 0
  world.interrupt = (statement) => {
    if (statement !== 'commit' || failures >= 3) return
    failures += 1
    throw new RanktideError('DATABASE_TIMEOUT', 'commit')
  }
  world.send(0, { uid: 1, bizId: 7 })
  await until('it waits again', () => part.checks()[0]?.detail.startsWith('waiting: DATABASE_TIMEOUT') === true)
  await until('it is counted', () => world.counts('items')['article:7'] === 1)
  await until('it says so', () => part.checks()[0]?.ok === true)
  expect(await metric('ranktide_counter_write_failures_total')).toBe(3)
})

test('what waits at its start says so to whoever starts it; a missing right is one line a try', async () => {
  let denied = true
  const message = 'run: GRANT UPDATE ON webook.items TO app'
  world.preflight = () => (denied ? [{ level: 'error', code: 'DATABASE_DENIED', message }] : [])
  const { part, starts } = start()
  const [begun] = starts
  expect(await begun?.waits).toBeUndefined()
  expect(told.map(({ level, text, values }) => [level, text, values.detail])).toEqual([
    ['warn', 'Waiting for the database', message],
  ])
  denied = false
  expect(await begun?.first).toBeUndefined()
  await until('it counts', () => part.checks()[0]?.ok === true)
})

test('a mirror of offsets that fails is a line in the log, and the counter is well', async () => {
  world.mirrorTrouble = new RanktideError('KAFKA_DENIED', 'committing offsets')
  const { part } = start()
  world.send(0, { uid: 1, bizId: 7 })
  await until('it says so', () => told.some(({ text }) => text === 'Offsets not mirrored to Kafka, counting goes on'))
  expect(part.checks()[0]).toMatchObject({ ok: true, detail: expect.stringMatching(/^counting/) })
})

test('a deadlock is no outage', async () => {
  const { part } = start()
  await until('it counts', () => part.checks()[0]?.ok === true)
  const states = new Set<string | undefined>()
  let failures = 0
  world.interrupt = (statement) => {
    states.add(part.checks()[0]?.detail.split(':')[0])
    if (statement !== 'counts' || failures >= 5) return
    failures += 1
    throw new RanktideError('DATABASE_CONFLICT', 'deadlock')
  }
  world.send(0, { uid: 1, bizId: 7 })
  await until('it is counted', () => world.counts('items')['article:7'] === 1)
  expect(failures).toBe(5)
  expect([...states]).toEqual(['counting'])
  expect(told.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
})

test('one that is down leaves the others alive, gives everything back, and is down in the metrics, too', async () => {
  world.preflight = (counter) =>
    counter === 'other' ? [{ level: 'error', code: 'TABLE_MISSING', message: 'webook.none' }] : []
  const other = `other: { topic: ${readsTopic}, table: none, add: { n: 1 } }`
  const { part, firsts } = start(`counters: { ${other}, ${reads} }`)
  expect((await Promise.all(firsts)).map((error) => error?.code)).toEqual(['TABLE_MISSING', undefined])
  world.send(0, { uid: 1, bizId: 7 })
  await until('the other one counts', () => world.counts('items')['article:7'] === 1)
  expect(part.checks().map(({ name, ok, detail }) => [name, ok, detail.split(';')[0]])).toEqual([
    ['counters.other', false, 'down: TABLE_MISSING: webook.none'],
    ['counters.reads', true, expect.stringMatching(/^counting/)],
  ])
  expect(world.open.filter((name) => name.includes('other'))).toEqual([])
  expect(await metric('ranktide_counter_up{pipeline="counters.other"}')).toBe(0)
  expect(told.filter(({ text }) => text === 'Pipeline is down, starting it again later')).toHaveLength(1)
})

test('events that are gone stop it, with how many of which partition', async () => {
  world.send(0, { uid: 1, bizId: 7 }, { uid: 2, bizId: 7 }, { uid: 3, bizId: 7 })
  const { group } = configOf(`counters: { ${reads} }`).counters[0] ?? { group: '' }
  world.tables.transaction(() => {
    world.tables.setOffset(group, `${readsTopic}/0`, { next: 0, epoch: 1 })
    return { commit: undefined }
  })
  world.log.retain(readsTopic, 0, 2)
  const { part } = start()
  await until('it is down', () => part.checks()[0]?.detail.startsWith('down: EVENTS_LOST') === true)
  expect(part.checks()[0]?.detail).toContain(`${readsTopic}/0`)
  expect(world.counts('items')).toEqual({})
})

test('with onLoss: skip it goes on behind the loss, which is counted', async () => {
  world.send(0, { uid: 1, bizId: 7 }, { uid: 2, bizId: 7 }, { uid: 3, bizId: 7 })
  const text = `counters: { ${reads.replace('window', 'onLoss: skip, window')} }`
  const { group } = configOf(text).counters[0] ?? { group: '' }
  world.tables.transaction(() => {
    world.tables.setOffset(group, `${readsTopic}/0`, { next: 0, epoch: 1 })
    return { commit: undefined }
  })
  world.log.retain(readsTopic, 0, 2)
  start(text)
  await until('it goes on', () => world.counts('items')['article:7'] === 1)
  expect(await metric('ranktide_counter_lost_events_total')).toBe(2)
  expect(told.filter(({ text: line }) => line === 'Events are gone, going on without them')).toHaveLength(1)
})

test('stopping: the transaction under way ends, is mirrored, then the group is left, then the store closed', async () => {
  const { part } = start()
  await until('it counts', () => part.checks()[0]?.ok === true)
  let writing = false
  let goOn = (): void => {}
  world.beforeWrite = () => {
    writing = true
    return new Promise((resolve) => {
      goOn = resolve
    })
  }
  world.events.length = 0
  world.send(0, { uid: 1, bizId: 7 })
  await until('it is being written', () => writing)
  const closed = lifecycle.close('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(world.events).toEqual([])
  goOn()
  await closed
  expect(world.open).toEqual([])
  expect(world.events).toEqual(['written', 'mirror', 'leave', 'close consumer', 'close store reads'])
  world.send(0, { uid: 1, bizId: 7 })
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(world.counts('items')['article:7']).toBe(1)
})

test('stopping while the database is waited for takes no time', async () => {
  world.preflight = () => {
    throw new RanktideError('DATABASE_UNREACHABLE', 'db')
  }
  const { part } = start()
  await until('it waits', () => part.checks()[0]?.detail.startsWith('waiting') === true)
  const begun = performance.now()
  expect(await lifecycle.close('SIGTERM')).toBe(true)
  expect(performance.now() - begun).toBeLessThan(1_000)
  expect(world.open).toEqual([])
})

test('the history keeps each latest read, deletes what is old in steps, and closes what it opened', async () => {
  world.old = 2_500
  const { part } = start(`history: { topic: ${readsTopic}, window: { time: 5ms } }`)
  world.send(0, { uid: 1, bizId: 7, ts: 5 }, { uid: 1, bizId: 7, ts: 9 }, { uid: 1, bizId: 7, ts: 8 })
  await until('it is kept', () => [...world.tables.history('1').values()].some(({ readAt }) => readAt === 9))
  await until('what is old is gone', () => world.old === 0)
  expect(await metric('ranktide_history_expired_total')).toBe(2_500)
  expect(part.checks()[0]?.name).toBe('history')
  await lifecycle.close('SIGTERM')
  expect(world.open).toEqual([])
})

test('a retention that may not delete is told at the start, with everything else and once', async () => {
  const missing: Finding = { level: 'error', code: 'MIGRATION_MISSING', message: 'read_history' }
  world.preflight = () => [missing]
  world.readsPreflight = () => [missing, { level: 'error', code: 'DATABASE_DENIED', message: 'run: GRANT DELETE' }]
  const { firsts } = start(`history: { topic: ${readsTopic} }`)
  expect((await firsts[0])?.code).toBe('MIGRATION_MISSING')
  expect(told.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
    'read_history',
    'run: GRANT DELETE',
    'Pipeline is down, starting it again later',
  ])
  expect(world.open).toEqual([])
})

test('without a retention nothing is deleted', async () => {
  world.old = 10
  world.readsPreflight = () => [{ level: 'error', code: 'TABLE_MISSING', message: 'not looked for' }]
  const { part } = start(`history: { topic: ${readsTopic}, retention: off }`)
  await until('it counts', () => part.checks()[0]?.ok === true)
  expect([world.old, world.open.includes('reads')]).toEqual([10, false])
})

const planOf = (changed: readonly string[], removed: readonly string[] = []) => ({ changed, removed })
const named = (name: string, table: string): string =>
  `${name}: { topic: ${readsTopic}, table: ${table}, add: { read_cnt: 1 }, window: { events: 10, time: 5ms } }`

test('a counter is added, changed and removed while another goes on undisturbed', async () => {
  const { part, firsts } = start(`counters: { ${named('a', 'items')}, ${named('b', 'others')} }`)
  await Promise.all(firsts)
  world.send(0, { uid: 1, bizId: 7 })
  await until(
    'both have counted',
    () => world.counts('items')['article:7'] === 1 && world.counts('others')['article:7'] === 1,
  )
  const openBefore = world.open.filter((one) => one.endsWith('counter.a') || one === 'store a')
  const next = configOf(`counters: { ${named('a', 'items')}, ${named('c', 'more')}, ${named('b', 'fourth')} }`)
  const change = await part.prepare(next, planOf(['counters.c', 'counters.b']))
  expect(part.checks().map(({ name }) => name)).toEqual(['counters.a', 'counters.b'])
  await change.apply()
  expect(part.checks().map(({ name }) => name)).toEqual(['counters.a', 'counters.c', 'counters.b'])
  await until('all count', () => part.checks().every(({ ok }) => ok))
  world.send(0, { uid: 2, bizId: 7 })
  await until(
    'each counts where it is told to',
    () => world.counts('items')['article:7'] === 2 && world.counts('fourth')['article:7'] === 1,
  )
  // It goes on from where it stood, by the offsets of its name.
  expect(world.counts('others')['article:7']).toBe(1)
  expect(world.open.filter((one) => one.endsWith('counter.a') || one === 'store a')).toEqual(openBefore)

  const fewer = await part.prepare(
    configOf(`counters: { ${named('a', 'items')} }`),
    planOf([], ['counters.b', 'counters.c']),
  )
  await fewer.apply()
  expect(part.checks().map(({ name }) => name)).toEqual(['counters.a'])
  expect(world.open.some((one) => /[bc]$/.test(one))).toBe(false)
  expect(await metric('ranktide_counter_lag_events{pipeline="counters.b"}')).toBeNaN()
  world.send(0, { uid: 3, bizId: 7 })
  await until('the one that is left counts', () => world.counts('items')['article:7'] === 3)
  expect(world.counts('fourth')['article:7']).toBe(1)
})

test('a counter whose table does not fit is refused before anything is ended', async () => {
  const { part, firsts } = start(`counters: { ${named('a', 'items')} }`)
  await Promise.all(firsts)
  const before = [...world.open]
  world.preflight = () => [{ level: 'error', code: 'TABLE_MISSING', message: 'there is no table' }]
  const next = configOf(`counters: { ${named('a', 'other')} }`)
  await expect(part.prepare(next, planOf(['counters.a']))).rejects.toMatchObject({ code: 'TABLE_MISSING' })
  expect([...world.open].sort()).toEqual(before.sort())
  world.send(0, { uid: 1, bizId: 7 })
  await until('it counts', () => world.counts('items')['article:7'] === 1)
})
