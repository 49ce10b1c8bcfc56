// `database.refill.url`: rows are read from a replica, which is behind as replicas are. However far that is, no board that
// is called exact holds a row of its past.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { answersDuring } from '../support/answer-log.js'
import { Interactives } from '../support/interactives.js'
import { MariadbReplica } from '../support/mariadb-replica.js'
import { QueryLog } from '../support/query-log.js'
import { databaseUrl } from '../support/stack.js'
import { until } from '../support/until.js'
import { type Answer, type LogLine, WorkerProcess } from '../support/worker-process.js'

/** N = 10 holds 74 rows and reads on below 42: less than half of these falls, and then there is not enough for a board. */
const few = 40
const tooMany = 70
const rows = 1_000

let table: Interactives
let replica: MariadbReplica
let marker: string
let worker: WorkerProcess
let workers = 0
/** What SQL said of the board at first and after each statement, in this order. */
let history: string[]
let best = rows

beforeAll(async () => {
  table = await Interactives.create('mariadb')
  // Of its own, as the table: all others of the database are not replicated.
  marker = table.table.replace('i_', 'm_')
  replica = await MariadbReplica.start(table.database, [table.table], [marker])
  await table.insert(Array.from({ length: rows }, (_, i) => [i + 1, i, 'b', 0, i]))
})

afterAll(async () => {
  await replica?.close()
  await table?.sql(`DROP TABLE IF EXISTS ${marker}`)
  await table?.drop()
})

const startWorker = (): Promise<WorkerProcess> => {
  workers += 1
  const database =
    `database: { url: "${databaseUrl('mariadb', table.database)}", marker: { table: ${marker} },` +
    ` refill: { url: "${replica.url(table.database)}" } }`
  return WorkerProcess.start(
    table.yaml({ prefix: `replica-${table.table}-${workers}` }).replace(/^database: .*$/m, database),
  )
}

beforeEach(async () => {
  worker = await startWorker()
  history = [await table.expectedBody()]
})

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.info(worker.output)
  await worker.stop()
  // What a test that failed has left.
  await replica.up()
  await replica.startApplying()
})

const settled = async (of = worker): Promise<void> => {
  const expected = await table.expectedBody()
  const there = async (): Promise<boolean> => {
    const { state, body } = await of.board('likes')
    return state === 'exact' && body === expected
  }
  await until('the board is exact', there, 30_000).catch(async () => {
    expect(await of.board('likes')).toMatchObject({ state: 'exact', body: expected })
  })
}

const change = async (statement: string): Promise<void> => {
  await table.sql(statement)
  history.push(await table.expectedBody())
}

const deleteBest = async (times: number): Promise<void> => {
  for (let i = 0; i < times; i++, best--) await change(`DELETE FROM ${table.table} WHERE id = ${best}`)
}

/** A row from far below comes to the third place, and is left when those above it go. */
const raise = (): Promise<void> =>
  change(`UPDATE ${table.table} SET like_cnt = ${best - 2} WHERE id = ${rows - best + 1}`)

/** Whatever a board was called, it was true once, and never goes back. */
const expectTrue = (answers: readonly Answer[]): void => {
  let at = 0
  for (const { state, reason, body } of answers) {
    const found = history.indexOf(body, at)
    expect({ state, reason, body, true: found >= 0 }).toMatchObject({ true: true })
    at = found
  }
}

const logged = (msg: string, cause: string): readonly LogLine[] =>
  worker.logs.filter((line) => line.msg === msg && line.cause === cause)

/** Waits for the reading that should bring more rows to fail, and for the board to have too few. */
const failure = async (): Promise<LogLine | undefined> => {
  await until('the reading fails', () => logged('Reading failed', 'refill').length > 0, 20_000)
  await until('the board says that it has too few rows', async () => {
    const { status, state, reason } = await worker.board('likes')
    return status === 200 && state === 'stale' && reason === 'refilling'
  })
  return logged('Reading failed', 'refill')[0]
}

test('all rows are read from the replica, none from the primary', async () => {
  await worker.stop()
  const primary = await QueryLog.start('mariadb')
  const log = await QueryLog.startAt(replica.url('mysql'))
  try {
    worker = await startWorker()
    await settled()
    await deleteBest(few)
    await until('a refill', () => logged('Rows taken in', 'refill').length > 0)
    await settled()
    expect(await log.reads(table.table, [])).toHaveLength(2)
    expect(await primary.reads(table.table, [table.connection])).toEqual([])
    // The primary's log does see such statements: here are the test's own.
    expect((await primary.reads(table.table, [])).length).toBeGreaterThanOrEqual(few)
  } finally {
    await primary.stop()
    await log.stop()
  }
})

test('3 s behind: a reading waits until the replica shows its marker, and nothing wrong is called exact', async () => {
  await settled()
  await replica.lag(3)
  const log = await QueryLog.startAt(replica.url('mysql'))
  try {
    const answers = await answersDuring(worker, 'likes', async () => {
      await deleteBest(few)
      // While rows are read, and with the rows that the replica still shows among those that go.
      await raise()
      await deleteBest(tooMany - few)
      await settled()
    })
    expectTrue(answers)
    expect(answers.some(({ state, reason }) => state === 'stale' && reason === 'refilling')).toBe(true)
    const begun = Date.parse(logged('Reading rows', 'refill')[0]?.time ?? '')
    const [read = 0, ...more] = (await log.readTimes(table.table, [])).filter((at) => at >= begun)
    // A replica keeps its delay in whole seconds, and takes the clocks to differ by whole seconds too.
    expect(read - begun).toBeGreaterThan(900)
    expect(more).toHaveLength(logged('Rows taken in', 'refill').length - 1)
    // Until then it looked for the marker again and again.
    const looks = (await log.readTimes(marker, [])).filter((at) => at >= begun && at <= read)
    expect(looks.length).toBeGreaterThan(10)
    expect(logged('Reading failed', 'refill')).toEqual([])
  } finally {
    await log.stop()
    await replica.lag(0)
  }
})

test('further behind than a reading waits: it fails and says why, the board stays true and is exact again', async () => {
  await settled()
  await replica.stopApplying()
  const answers = await answersDuring(worker, 'likes', async () => {
    await deleteBest(tooMany)
    const failed = await failure()
    expect(failed?.code).toBe('DATABASE_TIMEOUT')
    expect(failed?.detail).toContain(`${replica.address}: a marker written 10000 ms ago is not visible there`)
    expect(await (await worker.fetch('/metrics')).text()).toMatch(
      /ranktide_refill_failures_total\{board="likes",code="DATABASE_TIMEOUT"\} 1/,
    )
    await raise()
    await replica.startApplying()
    await settled()
  })
  expectTrue(answers)
})

test('the replica is down: raises show as ever, what needs rows waits, and so does a start, until it is back', async () => {
  await settled()
  await replica.down()
  let late: WorkerProcess | undefined
  try {
    const answers = await answersDuring(worker, 'likes', async () => {
      await raise()
      await settled()
      await deleteBest(tooMany)
      const failed = await failure()
      expect(failed?.code).toBe('DATABASE_UNREACHABLE')
      expect(failed?.detail).toContain(replica.address)
      late = await startWorker()
      await until(
        'the start waits',
        () =>
          late?.logs.some(({ msg, code }) => msg === 'Waiting for the database' && code === 'DATABASE_UNREACHABLE') ===
          true,
      )
      await replica.up()
      await settled()
      await settled(late)
    })
    expectTrue(answers)
  } finally {
    await late?.stop()
  }
})
