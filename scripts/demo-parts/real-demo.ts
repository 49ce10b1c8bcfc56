/**
 * The demo on real servers, which are running already (scripts/demo starts them): table, worker, traffic, screen.
 * Ends by itself after --seconds of traffic, or by SIGTERM or SIGINT; then the board is compared with its query.
 * Exit code: 0 it equals the query, 1 not, or something failed.
 */
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { compare, countsAt, firstBoard, say, showTraffic } from '../../src/demo/demo-show.js'
import { Simulator } from '../../src/demo/simulator.js'
import { DemoTable } from './demo-table.js'
import { DemoWorker, lastLines } from './demo-worker.js'

interface Setting {
  readonly database: 'mariadb' | 'mysql'
  readonly directory: string
  /** The servers were started for this run: names need not be our own, and nothing need be cleaned up. */
  readonly fresh: boolean
  readonly seconds: number
}

const readSetting = (): Setting => {
  const { values } = parseArgs({
    options: {
      database: { type: 'string', default: 'mariadb' },
      directory: { type: 'string', default: '.' },
      fresh: { type: 'boolean', default: false },
      seconds: { type: 'string', default: 'Infinity' },
    },
  })
  const database = values.database === 'mysql' ? 'mysql' : 'mariadb'
  return { database, directory: values.directory, fresh: values.fresh, seconds: Number(values.seconds) }
}

const server = (name: string): string => {
  const value = process.env[`RANKTIDE_TEST_${name.toUpperCase()}`]
  if (value === undefined) throw new Error(`RANKTIDE_TEST_${name.toUpperCase()} is not set: use ./scripts/demo --real`)
  return value
}

interface Names {
  readonly table: string
  /** Of the keys in Redis, and of the consumer group. */
  readonly prefix: string
  readonly databaseUrl: string
}

const namesFor = ({ database, fresh }: Setting): Names => {
  const url = new URL(server(database))
  url.pathname = '/webook'
  const suffix = fresh ? '' : `_demo_${randomUUID().slice(0, 8)}`
  return {
    table: `webook.interactives${suffix}`,
    prefix: `ranktide${suffix}`,
    databaseUrl: url.href,
  }
}

/** The whole configuration, as anybody would write it. */
const configFor = ({ database }: Setting, { table, prefix, databaseUrl }: Names): string =>
  `kafka: { brokers: "${server('kafka')}", group: ${prefix} }
database: { url: "${databaseUrl}" }
redis: { url: "${server('redis')}", prefix: ${prefix} }
http: { port: 0 }
boards:
  likes:
    topic: ${database === 'mariadb' ? 'maria' : 'mysql'}.webook
    table: ${table}
    score: like_cnt
    columns: [biz_id, biz, read_cnt, like_cnt]
`

const removeKeys = async (prefix: string): Promise<void> => {
  const redis = new Redis(server('redis'))
  const keys = await redis.keys(`${prefix}:*`)
  if (keys.length > 0) await redis.del(keys)
  redis.disconnect()
}

const play = async (setting: Setting, stopped: AbortSignal): Promise<boolean> => {
  const names = namesFor(setting)
  const table = await DemoTable.create(names.databaseUrl, names.table)
  const config = join(setting.directory, 'ranktide.yaml')
  const log = join(setting.directory, 'worker.log')
  writeFileSync(config, configFor(setting, names))
  say(`table ${names.table}: 2010 rows\n\n$ ranktide run --config ${config}\n${configFor(setting, names)}`)
  let worker: DemoWorker | undefined
  let simulator: Simulator | undefined
  try {
    worker = await DemoWorker.start(config, log)
    const { address } = worker
    const problem = await firstBoard(address, stopped)
    if (problem !== undefined) throw new Error(stopped.aborted ? problem : `${problem}:\n${lastLines(log)}`)
    const before = await countsAt(address)
    simulator = await Simulator.start(table)
    const title = `${setting.database === 'mysql' ? 'MySQL' : 'MariaDB'} → Canal → Kafka → ranktide → Redis → HTTP`
    const ended = () => (worker?.ended === undefined ? undefined : `ranktide run has ended with ${worker.ended}`)
    const { seconds } = setting
    const unit = 'SQL statements'
    await showTraffic({ title, address, unit, seconds, simulator, before, stopped, workerFailed: ended })
    await simulator.stop()
    if (simulator.failures > 0) say(`${simulator.failures} statements failed, the last one: ${simulator.failure}`)
    return await compare(table, address, 'the query', 'statement')
  } finally {
    await simulator?.stop()
    const code = await worker?.stop()
    if (code !== undefined) say(`ranktide run ended with ${code}`)
    if (!setting.fresh) {
      await table.drop()
      await removeKeys(names.prefix)
    }
    await table.close()
  }
}

const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.on('SIGINT', () => stop.abort())
// A reader that has gone away (`| head`) ends the demo as a signal does.
process.stdout.on('error', () => stop.abort())

const outcome = await play(readSetting(), stop.signal).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error))
  return false
})
// A connection that a failure has left open would keep the process alive.
process.exit(outcome ? 0 : 1)
