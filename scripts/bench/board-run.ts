/**
 * The whole worker as `ranktide run` wires it, on the bench's topic, from its first message to the last: Kafka, decoding,
 * windows, boards, Redis. Only the database is another process that knows the table at every offset.
 */
import { tap } from 'rxjs'
import { runWorker } from '../../src/app.js'
import { type Positions, partitionId } from '../../src/core/positions.js'
import type { FeedSource } from '../../src/operators/ports.js'
import { Lifecycle } from '../../src/runtime/lifecycle.js'
import { parseConfig } from '../../src/runtime/load-config.js'
import { createLog } from '../../src/runtime/log.js'
import { createKafkaFeed } from '../../src/sources/kafka-feed.js'
import { MemoryDeadLetters } from '../../src/sources/memory-dead-letters.js'
import { sourceWindow } from '../../src/worker/source-window.js'
import type { OpenSource } from '../../src/worker/worker-parts.js'
import { BenchDatabase } from './bench-database.js'
import { type Measure, Stopwatch } from './measures.js'
import type { TrafficOptions } from './traffic.js'

export interface BoardRunOptions {
  readonly brokers: string
  readonly topic: string
  readonly messages: number
  readonly traffic: TrafficOptions
  readonly redis: string
  readonly prefix: string
  readonly size: number
}

export interface BoardMeasure extends Measure {
  /** Queries that the table was asked, the fill included. */
  readonly reads: number
}

const configOf = ({ brokers, redis, prefix, topic, size }: BoardRunOptions): string => `
kafka: { brokers: "${brokers}", group: "${prefix}" }
database: { url: "mysql://nobody@127.0.0.1:1/webook" }
redis: { url: "${redis}", prefix: "${prefix}" }
http: { port: 0 }
boards:
  likes: { topic: ${topic}, table: webook.interactives, score: like_cnt, size: ${size}, columns: [biz_id, biz, read_cnt, like_cnt] }
`

const run = async (options: BoardRunOptions): Promise<void> => {
  const read = parseConfig(configOf(options), 'bench', { environment: {}, hostname: 'bench' })
  if (read.kind !== 'config') throw new Error(JSON.stringify(read))
  const config = { ...read.config, log: { level: 'warn' as const } }
  const log = createLog(config)
  const lifecycle = new Lifecycle({ log, exit: (code) => process.exit(code) })
  const watch = new Stopwatch()
  const database = new BenchDatabase(options.topic, options.traffic)
  let bytes = 0
  const openSource: () => OpenSource = () => {
    const { brokers, topic } = options
    const source = createKafkaFeed({
      brokers,
      group: options.prefix,
      client: {},
      topics: [topic],
      window: sourceWindow,
    })
    const first = partitionId(topic, 0)
    let asked = false
    /** From the first message, and with nothing to catch up with: boards are published all the way. */
    const ends = async (): Promise<Positions> => {
      if (asked) return source.ends()
      asked = true
      return new Map([[first, 0]])
    }
    const batches: FeedSource['batches'] = () =>
      source.batches(new Map([[first, 0]])).pipe(
        tap(({ messages, positions }) => {
          if (messages.length > 0) watch.begin()
          for (const { value } of messages) bytes += value?.length ?? 0
          database.offset = positions.get(first) ?? 0
        }),
      )
    const commit = (positions: Positions): void => {
      source.commit(positions)
      if ((positions.get(first) ?? 0) < options.messages) return
      const measure: BoardMeasure = { ...watch.end(options.messages, bytes), reads: database.reads }
      process.send?.(measure, () => lifecycle.close('done').then(() => process.exit(0)))
    }
    return { ends, batches, commit, flush: () => source.flush(), close: () => source.close() }
  }
  await runWorker(config, log, lifecycle, { database, deadLetters: new MemoryDeadLetters(), openSource })
}

process.once('message', (options: BoardRunOptions) => {
  run(options).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
