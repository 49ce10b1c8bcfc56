/** Everything that a day needs, started in order and stopped in reverse: table, load, two replicas, readers. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Surroundings } from './faults.js'
import { HttpReader } from './http-reader.js'
import { LikesTable } from './likes-table.js'
import { RedisReader } from './redis-reader.js'
import { ReplicaProcess } from './replica-process.js'
import { seededChance } from './seeded-chance.js'
import { addressOf, type DatabaseName, databaseUrl, topicOf } from './servers.js'
import { SteadyWriter } from './steady-writer.js'
import type { TrueHistory } from './true-history.js'

const board = 'likes'
const boardSize = 10
const statementsPerSecond = 60
/** How long the first board, and the last one, may take, ms. */
const patience = 30_000

export interface SceneOptions {
  readonly database: DatabaseName
  /** For configurations and logs. */
  readonly directory: string
  /** The built program that the replicas run. */
  readonly main: string
  readonly seed: number
  readonly history: TrueHistory
}

export class Scene {
  readonly table: LikesTable
  readonly writer: SteadyWriter
  readonly replicas: readonly ReplicaProcess[]
  readonly http: HttpReader
  readonly redisReader: RedisReader
  readonly redis: Redis
  readonly leaseKey: string
  readonly #prefix: string

  constructor({ database, directory, main, seed, history }: SceneOptions) {
    const name = `bad_day_${seed.toString(36)}`
    this.#prefix = name
    const topic = topicOf(database)
    this.table = new LikesTable(name, boardSize, seededChance(seed))
    this.writer = new SteadyWriter(databaseUrl(database), name, this.table, history, statementsPerSecond)
    mkdirSync(directory, { recursive: true })
    this.replicas = ['a', 'b'].map((instance) => {
      const config = join(directory, `${instance}.yaml`)
      writeFileSync(config, configFor(database, name, instance))
      return new ReplicaProcess(instance, main, config, join(directory, `${instance}.log`))
    })
    this.http = new HttpReader(this.replicas, `/boards/${board}`)
    this.redisReader = new RedisReader(addressOf('redis'), this.#prefix, topic, board)
    this.leaseKey = `${this.#prefix}:{feed:${topic}}:lease`
    this.redis = new Redis(addressOf('redis'), { protocol: 2, retryStrategy: () => 100 })
    this.redis.on('error', () => {})
  }

  /** Resolves when both replicas serve an exact board. */
  async start(): Promise<void> {
    await this.writer.create()
    this.writer.start()
    for (const replica of this.replicas) await replica.start()
    const exact = await this.#until(async () => (await this.#claims()).every((claim) => claim === 'exact'))
    if (!exact) throw new Error(`no exact board after ${patience / 1_000} s: ${(await this.#claims()).join(', ')}`)
  }

  /** Whether all readers come to be told what the query says, as exact, now that nothing is written any more. */
  async endsExact(): Promise<boolean> {
    await this.writer.pause()
    const expected = await this.writer.query(boardSize)
    if (expected !== this.table.content) throw new Error('the model of the table is not what the table is')
    return this.#until(async () => {
      const told = await Promise.all([this.http.read(), this.http.read(), this.redisReader.read()])
      return told.every(({ told: it }) => !('missing' in it) && it.state === 'exact' && it.content === expected)
    })
  }

  /** What a fault may lay hands on. */
  get surroundings(): Pick<Surroundings, 'replicas' | 'redis' | 'leaseKey' | 'writer' | 'table'> {
    const { replicas, redis, leaseKey, writer, table } = this
    return { replicas, redis, leaseKey, writer, table }
  }

  async stop(): Promise<void> {
    await this.writer.pause().catch(() => {})
    for (const replica of this.replicas) await replica.terminate()
    this.http.close()
    this.redisReader.close()
    await this.writer.remove()
    const keys = await this.redis.keys(`${this.#prefix}:*`)
    if (keys.length > 0) await this.redis.del(keys)
    this.redis.disconnect()
  }

  /** What each reader is told: two by HTTP, which is one a replica, and Redis. */
  async #claims(): Promise<readonly string[]> {
    const reads = await Promise.all([this.http.read(), this.http.read(), this.redisReader.read()])
    return reads.map(({ told }) => ('missing' in told ? told.missing : told.state))
  }

  async #until(holds: () => Promise<boolean>): Promise<boolean> {
    const end = performance.now() + patience
    while (!(await holds())) {
      if (performance.now() >= end) return false
      await delay(20)
    }
    return true
  }
}

const configFor = (database: DatabaseName, name: string, instance: string): string =>
  `kafka: { brokers: "${addressOf('kafka')}", group: ${name} }
database: { url: "${databaseUrl(database)}" }
redis: { url: "${addressOf('redis')}", prefix: ${name} }
http: { port: 0 }
instance: ${instance}
boards:
  ${board}:
    topic: ${topicOf(database)}
    table: webook.${name}
    score: like_cnt
    size: ${boardSize}
    columns: [biz_id, biz, read_cnt, like_cnt]
`
