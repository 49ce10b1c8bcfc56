// The loop closes: read events → counter → table → binary log → Canal → Kafka → board by reads. One process does both.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomFrom } from '../../scripts/bench/zipf.js'
import { Interactives } from '../support/interactives.js'
import { TestTopics, uniqueName } from '../support/kafka-server.js'
import { seedOf } from '../support/loaded-replicas.js'
import { ReadTraffic } from '../support/read-traffic.js'
import { canalTopic, type DatabaseName, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const events = 30_000
const main = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

describe.each<DatabaseName>(['mariadb', 'mysql'])('read events become a board, on %s', (server) => {
  const topics = new TestTopics()
  const name = uniqueName('loop')
  let topic: string
  let table: Interactives
  let yaml: string
  let worker: WorkerProcess

  beforeAll(async () => {
    topic = await topics.create(4)
    table = await Interactives.create(server)
    await table.sql(`ALTER TABLE ${table.table} ADD KEY read_cnt (read_cnt)`)
    // Rows of before, with and without a count.
    await table.sql(`INSERT INTO ${table.table} (biz, biz_id, read_cnt) VALUES ('song', 0, 7), ('article', 1, NULL)`)
    yaml = `kafka: { brokers: "${stack.kafka}", group: "${name}" }
database: { url: "${databaseUrl(server, 'webook')}" }
redis: { url: "${stack.redis}", prefix: "${name}" }
http: { port: 0 }
instance: one
boards:
  read:
    topic: ${canalTopic(server, 'webook')}
    table: webook.${table.table}
    score: read_cnt
    size: 20
    columns: [biz_id, biz, read_cnt]
counters:
  reads: { topic: ${topic}, table: webook.${table.table}, key: [biz, biz_id], add: { read_cnt: 1 }, window: { time: 50ms } }
`
    const directory = await mkdtemp(join(tmpdir(), 'ranktide-migrate-'))
    await writeFile(join(directory, 'ranktide.yaml'), yaml)
    await promisify(execFile)(process.execPath, [main, 'migrate', '--config', join(directory, 'ranktide.yaml')])
    await rm(directory, { recursive: true })
    worker = await WorkerProcess.start(yaml)
  })

  afterAll(async () => {
    await worker?.stop()
    await table?.drop()
    await topics.close()
  })

  const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
    const [found] = await table.connection.query(sql)
    return found as Record<string, unknown>[]
  }

  test('every event is counted once and the board is the best of the counts, over a kill -9', async () => {
    const random = randomFrom(seedOf(`loop, ${server}`))
    const from = Date.now() - 60_000
    const traffic = new ReadTraffic({ topic, events, items: 300, rate: 10_000, random, from, step: 1 })
    const writing = traffic.run()
    const counted = async () => Number((await rows(`SELECT SUM(read_cnt) AS n FROM ${table.table}`))[0]?.n)
    await until('some are counted', async () => (await counted()) > events / 3, 30_000)
    await worker.stop('SIGKILL')
    worker = await WorkerProcess.start(yaml)
    await writing
    await until('all are counted', async () => (await counted()) >= events + 7, 60_000)

    const best = await rows(
      `SELECT id, biz_id, biz, read_cnt FROM ${table.table} WHERE read_cnt IS NOT NULL
       ORDER BY read_cnt DESC, id DESC LIMIT 20`,
    )
    const expected = JSON.stringify({ code: 200, msg: '查询成功', data: best })
    await until(
      'the board is the best of the counts',
      async () => {
        const { state, body } = await worker.board('read', '?limit=20')
        return state === 'exact' && body === expected
      },
      20_000,
    ).catch(async () => {
      expect(await worker.board('read', '?limit=20')).toMatchObject({ state: 'exact', body: expected })
    })

    const found = await rows(`SELECT biz, biz_id, read_cnt FROM ${table.table} ORDER BY biz_id`)
    expect(found.map(({ biz, biz_id, read_cnt }) => [biz, biz_id, read_cnt])).toEqual(
      [...traffic.produced.entries()]
        .filter(([, count]) => count > 0)
        .map(([item, count]) => [ReadTraffic.biz(item), item, count + (item === 0 ? 7 : 0)]),
    )
  })
})
