/** `config check --connect`: asks every server once, and says what a start would meet. */
import type { BoardSpec } from '../core/board-spec.js'
import { asRanktideError, RanktideError } from '../core/errors.js'
import { parsePartitionId } from '../core/positions.js'
import { RedisClient } from '../redis/client.js'
import type { Config } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { WorkerDatabase } from './database.js'

/** One line: a server, topic, table or index, and what is to be said of it. */
export interface ConnectionFinding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

const failed = (name: string, error: unknown): ConnectionFinding => ({
  name,
  ok: false,
  detail: asRanktideError(error).message,
})

export const checkConnections = async (config: Config): Promise<readonly ConnectionFinding[]> => {
  const feeds = feedsOf(config)
  const kafka = await Promise.all(feeds.map((feed) => checkTopics(config, feed)))
  return [...kafka.flat(), ...(await checkRedis(config)), ...(await checkDatabase(config))]
}

const checkTopics = async ({ kafka }: Config, feed: Feed): Promise<readonly ConnectionFinding[]> => {
  const { group, client } = kafka
  const window = { events: 1, bytes: 1, time: 1 }
  const source = createKafkaFeed({ brokers: kafka.brokers.join(','), group, client, topics: feed.topics, window })
  try {
    const ends = await source.ends()
    return feed.topics.map((topic) => {
      const partitions = [...ends.keys()].filter((id) => parsePartitionId(id).topic === topic).length
      const advice = ': one partition a tracked table keeps TRUNCATE and changed keys in order'
      return { name: `topic ${topic}`, ok: true, detail: `${partitions} partition(s)${partitions > 1 ? advice : ''}` }
    })
  } catch (error) {
    return [failed(`topic ${feed.topics.join(', ')}`, error)]
  } finally {
    await source.close()
  }
}

const checkRedis = async ({ redis }: Config): Promise<readonly ConnectionFinding[]> => {
  const client = new RedisClient(redis.connection)
  try {
    await client.connected()
    await client.call((connection) => connection.ping())
    return [{ name: 'redis', ok: true, detail: client.where }]
  } catch (error) {
    return [failed('redis', error)]
  } finally {
    await client.close()
  }
}

const checkDatabase = async (config: Config): Promise<readonly ConnectionFinding[]> => {
  const database = new WorkerDatabase(config.database)
  const findings: ConnectionFinding[] = []
  const specs: BoardSpec[] = []
  try {
    for (const board of config.boards) {
      try {
        const resolved = await database.resolve([board])
        specs.push(...resolved)
        findings.push({ name: `board ${board.name}`, ok: true, detail: `${board.table.database}.${board.table.table}` })
      } catch (error) {
        findings.push(failed(`board ${board.name}`, error))
        if (error instanceof RanktideError && error.code.startsWith('DATABASE')) return findings
      }
    }
    for (const { level, message } of await database.preflight(specs))
      findings.push({ name: level, ok: level === 'warning', detail: message })
    if (specs.length > 0) findings.push(await checkMarker(database, specs))
  } catch (error) {
    findings.push(failed('database', error))
  } finally {
    await database.close()
  }
  return findings
}

const checkMarker = async (database: WorkerDatabase, specs: readonly BoardSpec[]): Promise<ConnectionFinding> => {
  const marker = await database.marker(specs)
  const { database: name, table } = database.markerTable(specs)
  const detail =
    marker === undefined
      ? `${name}.${table} may not be written: boards will say assumed, not exact`
      : `${name}.${table} can be written; Canal's filter has to let it through`
  return { name: 'marker', ok: true, detail }
}
