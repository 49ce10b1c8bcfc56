/** The demo's worker: that of `ranktide run`, on parts of this process where there are no servers. */
import { hostname } from 'node:os'
import { runWorker } from '../app.js'
import { RanktideError } from '../core/errors.js'
import type { Config } from '../runtime/config.js'
import { Lifecycle } from '../runtime/lifecycle.js'
import { parseConfig } from '../runtime/load-config.js'
import { createLog } from '../runtime/log.js'
import type { CountedArticles } from './counted-articles.js'
import { boardSize, demoBoards } from './demo-boards.js'
import type { DemoLog } from './demo-log.js'
import type { DemoRedis } from './demo-redis.js'
import type { DemoStream, DemoTopics } from './demo-stream.js'
import { KeptLetters } from './kept-letters.js'
import { MemoryDatabase } from './memory-database.js'
import { articlesDescription } from './streamed-articles.js'

const { database, table } = articlesDescription

export const topics: DemoTopics = { changes: `${database}.${table}`, reads: 'read_events' }

export interface WorkerSetting {
  readonly stream: DemoStream
  readonly redis: DemoRedis
  readonly counted: CountedArticles
  /** Of HTTP; 0: any free one. */
  readonly port: number
  readonly log: DemoLog
}

export interface RunningWorker {
  /** Why it has ended by itself; undefined while it has not. */
  failed(): string | undefined
  readonly ended: Promise<void>
  /** Whether everything was closed well and in time. */
  stop(): Promise<boolean>
}

const boardText = ({ name, column }: (typeof demoBoards)[number]): string =>
  `  ${name}:
    topic: ${topics.changes}
    table: ${table}
    score: ${column}
    size: ${boardSize}
    columns: [biz_id, biz, read_cnt, like_cnt]
`

/** What a user would write, but for the database, which nobody opens. */
const configText = ({ stream, redis, port }: WorkerSetting): string =>
  `kafka: { brokers: "${stream.brokers}" }
database: { url: "mysql://localhost/${database}" }
redis: { url: "${redis.url}" }
http: { port: ${port} }
boards:
${demoBoards.map(boardText).join('')}counters:
  reads: { topic: ${topics.reads}, table: ${table}, key: [biz, biz_id], add: { read_cnt: 1 }, buckets: [day] }
`

const configOf = (text: string): Config => {
  const result = parseConfig(text, 'demo', { environment: {}, hostname: hostname() })
  if (result.kind === 'config') return result.config
  throw new RanktideError('CONFIG_INVALID', result.problems.map(({ sentence }) => sentence).join('; '))
}

/** Begins it. */
export const startWorker = (setting: WorkerSetting): RunningWorker => {
  const { stream, counted, log } = setting
  const config = configOf(configText(setting))
  const logger = createLog(config, log)
  const lifecycle = new Lifecycle({ log: logger, exit: (code) => process.exit(code) })
  const bases = new Set<{ close(): Promise<void> }>()
  const tables = new MemoryDatabase([articlesDescription], () => {
    const source = stream.open('ranktide-base')
    bases.add(source)
    return source
  })
  let failure: string | undefined
  const worker = runWorker(config, logger, lifecycle, {
    database: tables,
    deadLetters: new KeptLetters(),
    openSource: () => stream.open(config.kafka.group),
    counting: counted.parts(({ group }, onTrouble) => stream.consumer(group, onTrouble)),
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
