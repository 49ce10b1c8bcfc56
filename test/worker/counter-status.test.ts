import { beforeEach, expect, test } from 'vitest'
import { type CounterProgress, nothingCounted } from '../../src/core/counter-progress.js'
import { RanktideError } from '../../src/core/errors.js'
import { CounterStatus } from '../../src/worker/counter-status.js'

const begun = 1_700_000_010_000
let now = begun
let status: CounterStatus

beforeEach(() => {
  now = begun
  status = new CounterStatus('counters.reads', () => now)
  status.begin()
})

const at = (next: number, end: number, more: Partial<CounterProgress> = {}): CounterProgress => ({
  ...nothingCounted,
  partitions: ['t/0', 't/1'],
  positions: new Map([['t/0', next]]),
  ends: new Map([['t/0', end]]),
  lag: end - next,
  oldest: end > next ? now - 2_500 : undefined,
  window: 1000,
  ...more,
})
const line = () => `${status.check().ok ? '+' : '-'} ${status.check().detail}`

test('before it has partitions it is starting, and does not count as well', () => {
  expect(line()).toBe('- starting')
  expect(status.lag).toBeUndefined()
})

test('it says its partitions, how far behind it is in events and seconds, and the window', () => {
  status.progress(at(5, 30))
  expect(line()).toBe('+ counting: 2 partitions, 25 events (2.5 s) behind, window 1000')
  expect(status.lag).toEqual({ events: 25, seconds: 2.5 })
  status.progress(at(30, 30, { partitions: ['t/0'], window: 2000 }))
  expect(line()).toBe('+ counting: 1 partition, 0 events (0.0 s) behind, window 2000')
})

test('a member without partitions stands by, which is well', () => {
  status.standsBy()
  expect(line()).toBe('+ standing by')
})

test('a database that is away holds until something was written or taken, whatever Kafka says', () => {
  const before = at(5, 30)
  status.progress(before)
  status.waitsFor('database', new RanktideError('DATABASE_UNREACHABLE', 'db:3306: ECONNREFUSED'))
  expect(line()).toMatch(/^- waiting: DATABASE_UNREACHABLE: db:3306: ECONNREFUSED; 2 partitions, 25 events/)
  status.progress({ ...before, ends: new Map([['t/0', 40]]), lag: 35 })
  expect(line()).toMatch(/^- waiting: DATABASE_UNREACHABLE: .*35 events/)
  status.progress({ ...at(40, 40), windows: 1 })
  expect(line()).toMatch(/^\+ counting/)
})

test('Kafka is back once it has told the ends again', () => {
  const before = at(5, 5)
  status.progress(before)
  status.waitsFor('kafka', new RanktideError('KAFKA_UNREACHABLE', 'a:9092'))
  status.progress({ ...before, lost: 1 })
  expect(line()).toMatch(/^- waiting: KAFKA_UNREACHABLE/)
  status.progress({ ...before, ends: new Map([['t/0', 5]]) })
  expect(line()).toMatch(/^\+ counting/)
})

test('a standby takes the trouble with Kafka for over when it was not told again for 10 s', () => {
  const away = new RanktideError('KAFKA_UNREACHABLE', 'a:9092')
  status.standsBy()
  status.waitsFor('kafka', away)
  now += 5_000
  status.waitsFor('kafka', away)
  now += 9_999
  expect(line()).toBe('- waiting: KAFKA_UNREACHABLE: a:9092')
  now += 1
  expect(line()).toBe('+ standing by')
})

test('with partitions it is the ends that tell, however long ago the trouble was told', () => {
  status.progress(at(5, 5))
  status.waitsFor('kafka', new RanktideError('KAFKA_UNREACHABLE', 'a:9092'))
  now += 60_000
  expect(line()).toMatch(/^- waiting: KAFKA_UNREACHABLE/)
})

test('letters of a partition that has moved are those of another worker', () => {
  const before = at(5, 6)
  status.progress(before)
  status.waitsFor('letters', new RanktideError('KAFKA_TOPIC', 'dead'))
  status.progress({ ...before, ends: new Map([['t/0', 9]]) })
  expect(line()).toMatch(/^- waiting: KAFKA_TOPIC: dead/)
  status.progress(at(5, 9, { partitions: ['t/1'] }))
  expect(line()).toMatch(/^\+ counting: 1 partition/)
})

test('dead letters that cannot be written hold until they are', () => {
  const before = at(5, 6)
  status.progress(before)
  status.waitsFor('letters', new RanktideError('KAFKA_TOPIC', 'dead'))
  status.progress({ ...before, ends: new Map([['t/0', 9]]) })
  expect(line()).toMatch(/^- waiting: KAFKA_TOPIC: dead/)
  status.lettersWritten()
  expect(status.ok).toBe(true)
})

test('a fatal error stands until it counts again, through the next start', () => {
  status.progress(at(5, 30))
  status.down(new RanktideError('TABLE_MISSING', 'webook.none'))
  expect(line()).toBe('- down: TABLE_MISSING: webook.none')
  expect([status.lag, status.partitions]).toEqual([undefined, 0])
  status.begin()
  expect(line()).toBe('- down: TABLE_MISSING: webook.none')
  status.progress(at(5, 30))
  expect(status.ok).toBe(true)
})
