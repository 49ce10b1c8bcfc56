// A million read events while everything is killed and restarted: every one is counted, and none twice.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CountedTable, createCountedTable } from '../../scripts/bench/counted-table.js'
import { randomFrom } from '../../scripts/bench/zipf.js'
import { lettersIn } from '../support/dead-letter-topic.js'
import { TestTopics, uniqueName } from '../support/kafka-server.js'
import { seedOf } from '../support/loaded-replicas.js'
import { ReadTraffic } from '../support/read-traffic.js'
import { control, controllable, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const events = Number(process.env.RANKTIDE_EVENTS ?? 1_000_000)
const items = 10_000
const partitions = 4
/** After which a silent member is taken for dead, ms. */
const sessionTimeout = 6_000
const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

describe.each(['mariadb', 'postgres'] as const)('a million events into %s', (server) => {
  const topics = new TestTopics()
  const group = uniqueName('counter')
  let topic: string
  let table: CountedTable

  const yaml = (instance: string | undefined): string => `
kafka: { brokers: '${stack.kafka}', group: ${group}.boards, deadLetters: ${group}.dead-letters }
database: { url: '${table.url}' }
http: { port: 0 }
${instance === undefined ? '' : `instance: ${instance}`}
counters:
  reads:
    topic: ${topic}
    table: ${table.table}
    key: [biz, biz_id]
    add: { read_cnt: 1 }
    window: { events: 1000, time: 50ms }
    buckets: [hour, day]
    timeZone: Asia/Shanghai
    group: ${group}
`

  beforeAll(async () => {
    topic = await topics.create(partitions, {}, `${group}.reads`)
    await topics.create(1, {}, `${group}.dead-letters`)
    table = await createCountedTable(stack[server], 'fire')
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-migrate-'))
    await writeFile(join(directory, 'ranktide.yaml'), yaml(undefined))
    await promisify(execFile)(process.execPath, [main, 'migrate', '--config', join(directory, 'ranktide.yaml')])
    await rm(directory, { recursive: true })
  })

  afterAll(async () => {
    await table?.close()
    await topics.close()
  })

  const numberOf = async (sql: string): Promise<number> => {
    const [row] = await table.query(sql)
    return Number(row?.[0] ?? 0)
  }
  const sum = () => numberOf('SELECT SUM(read_cnt) FROM DB.interactives')
  const offsets = () => numberOf(`SELECT SUM(next_offset) FROM DB.consumer_offsets WHERE consumer_group = '${group}'`)

  const listens = (worker: WorkerProcess): boolean => worker.logs.some(({ msg }) => msg === 'Listening')

  /**
   * Two workers, of which a random one that has come up is killed each 1 to 3 s and started again at once; a third
   * member comes and goes, or stands still for so long that it is taken for dead. `ended`: what a worker had to say that
   * ended by itself.
   */
  const trouble = async (random: () => number, over: () => boolean) => {
    const done = { kills: 0, guests: 0, zombies: 0, ended: [] as string[] }
    const workers = new Map<string, WorkerProcess>()
    const start = async (name: string): Promise<void> => {
      workers.set(name, await WorkerProcess.launch(yaml(name)))
    }
    const killing = async (): Promise<void> => {
      await Promise.all(['a', 'b'].map(start))
      while (!over()) {
        await delay(1_000 + random() * 2_000)
        const up = [...workers].filter(([, worker]) => listens(worker))
        const victim = up[Math.floor(random() * up.length)]
        if (victim === undefined) continue
        const [name, worker] = victim
        if (worker.exitCode !== null) done.ended.push(worker.output)
        await worker.stop('SIGKILL')
        done.kills += 1
        await start(name)
      }
      for (const worker of workers.values()) await worker.stop()
    }
    const visiting = async (): Promise<void> => {
      while (!over()) {
        const guest = await WorkerProcess.launch(yaml(undefined))
        await delay(3_000 + random() * 4_000)
        if (random() < 0.5 && !over()) await makeZombie(guest)
        await guest.stop()
        done.guests += 1
      }
    }
    /** Stands still until the group has given its partitions to others, and then goes on with what it had in hand. */
    const makeZombie = async (guest: WorkerProcess): Promise<void> => {
      guest.signal('SIGSTOP')
      await delay(sessionTimeout + 2_000)
      guest.signal('SIGCONT')
      done.zombies += 1
      await delay(1_000)
    }
    await Promise.all([killing(), visiting()])
    return done
  }

  test.runIf(controllable(server) && controllable('kafka'))(
    'kill -9 each 1 to 3 s, the database restarted twice, Kafka once, members that come and go',
    { timeout: 900_000 },
    async () => {
      const seed = seedOf(`exactly once, ${server}`)
      const random = randomFrom(seed)
      const traffic = new ReadTraffic({
        topic,
        events,
        items,
        rate: 25_000,
        random: randomFrom(seed + 1),
        from: Date.parse('2026-03-01T00:00:00Z'),
        step: 86,
      })
      let over = false
      const troubled = trouble(random, () => over)
      const reached = (share: number) =>
        until(
          `${share * 100} % are counted`,
          async () => {
            await delay(250)
            // By the offsets: they come to the end even where counts don't. The database is away now and then.
            return (await offsets().catch(() => 0)) >= share * events
          },
          600_000,
        )
      try {
        const writing = traffic.run()
        // Awaited below; what fails before that is told there.
        writing.catch(() => {})
        await reached(0.2)
        await control(server).kill()
        await control(server).start()
        await reached(0.4)
        await control('kafka').stop()
        await control('kafka').start()
        await reached(0.6)
        await control(server).stop()
        await control(server).start()
        await writing
        await reached(1)
      } finally {
        over = true
        await troubled
      }
      const { kills, guests, zombies, ended } = await troubled
      console.info(
        `${server}: ${events} events, ${kills} kills, ${guests} members that came and went, ${zombies} zombies`,
      )

      const rows = await table.query('SELECT biz, biz_id, read_cnt FROM DB.interactives')
      const found = new Map(rows.map(([biz, id, count]) => [`${biz}:${id}`, Number(count)]))
      const expected = new Map<string, number>()
      for (const [item, count] of traffic.produced.entries())
        if (count > 0) expected.set(`${ReadTraffic.biz(item)}:${item}`, count)
      const wrong = [...expected].filter(([key, count]) => found.get(key) !== count)
      expect(wrong).toEqual([])
      expect(found.size).toBe(expected.size)
      expect(await sum()).toBe(events)
      for (const unit of ['hour', 'day']) {
        const differing = await table.query(
          `SELECT i.biz, i.biz_id FROM DB.interactives i LEFT JOIN (SELECT biz, biz_id, SUM(events) AS n
           FROM DB.count_buckets WHERE unit = '${unit}' GROUP BY biz, biz_id) b
           ON b.biz = i.biz AND b.biz_id = i.biz_id WHERE b.n IS NULL OR b.n <> i.read_cnt`,
        )
        expect(differing).toEqual([])
      }
      // The events of an idempotent producer, and nothing else, stand in the topic.
      expect(await offsets()).toBe(events)
      expect(await lettersIn(`${group}.dead-letters`)).toEqual([])
      expect(ended).toEqual([])
      expect(kills).toBeGreaterThanOrEqual(Math.max(1, Math.floor(events / 100_000)))
    },
  )
})
