/** The servers that a question to all three needs: each is opened by itself, and one that is down is told and left out. */

import { RedisClient } from '../redis/client.js'
import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaLook } from '../sources/kafka-look.js'
import { WorkerDatabase } from '../worker/database.js'
import type { Tell } from './status.js'

export interface Servers {
  /** Opens connections when it is used. */
  readonly database: WorkerDatabase
  readonly redis: RedisClient | undefined
  readonly kafka: KafkaLook | undefined
  close(): Promise<void>
}

export const openKafka = async ({ kafka }: Config, what: string, tell: Tell): Promise<KafkaLook | undefined> => {
  try {
    return await KafkaLook.open(kafkaAddress(kafka))
  } catch (error) {
    tell('kafka', what, error)
    return undefined
  }
}

const openRedis = async ({ redis }: Config, tell: Tell): Promise<RedisClient | undefined> => {
  if (redis === undefined) return undefined
  const client = new RedisClient(redis.connection)
  try {
    await client.connected()
    return client
  } catch (error) {
    tell('redis', 'the board', error)
    client.close()
    return undefined
  }
}

export const openServers = async (config: Config, tell: Tell): Promise<Servers> => {
  const [redis, kafka] = await Promise.all([openRedis(config, tell), openKafka(config, 'the newest change', tell)])
  const database = new WorkerDatabase(config.database)
  return {
    database,
    redis,
    kafka,
    close: async () => {
      redis?.close()
      await Promise.all([database.close(), kafka?.close()])
    },
  }
}
