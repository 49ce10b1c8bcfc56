/** What a start would meet in Kafka: the topics of a feed, their partitions, and whose messages they carry. */

import { parsePartitionId } from '../core/positions.js'
import { peekTable } from '../formats/peek-table.js'
import type { Message } from '../operators/ports.js'
import type { Config, TableName } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { type ConnectionFinding, failed } from './connection-finding.js'
import { lastMessages } from './last-messages.js'

/** How many messages of each partition are looked at, and how long they may take to come, ms. */
const peekAt = 500
const peekFor = 3_000

export const checkTopics = async ({ kafka }: Config, feed: Feed): Promise<readonly ConnectionFinding[]> => {
  const window = { events: peekAt, bytes: 16 * 1024 * 1024, time: 5 }
  const source = createKafkaFeed({ ...kafkaAddress(kafka), topics: feed.topics, window })
  try {
    const ends = await source.ends()
    const messages = await lastMessages(source, ends, { count: peekAt, limit: peekFor })
    return feed.topics.map((topic) => {
      const partitions = [...ends.keys()].filter((id) => parsePartitionId(id).topic === topic).length
      const peeked = messages.filter((message) => message.topic === topic)
      const doubt = topicDoubt(peeked, tablesOf(feed, topic))
      const advice = partitions > 1 ? ': one partition a tracked table keeps TRUNCATE and changed keys in order' : ''
      const detail = `${partitions} partition(s)${advice}${doubt ?? ''}`
      return { name: `topic ${topic}`, level: doubt === undefined ? 'ok' : 'warning', detail }
    })
  } catch (error) {
    return [failed(`topic ${feed.topics.join(', ')}`, error)]
  } finally {
    await source.close()
  }
}

const tablesOf = ({ boards }: Feed, topic: string): readonly string[] => [
  ...new Set(boards.filter(({ topics }) => topics.includes(topic)).map(({ table }) => nameOf(table))),
]

const nameOf = ({ database, table }: TableName): string => `${database}.${table}`

/** Why the topic may be the wrong one; undefined where nothing speaks against it. */
export const topicDoubt = (messages: readonly Message[], tables: readonly string[]): string | undefined => {
  if (messages.length === 0) return undefined
  const peeked = messages.flatMap(({ value }) => peekTable(value) ?? [])
  if (peeked.length === 0) {
    return `; none of its last ${messages.length} messages is one of Canal's flat JSON messages: canal.mq.flatMessage=true?`
  }
  const found = new Set(peeked.filter(({ table }) => table !== '').map(nameOf))
  if (found.size === 0 || tables.some((table) => found.has(table))) return undefined
  const others = [...found]
  const shown = others.length > 3 ? `${others.slice(0, 3).join(', ')} and others` : others.join(', ')
  return `; its last ${messages.length} messages are of ${shown}, none of ${tables.join(', ')}: is it the topic that Canal writes?`
}
