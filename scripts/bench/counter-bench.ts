/**
 * One run on one machine: the same read events counted into each database, by the read counter at several sizes of batch
 * and by bare upserts of the same rows, in turns. Prints medians and ratios, or one JSON object; fails on a wrong count.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { BareUpsertsOptions } from './bare-upserts.js'
import { checkCounts } from './check-counts.js'
import { runChild } from './child.js'
import { makeOwnTables } from './count-stores.js'
import { type CountedTable, createCountedTable } from './counted-table.js'
import { counterReport, type ServerRuns, type SizeRun } from './counter-report.js'
import type { CounterRunOptions } from './counter-run.js'
import { deleteTopic, fillTopic } from './fill-topic.js'
import type { Measure } from './measures.js'
import { drawReads, eventKey, eventText, type ReadsOptions } from './read-events.js'

const { values: given } = parseArgs({
  options: {
    servers: { type: 'string', default: 'mariadb,mysql,postgres' },
    events: { type: 'string', default: '100000' },
    single: { type: 'string', default: '2000' },
    items: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const variable = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: ./scripts/bench/counters sets it`)
  return value
}

const brokers = variable('RANKTIDE_TEST_KAFKA')
const rounds = Number(given.rounds)
const sizes = [1, 100, 1_000, 10_000]
const all: ReadsOptions = { seed: Number(given.seed), events: Number(given.events), items: Number(given.items) }
/** Where each event is a transaction of its own, fewer of them do. */
const few: ReadsOptions = { ...all, events: Math.min(all.events, Number(given.single)) }
const topic = `bench-reads-${randomUUID().slice(0, 8)}`

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

const settingsOf = async (server: string, table: CountedTable): Promise<string> => {
  const sql =
    server === 'postgres'
      ? `SELECT 'server ' || current_setting('server_version') || ', fsync ' || current_setting('fsync')
         || ', synchronous_commit ' || current_setting('synchronous_commit')`
      : `SELECT CONCAT('server ', @@version, ', innodb_flush_log_at_trx_commit ', @@innodb_flush_log_at_trx_commit,
         ', log_bin ', @@log_bin, ', sync_binlog ', @@sync_binlog)`
  return (await table.query(sql))[0]?.[0] ?? ''
}

const sizeRun = async (table: CountedTable, size: number): Promise<SizeRun> => {
  const reads = size === 1 ? few : all
  const warm = Math.min(20_000, reads.events)
  const { url } = table
  const bare = await runChild<BareUpsertsOptions, Measure>('bare-upserts.js', { reads, url, size, warm }, [])
  await checkCounts(table, reads, `bare upserts of ${size}`)
  const counted = async (source: 'memory' | 'kafka'): Promise<Measure> => {
    const options: CounterRunOptions = { source, brokers, topic, reads, url, size, warm }
    const measure = await runChild<CounterRunOptions, Measure>('counter-run.js', options, ['--expose-gc'])
    await checkCounts(table, reads, `the counter in batches of ${size}, events from ${source}`)
    return measure
  }
  return { size, bare, memory: await counted('memory'), kafka: await counted('kafka') }
}

const serverRuns = async (server: string): Promise<ServerRuns> => {
  const table = await createCountedTable(variable(`RANKTIDE_TEST_${server.toUpperCase()}`), 'bench')
  try {
    await makeOwnTables(table.url)
    const settings = await settingsOf(server, table)
    const runs: SizeRun[][] = []
    for (let round = 1; round <= rounds; round++) {
      const of: SizeRun[] = []
      for (const size of sizes) {
        progress(`${server}: round ${round} of ${rounds}, batches of ${size}`)
        of.push(await sizeRun(table, size))
      }
      runs.push(of)
    }
    return { server, settings, rounds: runs }
  } finally {
    await table.close()
  }
}

function* events(): Generator<{ readonly key: string; readonly value: string }> {
  for (const [index, item] of drawReads(all).entries()) yield { key: eventKey(item), value: eventText(item, index) }
}

const heading =
  `${all.events.toLocaleString('en')} read events of ${all.items.toLocaleString('en')} items (Zipf 1.1), in one partition;` +
  ` ${few.events.toLocaleString('en')} of them where each is a transaction; medians of ${rounds}`

const main = async (): Promise<void> => {
  const filled = (sent: number) => progress(`filling the topic: ${Math.round((100 * sent) / all.events)} %`)
  await fillTopic({ brokers, topic, messages: events(), progress: filled })
  try {
    if (!given.json) process.stdout.write(`${heading}\n`)
    const servers: ServerRuns[] = []
    for (const server of given.servers.split(',')) {
      const runs = await serverRuns(server)
      servers.push(runs)
      progress('')
      if (!given.json) process.stdout.write(`\n${counterReport(runs)}\n`)
    }
    process.stdout.write(
      given.json
        ? `${JSON.stringify({ ...all, single: few.events, servers })}\n`
        : '\nthe counts in the tables are those of the events: yes, in every round\n',
    )
  } finally {
    await deleteTopic(brokers, topic)
  }
}

await main()
// node-rdkafka's threads would keep the process alive.
process.exit(0)
