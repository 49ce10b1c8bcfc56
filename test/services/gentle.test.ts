// What the worker asks of the database and of the machine: little, and no more for a larger table.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Interactives } from '../support/interactives.js'
import { QueryLog } from '../support/query-log.js'
import type { DatabaseName } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const settled = async (worker: WorkerProcess, table: Interactives, size = 10): Promise<void> => {
  const expected = await table.expectedBody(size)
  const there = async () => {
    const { state, body } = await worker.board('likes')
    return state === 'exact' && body === expected
  }
  await until('the board', there, 30_000).catch(async () => {
    expect(await worker.board('likes')).toMatchObject({ state: 'exact', body: expected })
  })
}

describe.each<DatabaseName>(['mariadb', 'mysql'])('queries on %s', (server) => {
  let table: Interactives
  let log: QueryLog
  let worker: WorkerProcess
  let yaml: string

  beforeAll(async () => {
    table = await Interactives.create(server)
    await table.insert(Array.from({ length: 2_000 }, (_, i) => [i + 1, i, 'b', 0, i]))
    log = await QueryLog.start(server)
    yaml = table.yaml({ prefix: `gentle-${table.table}` })
    worker = await WorkerProcess.start(yaml)
    await settled(worker, table)
  })

  afterAll(async () => {
    await worker?.stop()
    await log?.stop()
    await table?.drop()
  })

  const reads = async (): Promise<number> => (await log.reads(table.table, [table.connection])).length

  /** Inserts and raises only, on the board and below it. */
  const rise = async (statements: number, from: number): Promise<void> => {
    for (let i = from; i < from + statements; i++) {
      if (i % 3 === 0) await table.insert([[10_000 + i, 10_000 + i, 'new', 0, (i * 97) % 2_500]])
      else await table.sql(`UPDATE ${table.table} SET like_cnt = like_cnt + ${i % 40} WHERE id = ${(i * 331) % 2_000}`)
    }
  }

  test('the fill is one query', async () => {
    expect(await reads()).toBe(1)
  })

  test('600 statements that insert and raise cause no query', async () => {
    const before = await reads()
    await rise(600, 0)
    await settled(worker, table)
    expect(await reads()).toBe(before)
  })

  test('a warm start is exact without a query, whatever rose while nobody looked', async () => {
    const before = await reads()
    expect(await worker.stop()).toBe(0)
    await rise(60, 600)
    worker = await WorkerProcess.start(yaml)
    await settled(worker, table)
    await rise(60, 660)
    await settled(worker, table)
    expect(await reads()).toBe(before)
    expect(worker.logs.find(({ msg }) => msg === 'Starting the feed')).toMatchObject({ start: 'warm' })
  })

  const deleteFirst = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++)
      await table.sql(`DELETE FROM ${table.table} ORDER BY like_cnt DESC, id DESC LIMIT 1`)
  }

  // N = 10 holds 74 rows; half of the reserve of 64 may fall before more are read.
  test('deleting the first row now and then: at most a query for each 32 of them', async () => {
    const before = await reads()
    for (let i = 0; i < 20; i++) {
      await deleteFirst(3)
      await settled(worker, table)
    }
    expect((await reads()) - before).toBeGreaterThan(0)
    expect((await reads()) - before).toBeLessThanOrEqual(2)
  })

  // What a board holds doubles while refills come within ten seconds of each other: 74, 148, 296, 592 rows.
  test('deleting it 400 times at once: a few', async () => {
    const before = await reads()
    await deleteFirst(400)
    await settled(worker, table)
    expect((await reads()) - before).toBeLessThanOrEqual(6)
  })
})

test('a table of a million rows takes no more memory than an empty one', async () => {
  const size = 100
  const table = await Interactives.create('mariadb')
  const prefix = `gentle-${table.table}`
  let worker = await WorkerProcess.start(table.yaml({ prefix, size }))
  try {
    await settled(worker, table, size)
    const idle = await worker.memory()
    await worker.stop()
    // Not through the binary log: the rows are there before the worker is, and no other test has to read them.
    await table.sql('SET SESSION sql_log_bin = 0')
    await table.sql(
      `INSERT INTO ${table.table} (id, read_cnt, like_cnt) SELECT seq, 0, (seq * 7919) % 1000003 FROM seq_1_to_1000000`,
    )
    await table.sql('SET SESSION sql_log_bin = 1')
    worker = await WorkerProcess.start(table.yaml({ prefix: `${prefix}-full`, size }))
    await settled(worker, table, size)
    let most = await worker.memory()
    for (let i = 0; i < 200; i++) {
      const [first, step] = [(i * 4_999) % 900_000, i % 2 === 0 ? 1 : 4_001]
      const ids = Array.from({ length: 20 }, (_, k) => 1 + first + k * step).join()
      const score =
        i % 4 === 0 ? 'like_cnt + 400000' : i % 4 === 1 ? 'like_cnt DIV 2' : '(like_cnt * 31 + id) % 1000003'
      await table.sql(`UPDATE ${table.table} SET like_cnt = ${score} WHERE id IN (${ids})`)
      if (i % 20 === 0) await table.sql(`UPDATE ${table.table} SET like_cnt = 0 ORDER BY like_cnt DESC LIMIT 30`)
      if (i % 10 === 0) most = Math.max(most, await worker.memory())
    }
    await settled(worker, table, size)
    most = Math.max(most, await worker.memory())
    expect(most - idle, `idle ${idle} MB, most ${most} MB`).toBeLessThan(150)
  } finally {
    await worker.stop()
    await table.drop()
  }
})
