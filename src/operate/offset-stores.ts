/** What offsets are kept in, as far as the chosen pipelines need it: Kafka always, Redis for boards, the database for counters. */
import { RanktideError } from '../core/errors.js'
import type { GroupOffsets } from '../databases/group-offsets.js'
import { MysqlGroupOffsets } from '../databases/mysql/group-offsets.js'
import { PostgresGroupOffsets } from '../databases/postgres/group-offsets.js'
import { RedisClient } from '../redis/client.js'
import type { Config, RedisConfig } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaLook } from '../sources/kafka-look.js'
import type { KafkaAddress } from '../sources/kafka-properties.js'
import type { OffsetPipeline } from './offset-pipelines.js'

export interface OffsetStores {
  readonly config: Config
  /** What a group's topics are asked through; one connection a group. */
  lookOf(group: string): Promise<KafkaLook>
  addressOf(group: string): KafkaAddress
  readonly redis: { readonly client: RedisClient; readonly config: RedisConfig } | undefined
  readonly database: GroupOffsets | undefined
}

/** Fails with REDIS_* if Redis is needed and cannot be reached; the others fail when they are asked. */
export const withOffsetStores = async <T>(
  config: Config,
  pipelines: readonly OffsetPipeline[],
  work: (stores: OffsetStores) => Promise<T>,
): Promise<T> => {
  const looks = new Map<string, Promise<KafkaLook>>()
  const addressOf = (group: string): KafkaAddress => kafkaAddress(config.kafka, group)
  const lookOf = (group: string): Promise<KafkaLook> => {
    const look = looks.get(group) ?? KafkaLook.open(addressOf(group))
    looks.set(group, look)
    return look
  }
  const boards = pipelines.some(({ kind }) => kind === 'board')
  const redis = boards ? await connectedRedis(config) : undefined
  const database = pipelines.some(({ kind }) => kind !== 'board') ? openGroupOffsets(config) : undefined
  try {
    return await work({ config, lookOf, addressOf, redis, database })
  } finally {
    redis?.client.close()
    await database?.close()
    for (const look of looks.values()) await look.then((one) => one.close()).catch(() => {})
  }
}

const connectedRedis = async ({ redis }: Config): Promise<NonNullable<OffsetStores['redis']>> => {
  if (redis === undefined) throw new RanktideError('CONFIG_INVALID', 'boards need redis')
  const client = new RedisClient(redis.connection)
  try {
    await client.connected()
  } catch (error) {
    client.close()
    throw error
  }
  return { client, config: redis }
}

/** Opens no connection yet. */
export const openGroupOffsets = ({ database: { url, dialect, refill } }: Config): GroupOffsets => {
  const options = { url, timeoutMs: refill.timeoutMs }
  return dialect === 'postgres' ? new PostgresGroupOffsets(options) : new MysqlGroupOffsets(options)
}
