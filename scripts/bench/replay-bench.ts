/**
 * One run on one machine: a topic drained by bare node-rdkafka, and replayed as a whole by the built `ranktide replay`, in
 * turns. Prints medians and ratios, or one JSON object; fails where a replayed board is not the table's best.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runChild } from './child.js'
import { createCountedTable } from './counted-table.js'
import type { DrainOptions } from './drain.js'
import { deleteTopic, fillTopic } from './fill-topic.js'
import { type Measure, median } from './measures.js'
import { type ReplayMeasure, runReplay } from './replay-run.js'
import { Traffic } from './traffic.js'
import { checkPlaces } from './true-board.js'

const { values: given } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000000' },
    keys: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})

const variable = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: ./scripts/bench/replay sets it`)
  return value
}

const brokers = variable('RANKTIDE_TEST_KAFKA')
const redis = variable('RANKTIDE_TEST_REDIS')
const server = variable('RANKTIDE_TEST_MARIADB')
const messages = Number(given.messages)
const size = Number(given.size)
const rounds = Number(given.rounds)
const topic = `bench-replay-${randomUUID().slice(0, 8)}`

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

interface Round {
  readonly drain: Measure
  readonly replay: ReplayMeasure
}

type TableTraffic = { readonly seed: number; readonly keys: number; readonly database: string }

const round = async (number: number, file: string, traffic: TableTraffic): Promise<Round> => {
  progress(`round ${number} of ${rounds}: bare drain`)
  const drain = await runChild<DrainOptions, Measure>('drain.js', { brokers, topic, messages, parse: false }, [])
  progress(`round ${number} of ${rounds}: ranktide replay`)
  const replay = await runReplay(['--config', file, '--board', 'likes', '--from', 'beginning', '--to', 'end'])
  if (replay.messages !== messages || replay.refused !== 0)
    throw new Error(`${replay.messages} of ${messages} messages replayed, ${replay.refused} refused`)
  checkPlaces(replay.board, traffic, messages, size)
  return { drain, replay }
}

type Measured = Pick<Measure, 'messages' | 'seconds' | 'cpuSeconds' | 'peakRssMb'>

const line = (name: string, measures: readonly Measured[], floor: readonly Measured[]): string => {
  const of = (pick: (measure: Measured) => number) => median(measures.map(pick))
  const rate = (measure: Measured) => measure.messages / measure.seconds
  const cells = [
    Math.round(of(rate)).toLocaleString('en'),
    (of(rate) / median(floor.map(rate))).toFixed(2),
    of((measure) => (measure.cpuSeconds / measure.messages) * 1e6).toFixed(1),
    of((measure) => measure.peakRssMb).toFixed(0),
  ]
  return `${name.padEnd(34)}${cells.map((cell) => cell.padStart(16)).join('')}`
}

const report = (all: readonly Round[], keys: number): string => {
  const drains = all.map(({ drain }) => drain)
  const replays = all.map(({ replay }) => replay)
  const heads = ['messages/s', 'of bare drain', 'CPU µs/message', 'peak RSS MB']
  const wall = median(replays.map(({ wallSeconds }) => wallSeconds))
  return [
    `${messages.toLocaleString('en')} messages of ${Math.round((drains[0]?.bytes ?? 0) / messages)} bytes, one partition,` +
      ` ${keys.toLocaleString('en')} keys (Zipf 1.1), top ${size}; medians of ${rounds}`,
    '',
    `${''.padEnd(34)}${heads.map((head) => head.padStart(16)).join('')}`,
    line('node-rdkafka, empty handler', drains, drains),
    line('ranktide replay', replays, drains),
    '',
    `the whole command took ${wall.toFixed(1)} s, starting and connecting included`,
    'the replayed board is the table’s best: yes, in every round',
  ].join('\n')
}

/** Handed to Kafka one by one: ten million are never in memory. */
function* changes(traffic: TableTraffic): Generator<{ readonly key: null; readonly value: string }> {
  const source = new Traffic(traffic)
  for (let index = 0; index < messages; index++) yield { key: null, value: source.next() }
}

const configOf = (url: string, table: string): string => `
kafka: { brokers: "${brokers}", group: "${topic}" }
database: { url: "${url}" }
redis: { url: "${redis}", prefix: "${topic}" }
boards:
  likes: { topic: ${topic}, table: ${table}, score: like_cnt, size: ${size}, columns: [biz_id, biz, read_cnt, like_cnt] }
`

const main = async (): Promise<void> => {
  const counted = await createCountedTable(server, 'bench')
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-bench-replay-'))
  const [database = ''] = counted.table.split('.')
  const traffic = { seed: Number(given.seed), keys: Number(given.keys), database }
  try {
    const file = join(directory, 'ranktide.yaml')
    await writeFile(file, configOf(counted.url, counted.table))
    const began = Date.now()
    const filled = (sent: number) => progress(`filling the topic: ${Math.round((100 * sent) / messages)} %`)
    await fillTopic({ brokers, topic, messages: changes(traffic), progress: filled })
    progress(`topic filled in ${Math.round((Date.now() - began) / 1000)} s\n`)
    const all: Round[] = []
    for (let number = 1; number <= rounds; number++) all.push(await round(number, file, traffic))
    progress('')
    const told = all.map(({ drain, replay: { board, ...replay } }) => ({ drain, replay: { ...replay, n: board.size } }))
    process.stdout.write(
      given.json ? `${JSON.stringify({ messages, traffic, size, rounds: told })}\n` : `${report(all, traffic.keys)}\n`,
    )
  } finally {
    await deleteTopic(brokers, topic).catch(() => {})
    await counted.close()
    await rm(directory, { recursive: true, force: true })
  }
}

await main()
// node-rdkafka's threads would keep the process alive.
process.exit(0)
