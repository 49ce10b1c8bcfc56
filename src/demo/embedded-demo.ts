/**
 * `ranktide demo`: a whole worker under traffic on parts of one process. A simulated table tells its changes to
 * librdkafka's mock of Kafka (or, where node-rdkafka did not compile, straight to the pipeline), the worker ranks them,
 * with the stream itself as its base, and writes to a Redis, which is built in where no redis-server is.
 *
 * The worker is that of `ranktide run`, but for Kafka's clients where there are none and for the database.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { runWorker } from '../app.js'
import { RanktideError } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import { Lifecycle } from '../runtime/lifecycle.js'
import { parseConfig } from '../runtime/load-config.js'
import { createLog } from '../runtime/log.js'
import { loadWithKafka } from '../worker/kafka-client.js'
import { DemoLog } from './demo-log.js'
import { type DemoRedis, startRedis } from './demo-redis.js'
import { boardSize, compare, countsAt, firstBoard, say, showTraffic } from './demo-show.js'
import { type DemoStream, inProcessStream } from './demo-stream.js'
import { KeptLetters } from './kept-letters.js'
import { MemoryDatabase } from './memory-database.js'
import { Simulator } from './simulator.js'
import { articlesDescription, StreamedArticles } from './streamed-articles.js'

export interface DemoOptions {
  /** How long traffic is shown; may be Infinity. */
  readonly seconds: number
  /** Of HTTP; 0: any free one. */
  readonly port: number
  /** No Kafka, even where node-rdkafka is there. */
  readonly inProcess: boolean
  /** The Redis that is built in, even where a redis-server is there. */
  readonly builtInRedis: boolean
}

const topic = 'webook.interactives'

const startStream = async (inProcess: boolean): Promise<DemoStream> => {
  if (inProcess) return inProcessStream(topic, '--in-process was given')
  try {
    const { startMockKafka } = await loadWithKafka(() => import('./mock-kafka.js'))
    return await startMockKafka(topic)
  } catch (error) {
    if (!(error instanceof RanktideError) || error.code !== 'KAFKA_CLIENT') throw error
    return inProcessStream(topic, 'node-rdkafka did not compile here')
  }
}

/** What a user would write, but for the database, which nobody opens. */
const configText = (stream: DemoStream, redis: DemoRedis, port: number): string =>
  `kafka: { brokers: "${stream.brokers}" }
database: { url: "mysql://localhost/${articlesDescription.database}" }
redis: { url: "${redis.url}" }
http: { port: ${port} }
boards:
  likes:
    topic: ${topic}
    table: ${articlesDescription.table}
    score: like_cnt
    size: ${boardSize}
    columns: [biz_id, biz, read_cnt, like_cnt]
`

const configOf = (text: string): Config => {
  const result = parseConfig(text, 'demo', { environment: {}, hostname: hostname() })
  if (result.kind === 'config') return result.config
  throw new RanktideError('CONFIG_INVALID', result.problems.map(({ sentence }) => sentence).join('; '))
}

/** The worker, begun; `failed` says why it has ended by itself. */
const startWorker = (stream: DemoStream, redis: DemoRedis, port: number, log: DemoLog) => {
  const config = configOf(configText(stream, redis, port))
  const logger = createLog(config, log)
  const lifecycle = new Lifecycle({ log: logger, exit: (code) => process.exit(code) })
  const bases = new Set<{ close(): Promise<void> }>()
  const database = new MemoryDatabase([articlesDescription], () => {
    const source = stream.open('ranktide-base')
    bases.add(source)
    return source
  })
  let failure: string | undefined
  const worker = runWorker(config, logger, lifecycle, {
    database,
    deadLetters: new KeptLetters(),
    openSource: () => stream.open(config.kafka.group),
  })
  const ended = worker.catch((error: Error) => {
    failure = error.message
  })
  return {
    failed: () => failure,
    ended,
    stop: async () => {
      const clean = await lifecycle.close('the demo is over')
      await Promise.all([...bases].map((source) => source.close()))
      return clean
    },
  }
}

/** Whether the board equals the table at the end. What kept it from being shown is told, and is `false`. */
export const runDemo = async (options: DemoOptions, stopped: AbortSignal): Promise<boolean> => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-demo.'))
  const log = new DemoLog(join(directory, 'worker.log'))
  const stream = await startStream(options.inProcess)
  const redis = await startRedis(directory, options.builtInRedis)
  const table = new StreamedArticles((value, id) => stream.append(value, id))
  say(`Kafka: ${stream.about}\nRedis: ${redis.about}`)
  say(`table ${topic}: ${table.size} rows, simulated; what the worker reads of it is its stream of changes`)
  const worker = startWorker(stream, redis, options.port, log)
  try {
    const equal = await play(options, { table, stream, redis, worker, log, stopped })
    const clean = await worker.stop()
    if (equal && clean) await rm(directory, { recursive: true, force: true })
    else say(`the worker's log: ${log.file}`)
    return equal && clean
  } catch (error) {
    await worker.stop()
    say(`${log.end}${error instanceof Error ? error.message : String(error)}; the worker's log: ${log.file}`)
    return false
  } finally {
    await Promise.all([redis.close(), stream.close()])
  }
}

interface Stage {
  readonly table: StreamedArticles
  readonly stream: DemoStream
  readonly redis: DemoRedis
  readonly worker: ReturnType<typeof startWorker>
  readonly log: DemoLog
  readonly stopped: AbortSignal
}

const play = async ({ seconds }: DemoOptions, stage: Stage): Promise<boolean> => {
  const { table, stream, redis, worker, log, stopped } = stage
  const address = await Promise.race([log.address, worker.ended])
  if (address === undefined) throw new Error(worker.failed() ?? 'the worker has ended')
  const problem = await firstBoard(address, stopped)
  if (problem !== undefined) throw new Error(worker.failed() ?? problem)
  const before = await countsAt(address)
  const simulator = await Simulator.start(table)
  const title = `simulated table → ${stream.name} → ranktide → Redis → HTTP`
  try {
    await showTraffic({
      title,
      address,
      unit: 'changes',
      seconds,
      simulator,
      before,
      stopped,
      workerFailed: () => worker.failed(),
    })
  } finally {
    await simulator.stop()
  }
  const equal = await compare(table, address, "the simulator's own table", 'change')
  return equal && (await sameInRedis(table, redis.url))
}

/** Whether the sorted set is the board too, for programs that read Redis themselves. */
const sameInRedis = async (table: StreamedArticles, url: string): Promise<boolean> => {
  const redis = new Redis(url, { protocol: 2 })
  try {
    const key = 'ranktide:{likes}'
    const flat = await redis.zrange(key, 0, '-1', 'WITHSCORES')
    const found = flat.flatMap((member, i) => (i % 2 === 0 ? [`${member} ${flat[i + 1]}`] : []))
    const best = JSON.parse(await table.best(boardSize)) as { readonly id: number; readonly like_cnt: number }[]
    const wanted = best.map(({ id, like_cnt }) => `${id} ${like_cnt}`)
    const equal = found.sort().join() === wanted.sort().join()
    say(`sorted set ${key} in Redis: ${equal ? `the same ${found.length} members` : `differs: ${found.join(', ')}`}`)
    return equal
  } finally {
    redis.disconnect()
  }
}
