#!/usr/bin/env node
/** The example as a process: `--help`, `migrate`, or `serve` until SIGTERM. Exit codes as ranktide: 0, 1, 2 for usage. */
import { asRanktideError } from '../../src/core/errors.js'
import { createMysqlPool } from '../../src/databases/mysql/connection.js'
import { MysqlReadHistory } from '../../src/databases/mysql/read-history.js'
import { closeOnSignals, Lifecycle } from '../../src/runtime/lifecycle.js'
import { createLog } from '../../src/runtime/log.js'
import { KafkaMessageProducer } from '../../src/sources/kafka-message-producer.js'
import { tableNames } from './item.js'
import { migrate } from './migrate.js'
import { databaseTimeout, serve } from './serve.js'
import { durationOf, helpText, readSettings, type Settings } from './settings.js'

const runMigrate = async (settings: Settings): Promise<void> => {
  const pool = createMysqlPool({
    url: settings.DATABASE_URL,
    timeoutMs: databaseTimeout,
    timeZone: '+00:00',
    connections: 1,
  })
  try {
    const applied = await migrate(pool)
    process.stdout.write(
      applied.length === 0 ? 'Nothing to apply\n' : applied.map((file) => `Applied ${file}\n`).join(''),
    )
  } finally {
    await pool.close()
  }
}

const runServe = async (settings: Settings): Promise<void> => {
  const log = createLog({ instance: 'webook', log: { level: settings.LOG_LEVEL as 'info' } })
  const lifecycle = new Lifecycle({ log, exit: (code) => process.exit(code) })
  closeOnSignals(lifecycle, process)
  try {
    const { DATABASE_URL: url, KAFKA_BROKERS: brokers } = settings
    const timeout = durationOf(settings, 'READ_TIMEOUT')
    await serve(settings, log, lifecycle, {
      tables: tableNames,
      producer: () => KafkaMessageProducer.connect({ brokers, timeout }),
      history: new MysqlReadHistory({ url, timeoutMs: databaseTimeout }),
    })
  } catch (error) {
    log.error({ error }, 'Start failed')
    await lifecycle.close('start failed')
    process.exit(1)
  }
}

const run = async (words: readonly string[]): Promise<void> => {
  const [command = 'serve', ...rest] = words
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(helpText)
    return
  }
  if (rest.length > 0 || (command !== 'serve' && command !== 'migrate')) {
    process.stderr.write(`${words.join(' ')}: unknown; allowed: serve, migrate, --help\n`)
    process.exitCode = 2
    return
  }
  const settings = readSettings(process.env)
  await (command === 'serve' ? runServe(settings) : runMigrate(settings))
}

try {
  await run(process.argv.slice(2))
} catch (raw) {
  const error = asRanktideError(raw)
  process.stderr.write(`${error.code}: ${error.message}\n`)
  process.exitCode = error.code === 'CONFIG_INVALID' ? 2 : 1
}
