/**
 * One run on one machine: the topic drained by bare node-rdkafka, drained and parsed, and read by the worker that keeps a
 * board of it, in turns; what the worker did to Redis and to the table. Prints medians and ratios, or one JSON object.
 */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import type { BoardMeasure, BoardRunOptions } from './board-run.js'
import { runChild } from './child.js'
import type { DrainOptions } from './drain.js'
import { deleteTopic, fillTopic } from './fill-topic.js'
import { type Measure, median } from './measures.js'
import { hottest } from './profile.js'
import { type RedisCounted, RedisCounts } from './redis-counts.js'
import { Traffic } from './traffic.js'
import { checkBoard } from './true-board.js'

const { values: given } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    keys: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const variable = (name: string): string => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: ./scripts/bench/run sets it`)
  return value
}

const brokers = variable('RANKTIDE_TEST_KAFKA')
const redisUrl = variable('RANKTIDE_TEST_REDIS')
const messages = Number(given.messages)
const size = Number(given.size)
const rounds = Number(given.rounds)
const traffic = { seed: Number(given.seed), keys: Number(given.keys) }
const topic = `bench-${randomUUID().slice(0, 8)}`

const isTerminal = process.stderr.isTTY
const progress = (text: string): void => {
  if (isTerminal) process.stderr.write(`\r\u001b[K${text}`)
}

interface Round {
  readonly drain: Measure
  readonly parse: Measure
  readonly board: BoardMeasure
  readonly redis: RedisCounted
}

const round = async (number: number, redis: Redis): Promise<Round> => {
  const prefix = `${topic}-${number}`
  const drained = async (parse: boolean) =>
    runChild<DrainOptions, Measure>('drain.js', { brokers, topic, messages, parse }, [])
  progress(`round ${number} of ${rounds}: bare drain`)
  const drain = await drained(false)
  progress(`round ${number} of ${rounds}: drain and JSON.parse`)
  const parse = await drained(true)
  progress(`round ${number} of ${rounds}: the board`)
  const counts = await RedisCounts.begin(redis, prefix)
  const options: BoardRunOptions = { brokers, topic, messages, traffic, redis: redisUrl, prefix, size }
  const profiling = given.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${given.profile}`]
  const board = await runChild<BoardRunOptions, BoardMeasure>('board-run.js', options, profiling)
  const counted = await counts.end()
  await checkBoard(redis, prefix, traffic, messages, size)
  const keys = await redis.keys(`${prefix}:*`)
  if (keys.length > 0) await redis.del(keys)
  return { drain, parse, board, redis: counted }
}

const perSecond = ({ messages, seconds }: Measure): number => messages / seconds

const line = (name: string, measures: readonly Measure[], floor: readonly Measure[]): string => {
  const of = (pick: (measure: Measure) => number) => median(measures.map(pick))
  const ratio = of(perSecond) / median(floor.map(perSecond))
  const cells = [
    Math.round(of(perSecond)).toLocaleString('en'),
    ratio.toFixed(2),
    of((measure) => (measure.cpuSeconds / measure.messages) * 1e6).toFixed(1),
    of((measure) => measure.peakRssMb).toFixed(0),
  ]
  return `${name.padEnd(34)}${cells.map((cell) => cell.padStart(16)).join('')}`
}

const report = (all: readonly Round[]): string => {
  const drains = all.map(({ drain }) => drain)
  const boards = all.map(({ board }) => board)
  const of = (pick: (one: Round) => number) => Math.round(median(all.map(pick))).toLocaleString('en')
  const heads = ['messages/s', 'of bare drain', 'CPU µs/message', 'peak RSS MB']
  return [
    `${messages.toLocaleString('en')} messages of ${Math.round((drains[0]?.bytes ?? 0) / messages)} bytes, one partition,` +
      ` ${traffic.keys.toLocaleString('en')} keys (Zipf 1.1), top ${size}; medians of ${rounds}`,
    '',
    `${''.padEnd(34)}${heads.map((head) => head.padStart(16)).join('')}`,
    line('node-rdkafka, empty handler', drains, drains),
    line(
      'node-rdkafka + JSON.parse',
      all.map(({ parse }) => parse),
      drains,
    ),
    line('ranktide: top N in Redis', boards, drains),
    '',
    `queries to the table ${of(({ board }) => board.reads)} (the fill is one)`,
    `publishes ${of(({ redis }) => redis.publishes)}, fields sent ${of(({ redis }) => redis.sent)},` +
      ` least possible ${of(({ redis }) => redis.least)}`,
    'the board in Redis is the table’s best at the end: yes, in every round',
  ].join('\n')
}

function* changes(): Generator<{ readonly key: null; readonly value: string }> {
  const source = new Traffic(traffic)
  for (let index = 0; index < messages; index++) yield { key: null, value: source.next() }
}

const main = async (): Promise<void> => {
  const redis = new Redis(redisUrl)
  const began = Date.now()
  const filled = (sent: number) => progress(`filling the topic: ${Math.round((100 * sent) / messages)} %`)
  await fillTopic({ brokers, topic, messages: changes(), progress: filled })
  progress(`topic filled in ${Math.round((Date.now() - began) / 1000)} s\n`)
  try {
    const all: Round[] = []
    for (let number = 1; number <= rounds; number++) all.push(await round(number, redis))
    progress('')
    process.stdout.write(
      given.json ? `${JSON.stringify({ messages, traffic, size, rounds: all })}\n` : `${report(all)}\n`,
    )
    if (given.profile !== undefined) process.stdout.write(`\n${await hottest(given.profile)}\n`)
  } finally {
    await deleteTopic(brokers, topic)
    redis.disconnect()
  }
}

await main()
// node-rdkafka's threads would keep the process alive.
process.exit(0)
