// `ranktide replay` as a user runs it, the built process over a real topic: ranges, times, kills, and what is not there.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closedPort } from '../support/closed-port.js'
import { Draws } from '../support/draws.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { send, type TestRecord, TestTopics } from '../support/kafka-server.js'
import { stack } from '../support/stack.js'
import { until } from '../support/until.js'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ranktide-replay-'))
const partitions = 3
const total = 60_000
const first = Date.now() - 3_600_000
/** Time of a message, by its number. */
const timeOf = (number: number): number => first + number * 10

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

class Run {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>

  constructor(words: readonly string[]) {
    this.process = spawn(process.execPath, [main, 'replay', '-c', join(folder, 'ranktide.yaml'), ...words])
    let [out, error] = ['', '']
    this.process.stdout?.on('data', (text) => (out += text))
    this.process.stderr?.on('data', (text) => (error += text))
    this.ended = new Promise((resolve) => this.process.on('close', (code) => resolve({ code, out, error })))
  }
}

const replay = (...words: readonly string[]): Promise<Ended> => new Run(['--board', 'likes', ...words]).ended

interface Report {
  readonly messages: number
  readonly board: readonly { readonly key: string; readonly score: number }[]
  readonly diff: { readonly enter: readonly unknown[] }
  readonly state: string
  readonly reason: string
}

/** What `--json` printed, without the time that it took. */
const reportOf = ({ code, out, error }: Ended): Report => {
  expect(code, error).toBe(0)
  const { seconds, ...rest } = JSON.parse(out) as Report & { readonly seconds: number }
  expect(seconds).toBeGreaterThan(0)
  return rest
}

interface Told {
  readonly number: number
  readonly id: number
  readonly likes: number | undefined
}

const drawn = (): readonly Told[] => {
  const draws = new Draws()
  draws.seed(20_261_121)
  return Array.from({ length: total }, (_, number) => {
    const id = 1 + draws.below(5_000)
    return { number, id, likes: draws.below(10) === 0 ? undefined : draws.below(1_000_000) }
  })
}

const canal = (table: string, { number, id, likes }: Told): string =>
  JSON.stringify({
    data: [{ id: String(id), biz_id: String(id), biz: 'b', read_cnt: '0', like_cnt: String(likes ?? 0) }],
    database: 'webook',
    es: timeOf(number),
    id: number + 1,
    isDdl: false,
    mysqlType: { id: 'bigint unsigned', biz_id: 'bigint', biz: 'varchar(128)', read_cnt: 'bigint', like_cnt: 'bigint' },
    old: null,
    pkNames: ['id'],
    sql: '',
    sqlType: { id: -5, biz_id: -5, biz: 12, read_cnt: -5, like_cnt: -5 },
    table,
    ts: timeOf(number),
    type: likes === undefined ? 'DELETE' : 'INSERT',
  })

/** The ten best of all rows that these messages leave, as `KEY SCORE`. */
const best = (told: readonly Told[]): readonly string[] => {
  const rows = new Map<number, number>()
  for (const { id, likes } of told)
    if (likes === undefined) rows.delete(id)
    else rows.set(id, likes)
  return [...rows]
    .sort(([a, x], [b, y]) => y - x || b - a)
    .slice(0, 10)
    .map(([id, likes]) => `${id} ${likes}`)
}

const shown = ({ board }: Report): readonly string[] => board.map(({ key, score }) => `${key} ${score}`)

describe('ranktide replay', () => {
  const topics = new TestTopics()
  const messages = drawn()
  let table: Interactives
  let topic = ''

  beforeAll(async () => {
    table = await Interactives.create('mysql')
    topic = await topics.create(partitions)
    const records = messages.map((told): TestRecord => {
      return { partition: told.id % partitions, value: canal(table.table, told), timestamp: timeOf(told.number) }
    })
    await send(topic, records)
    const yaml = table.yaml({ prefix: topic }).replace(/topic: .*/, `topic: ${topic}`)
    writeFileSync(join(folder, 'ranktide.yaml'), yaml)
    writeFileSync(join(folder, 'no-redis.yaml'), yaml.replace(stack.redis, `redis://127.0.0.1:${await closedPort()}`))
    writeFileSync(join(folder, 'no-kafka.yaml'), yaml.replace(stack.kafka, `127.0.0.1:${await closedPort()}`))
  })
  afterAll(async () => {
    await topics.close()
    await table?.drop()
    rmSync(folder, { recursive: true })
  })

  test('all of it, killed at a checkpoint and gone on, stopped and gone on: the bytes of one run', async () => {
    const whole = reportOf(await replay('--json'))
    expect(whole).toMatchObject({ messages: total, state: 'exact', reason: '' })
    expect(shown(whole)).toEqual(best(messages))
    expect(whole.diff.enter).toHaveLength(10)

    const checkpoint = join(folder, 'killed.gz')
    const words = ['--board', 'likes', '--json', '--checkpoint', checkpoint]
    const killed = new Run(words)
    const saved = () => {
      try {
        return readFileSync(checkpoint).length > 0
      } catch {
        return false
      }
    }
    await until('a checkpoint', async () => saved() || killed.process.exitCode !== null, 60_000)
    killed.process.kill('SIGKILL')
    expect((await killed.ended).code).toBeNull()

    const stopped = new Run(words)
    let heard = ''
    stopped.process.stderr?.on('data', (text) => (heard += text))
    await until('it goes on', async () => heard.includes('going on after'), 60_000)
    stopped.process.kill('SIGTERM')
    const { code, error } = await stopped.ended
    expect([code, error]).toEqual([
      1,
      expect.stringMatching(/REPLAY_STOPPED: .* the same command goes on from there\n$/),
    ])

    const resumed = await new Run(words).ended
    expect(resumed.error).toMatch(/^going on after \d+ messages\n$/)
    expect(Number(/\d+/.exec(resumed.error)?.[0])).toBeLessThan(total)
    expect(reportOf(resumed)).toEqual(whole)
    // It is at the end now: nothing is read again.
    expect(reportOf(await new Run(words).ended)).toEqual(whole)

    const other = await replay('--json', '--checkpoint', checkpoint, '--to', '5')
    expect([other.code, other.error]).toEqual([1, expect.stringMatching(/is of another replay: --to end \(here: 5\)/)])
  }, 240_000)

  test('a range by times, and what the database has under it', async () => {
    const [from, to] = [20_000, 40_000].map((number) => new Date(timeOf(number)).toISOString())
    const words = ['--json', '--from', from ?? '', '--to', to ?? '']
    const part = messages.slice(20_000, 40_000)
    const report = reportOf(await replay(...words))
    expect(report.messages).toBe(part.length)
    expect(shown(report)).toEqual(best(part))
    expect([report.state, report.reason]).toEqual(['assumed', expect.stringMatching(/^begins at offset \d+ of /)])

    await table.insert([...acceptanceRows, [9_999_999, 1, 'top', 0, 5_000_000]])
    const seeded = reportOf(await replay(...words, '--seed-from-database'))
    expect(shown(seeded)).toEqual(['9999999 5000000', ...best(part).slice(0, 9)])
    expect(seeded.reason).toMatch(/as the database had them when it was asked$/)
  }, 120_000)

  test('offsets that are not there: what is, and what to type', async () => {
    for (const [words, sentence] of [
      [['--from', '999999999'], /OFFSET_INVALID: .* is past the end of .*\/0, which has 0 to \d+/],
      [['--from', '7:1'], /OFFSET_INVALID: .* there is no partition .*\/7; there are .*\/0: 0 to/],
      [['--to', '1970-01-01T00:00:00'], /has no time zone; write 1970-01-01T00:00:00Z if it is UTC/],
      [['--topic', 'no.such.topic'], /KAFKA_TOPIC: the topic does not exist: no\.such\.topic/],
    ] as const) {
      const { code, out, error } = await replay(...words)
      expect([code === 0, out]).toEqual([false, ''])
      expect(error).toMatch(sentence)
    }
  }, 120_000)

  test('servers that are not there end it; a file needs no Kafka', async () => {
    const run = (config: string, ...words: string[]) => replay(...words, '-c', join(folder, config))
    const [redis, kafka] = [await run('no-redis.yaml'), await run('no-kafka.yaml')]
    expect([redis.code, redis.error]).toEqual([1, expect.stringMatching(/^ranktide: REDIS_UNREACHABLE: /)])
    expect([kafka.code, kafka.error]).toEqual([1, expect.stringMatching(/^ranktide: KAFKA_UNREACHABLE: /)])
    const part = messages.slice(0, 500)
    writeFileSync(join(folder, 'bare.jsonl'), part.map((told) => canal(table.table, told)).join('\n'))
    const report = reportOf(await run('no-kafka.yaml', '--json', '--file', join(folder, 'bare.jsonl')))
    expect([report.messages, shown(report)]).toEqual([part.length, best(part)])
  }, 120_000)
})
