/**
 * `ranktide demo`: a whole worker under traffic on parts of one process. Readers send read events to librdkafka's mock of
 * Kafka (or, where node-rdkafka did not compile, to topics in this process); the worker counts them into a simulated
 * table, which tells its changes to the same Kafka; the worker ranks them, with the stream itself as its base, and writes
 * to a Redis, which is built in where no redis-server is.
 *
 * The worker is that of `ranktide run`, but for Kafka's clients where there are none and for the database.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RanktideError } from '../core/errors.js'
import type { MessageProducer } from '../operators/message-ports.js'
import { loadWithKafka } from '../worker/kafka-client.js'
import { CountedArticles } from './counted-articles.js'
import { DemoLog } from './demo-log.js'
import { type DemoRedis, startRedis } from './demo-redis.js'
import { firstBoards, patience, say, showTraffic } from './demo-show.js'
import { type DemoStream, inProcessStream } from './demo-stream.js'
import { compareBoards, compareReads } from './demo-verdict.js'
import { type RunningWorker, startWorker, topics } from './demo-worker.js'
import { ReadSimulator } from './read-simulator.js'
import { sameInRedis } from './same-in-redis.js'
import { Simulator } from './simulator.js'
import { StreamedArticles } from './streamed-articles.js'
import { countsAt } from './worker-counts.js'

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

const startStream = async (inProcess: boolean): Promise<DemoStream> => {
  if (inProcess) return inProcessStream(topics, '--in-process was given')
  try {
    const { startMockKafka } = await loadWithKafka(() => import('./mock-kafka.js'))
    return await startMockKafka(topics)
  } catch (error) {
    if (!(error instanceof RanktideError) || error.code !== 'KAFKA_CLIENT') throw error
    return inProcessStream(topics, 'node-rdkafka did not compile here')
  }
}

/** Whether counts and boards are right at the end. What kept them from being shown is told, and is `false`. */
export const runDemo = async (options: DemoOptions, stopped: AbortSignal): Promise<boolean> => {
  const directory = await mkdtemp(join(tmpdir(), 'ranktide-demo.'))
  const log = new DemoLog(join(directory, 'worker.log'))
  const stream = await startStream(options.inProcess)
  const redis = await startRedis(directory, options.builtInRedis)
  const table = new StreamedArticles((value, id) => stream.append(value, id))
  const counted = new CountedArticles(table)
  say(`Kafka: ${stream.about}\nRedis: ${redis.about}`)
  say(`table ${topics.changes}: ${table.size} rows, simulated; what the worker reads of it is its stream of changes`)
  const worker = startWorker({ stream, redis, counted, port: options.port, log })
  let producer: MessageProducer | undefined
  try {
    producer = await stream.producer()
    const right = await play(options, { table, counted, stream, producer, redis, worker, log, stopped })
    const clean = await worker.stop()
    if (right && clean) await rm(directory, { recursive: true, force: true })
    else say(`the worker's log: ${log.file}`)
    return right && clean
  } catch (error) {
    await worker.stop()
    say(`${log.end}${error instanceof Error ? error.message : String(error)}; the worker's log: ${log.file}`)
    return false
  } finally {
    await producer?.close()
    await Promise.all([redis.close(), stream.close()])
  }
}

interface Stage {
  readonly table: StreamedArticles
  readonly counted: CountedArticles
  readonly stream: DemoStream
  readonly producer: MessageProducer
  readonly redis: DemoRedis
  readonly worker: RunningWorker
  readonly log: DemoLog
  readonly stopped: AbortSignal
}

const play = async ({ seconds }: DemoOptions, stage: Stage): Promise<boolean> => {
  const { table, counted, stream, producer, redis, worker, log, stopped } = stage
  const address = await Promise.race([log.address, worker.ended])
  if (address === undefined) throw new Error(worker.failed() ?? 'the worker has ended')
  const problem = await firstBoards(address, stopped)
  if (problem !== undefined) throw new Error(worker.failed() ?? problem)
  const before = await countsAt(address)
  const simulator = await Simulator.start(table)
  const { articles } = simulator
  const itemOf = (id: number) => table.item(id)
  const readers = ReadSimulator.start({ producer, topic: topics.reads, articles, itemOf })
  try {
    await showTraffic({
      title: `reads → ${stream.name} → ranktide → simulated table → ${stream.name} → ranktide → Redis → HTTP`,
      address,
      unit: 'changes',
      seconds,
      simulator,
      readers,
      before,
      stopped,
      workerFailed: () => worker.failed(),
    })
  } finally {
    await Promise.all([simulator.stop(), readers.stop()])
  }
  const right = [
    await compareReads({ readers, deleted: simulator.deleted, table, counter: counted, patience }),
    await compareBoards(table, address, "the simulator's own table"),
    await sameInRedis(table, redis.url),
  ]
  return !right.includes(false)
}
