/**
 * The demo on real servers, which are running already (scripts/demo starts them): table, worker, changes and reads, screen.
 * Ends by itself after --seconds of traffic, or by SIGTERM or SIGINT; then the counts are compared with the reads that were
 * sent, and the boards with their queries.
 * Exit code: 0 all are equal, 1 not, or something failed.
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { createConnection } from 'mysql2/promise'
import { firstBoards, patience, say, showTraffic } from '../../src/demo/demo-show.js'
import { compareBoards, compareReads } from '../../src/demo/demo-verdict.js'
import { ReadSimulator } from '../../src/demo/read-simulator.js'
import { Simulator } from '../../src/demo/simulator.js'
import { countsAt } from '../../src/demo/worker-counts.js'
import type { MessageProducer } from '../../src/operators/message-ports.js'
import { KafkaMessageProducer } from '../../src/sources/kafka-message-producer.js'
import { configFor, type Names, namesFor, readSetting, type Setting, server } from './demo-setting.js'
import { DemoTable } from './demo-table.js'
import { DemoWorker, lastLines, main } from './demo-worker.js'
import { createTopic, deleteTopic } from './read-topic.js'
import { startWebook, type Webook } from './webook-app.js'

interface Stage {
  readonly setting: Setting
  readonly names: Names
  readonly table: DemoTable
  readonly producer: MessageProducer
  readonly stopped: AbortSignal
}

/** One statement beside the table: databases come and go with the demo. */
const sql = async ({ database }: Setting, statement: string): Promise<void> => {
  const connection = await createConnection(server(database))
  await connection.query(statement)
  await connection.end()
}

const removeKeys = async (prefix: string): Promise<void> => {
  const redis = new Redis(server('redis'))
  const keys = await redis.keys(`${prefix}[:.]*`)
  if (keys.length > 0) await redis.del(keys)
  redis.disconnect()
}

/** On servers that run for others too: nothing is left of the demo. */
const cleanUp = async (setting: Setting, names: Names): Promise<void> => {
  for (const table of Object.values(names.tables)) await sql(setting, `DROP TABLE IF EXISTS webook.${table}`)
  await sql(setting, `DROP DATABASE IF EXISTS ${names.own}`)
  await removeKeys(names.prefix)
  await deleteTopic(names.reads)
  // It is there only if the worker has come so far as to make it.
  await deleteTopic(`${names.prefix}.dead-letters`).catch(() => {})
}

/** Writes the configuration, and makes ranktide's own tables as a user does. */
const prepare = async (setting: Setting, names: Names): Promise<string> => {
  const config = join(setting.directory, 'ranktide.yaml')
  const text = configFor(setting, names)
  writeFileSync(config, text)
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'migrate', '--config', config])
  say(`table ${names.table}: 2010 rows\n\n${text}\n$ ranktide migrate --config ${config}\n${stdout}`)
  say(`$ ranktide run --config ${config}`)
  return config
}

const playTraffic = async (
  worker: DemoWorker,
  { setting, names, table, producer, stopped }: Stage,
): Promise<boolean> => {
  const { address } = worker
  const before = await countsAt(address)
  const simulator = await Simulator.start(table)
  const { articles } = simulator
  const itemOf = (id: number) => table.item(id)
  const readers = ReadSimulator.start({ producer, topic: names.reads, articles, itemOf })
  let webook: Webook | undefined
  try {
    webook = await startWebook({ setting, names, producer, took: (item) => readers.took(item) })
    say(`${webook.hint}\n`)
    await showTraffic({
      title: `reads → Kafka → ranktide → ${setting.database === 'mysql' ? 'MySQL' : 'MariaDB'} → Canal → Kafka → ranktide → Redis → HTTP`,
      address,
      unit: 'SQL statements',
      seconds: setting.seconds,
      simulator,
      readers,
      before,
      stopped,
      workerFailed: () => (worker.ended === undefined ? undefined : `ranktide run has ended with ${worker.ended}`),
    })
  } finally {
    await webook?.close()
    await Promise.all([simulator.stop(), readers.stop()])
  }
  if (simulator.failures > 0) say(`${simulator.failures} statements failed, the last one: ${simulator.failure}`)
  const { deleted } = simulator
  const counted = await compareReads({ readers, deleted, table, counter: table, patience })
  return (await compareBoards(table, address, 'the query')) && counted
}

const play = async (stage: Stage): Promise<boolean> => {
  const { setting, names, stopped } = stage
  const config = await prepare(setting, names)
  const log = join(setting.directory, 'worker.log')
  let worker: DemoWorker | undefined
  try {
    worker = await DemoWorker.start(config, log)
    const problem = await firstBoards(worker.address, stopped)
    if (problem !== undefined) throw new Error(stopped.aborted ? problem : `${problem}:\n${lastLines(log)}`)
    return await playTraffic(worker, stage)
  } finally {
    const code = await worker?.stop()
    if (code !== undefined) say(`ranktide run ended with ${code}`)
  }
}

const onServers = async (setting: Setting, stopped: AbortSignal): Promise<boolean> => {
  const names = namesFor(setting)
  if (!setting.fresh) await sql(setting, `CREATE DATABASE ${names.own}`)
  const table = await DemoTable.create(names.databaseUrl, names)
  await createTopic(names.reads)
  const producer = await KafkaMessageProducer.connect({ brokers: server('kafka') })
  try {
    return await play({ setting, names, table, producer, stopped })
  } finally {
    await producer.close()
    if (!setting.fresh) await cleanUp(setting, names)
    await table.close()
  }
}

const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.on('SIGINT', () => stop.abort())
// A reader that has gone away (`| head`) ends the demo as a signal does.
process.stdout.on('error', () => stop.abort())

const outcome = await onServers(readSetting(), stop.signal).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error))
  return false
})
// A connection that a failure has left open would keep the process alive.
process.exit(outcome ? 0 : 1)
