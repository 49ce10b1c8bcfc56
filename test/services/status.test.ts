// `ranktide status` as a user runs it: beside a worker that lives, one that was killed, and servers that are not there.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusReader } from '../../src/operate/read-status.js'
import type { Status } from '../../src/operate/status.js'
import { closedPort } from '../support/closed-port.js'
import { command } from '../support/command.js'
import { configOf, InspectedBoards } from '../support/inspected-boards.js'
import { mysqlMigrations } from '../support/mysql-migrations.js'
import { openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { canalTopic, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

const read = async (yaml: string): Promise<{ readonly code: number; readonly status: Status }> => {
  const { code, out, error } = await command(['status', '--json'], yaml)
  expect(error).toBe('')
  return { code, status: JSON.parse(out) as Status }
}

/** Without a process of its own, which takes longer than all it asks. */
const look = (yaml: string): Promise<Status> => statusReader(configOf(yaml))()

// The steps build on each other, in this order.
describe('boards', () => {
  let boards: InspectedBoards
  let worker: WorkerProcess
  beforeAll(async () => {
    boards = await InspectedBoards.create()
  })
  afterAll(async () => {
    await worker?.stop('SIGKILL')
    await boards?.drop()
  })

  const allWell = () => until('all is well', async () => (await look(boards.yaml())).well, 60_000)

  test('before any worker: they are not in Redis, and nobody owns the feed', async () => {
    const { code, status } = await read(boards.yaml())
    expect(code).toBe(1)
    expect(status).toMatchObject({ well: false, problems: [], counters: [] })
    expect(status.feeds).toMatchObject([{ name: boards.topic, lease: null, confirmedSeconds: null, lag: null }])
    for (const board of status.boards)
      expect(board).toMatchObject({ state: 'stale', reason: expect.stringMatching(/^not in Redis/), version: null })
  })

  test('with a worker: states, ages, rows, owner, lease, lag and dead letters, from outside', async () => {
    worker = await WorkerProcess.start(boards.yaml())
    await allWell()
    const { code, status } = await read(boards.yaml())
    expect(code).toBe(0)
    expect(status.boards.map(({ name, state, rows, size, groups }) => [name, state, rows, size, groups])).toEqual([
      ['likes', 'exact', 10, 10, null],
      ['hot', 'exact', 5, 5, null],
      ['kinds', 'exact', 9, 3, { count: 3, notExact: 0 }],
    ])
    const [feed] = status.feeds
    const lease = { owner: expect.stringMatching(/^pod-1:/), seconds: expect.any(Number) }
    expect(feed).toMatchObject({ name: boards.topic, topics: [boards.topic], lease })
    expect(feed?.lease?.seconds).toBeGreaterThan(0)
    expect(feed?.lease?.seconds).toBeLessThanOrEqual(3)
    const [partition] = feed?.partitions ?? []
    expect(partition?.next).toBeLessThanOrEqual(partition?.end ?? 0)
    for (const { ageSeconds, owner, epoch, version, positions, lag } of status.boards) {
      expect(ageSeconds).toBeLessThan(3)
      expect(owner).toBe(feed?.lease?.owner)
      expect(version).toBeGreaterThan(epoch ?? 0)
      expect(Object.keys(positions ?? {})).toEqual([`${boards.topic}/0`])
      expect(lag?.events).toBeLessThan(100_000)
    }
    expect(status.deadLetters).toEqual({
      topic: `${boards.prefix}.dead-letters`,
      unsettled: 0,
      oldestSeconds: null,
      feeds: {},
    })
    const { out } = await command(['status'], boards.yaml())
    expect(out).toMatch(/^BOARD +STATE[^\n]+\nlikes +exact +\d/)
    expect(out).toMatch(/All is well\.\n$/)
  })

  test('a board whose keys something else has overwritten is told, not a failure', async () => {
    const redis = boards.redis.client()
    await worker.signal('SIGSTOP')
    await redis.set(`${boards.prefix}:{hot}:meta`, 'x')
    const status = await look(boards.yaml())
    expect(status.boards.find(({ name }) => name === 'hot')).toMatchObject({ state: 'stale', version: null })
    await redis.del(`${boards.prefix}:{hot}:meta`)
    worker.signal('SIGCONT')
    redis.disconnect()
    await allWell()
  })

  test('after kill -9: the lease runs out, boards are stale by their age, and events wait', async () => {
    await worker.stop('SIGKILL')
    await boards.sql(`UPDATE ${boards.table} SET like_cnt = like_cnt + 1`)
    await until(
      'the owner is gone, and is behind',
      async () => {
        const { feeds, boards: found } = await look(boards.yaml())
        const [feed] = feeds
        return feed?.lease === null && (feed.lag?.events ?? 0) > 0 && (found[0]?.ageSeconds ?? 0) > 3
      },
      30_000,
    )
    const status = await look(boards.yaml())
    expect(status.feeds[0]?.lag?.seconds).toBeGreaterThan(0)
    for (const board of status.boards)
      expect(board).toMatchObject({ state: 'stale', reason: 'its owner has not confirmed it lately', rows: board.rows })
    const { code, out } = await command(['status'], boards.yaml())
    expect(code).toBe(1)
    expect(out).toMatch(/nobody/)
    expect(out).toMatch(/Not well: not of the present: likes, hot, kinds\./)
  })

  test('without Kafka the boards are told, without Redis the rest, each with what is not known', async () => {
    const nobody = `127.0.0.1:${await closedPort()}`
    const withoutKafka = await read(boards.yaml({ kafka: nobody }))
    expect(withoutKafka.code).toBe(1)
    expect(withoutKafka.status.problems).toMatchObject([{ server: 'kafka', code: 'KAFKA_UNREACHABLE' }])
    expect(withoutKafka.status.boards[0]).toMatchObject({ rows: 10, lag: null })
    const withoutRedis = await look(boards.yaml({ redis: `redis://:secret@${nobody}` }))
    expect(withoutRedis.well).toBe(false)
    expect(withoutRedis.problems).toMatchObject([{ server: 'redis', code: 'REDIS_UNREACHABLE' }])
    expect(withoutRedis.boards[0]).toMatchObject({ state: null, reason: 'Redis could not be asked' })
    expect(withoutRedis.deadLetters).not.toBeNull()
    expect(JSON.stringify(withoutRedis)).not.toContain('secret')
  })

  test('--watch prints blocks until it is told to end, and ends with 0', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-watch-'))
    const file = join(directory, 'ranktide.yaml')
    await writeFile(file, boards.yaml())
    const child = spawn(process.execPath, [main, 'status', '--watch', '200ms', '--config', file])
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    await until('two blocks', () => out.split('BOARD').length >= 3, 20_000)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await rm(directory, { recursive: true })
  })
})

describe('counters', () => {
  let sandbox: Sandbox
  const topic = canalTopic('mysql', 'webook')
  const yaml = (url: string) => `kafka: { brokers: "${stack.kafka}", group: "status-${process.pid}" }
database: { url: "${url}" }
counters:
  reads: { topic: ${topic}, group: "status-${process.pid}.reads", table: counted, key: [biz, biz_id], add: { n: 1 } }
`
  beforeAll(async () => {
    sandbox = await openSandbox('mysql', 'status')
  })
  afterAll(() => sandbox.close())

  test('without their tables: what to run', async () => {
    const status = await look(yaml(sandbox.url))
    expect(status.well).toBe(false)
    expect(status.problems).toMatchObject([{ server: 'database', code: 'MIGRATION_MISSING' }])
    expect(status.problems[0]?.detail).toContain('ranktide migrate')
    expect(status.counters).toMatchObject([{ name: 'counters.reads', partitions: null, lag: null }])
  })

  test('how far the offsets in the database are behind; also to a user who may only read', async () => {
    await sandbox.run(...mysqlMigrations())
    expect((await look(yaml(sandbox.url))).counters).toMatchObject([{ partitions: null, lag: null }])
    await sandbox.run(
      `INSERT INTO consumer_offsets (consumer_group, topic, partition_id, next_offset, epoch)
       VALUES ('status-${process.pid}.reads', '${topic}', 0, 1, 1)`,
    )
    const { code, status } = await read(yaml(sandbox.readerUrl))
    expect(code).toBe(0)
    const [counter] = status.counters
    const [partition] = counter?.partitions ?? []
    expect(partition).toMatchObject({ partition: `${topic}/0`, next: 1 })
    expect(counter?.lag).toEqual({ events: (partition?.end ?? 0) - 1, seconds: expect.any(Number) })
    expect(counter?.lag?.events).toBeGreaterThan(0)
  })

  test('a password that is wrong is told, without it', async () => {
    const url = new URL(sandbox.url)
    url.password = 'hunter2'
    const { code, out } = await command(['status'], yaml(url.href))
    expect(code).toBe(1)
    expect(out).toContain('DATABASE_DENIED')
    expect(out).not.toContain('hunter2')
  })
})
