/** The doctor's look at Canal, by what it has written, and by what comes of a marker. */

import { parsePartitionId } from '../core/positions.js'
import type { Config, TableName } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import type { Cluster } from '../sources/kafka-cluster.js'
import { createKafkaFeed, type KafkaFeed } from '../sources/kafka-feed.js'
import type { WorkerDatabase } from '../worker/database.js'
import { lastMessages } from '../worker/last-messages.js'
import type { DatabaseLook } from './doctor-database.js'
import { type DoctorFinding, failed, notAsked } from './doctor-finding.js'
import { sendMarker } from './doctor-marker.js'
import { sampleFindings } from './doctor-messages.js'

export interface CanalQuestions {
  readonly config: Config
  readonly database: WorkerDatabase
  readonly look: DatabaseLook
  readonly cluster: Cluster | undefined
  /** How long a marker may take, ms; undefined: none is to be written. */
  readonly markerLimit: number | undefined
}

/** Of each partition. */
const sampled = { count: 500, limit: 3_000 }

interface OpenFeed {
  readonly feed: Feed
  readonly source: KafkaFeed
}

/** Never rejects. */
export const lookAtCanal = async (questions: CanalQuestions): Promise<readonly DoctorFinding[]> => {
  const { config, cluster } = questions
  const feeds = feedsOf(config)
  if (cluster === undefined) return [notAsked('messages', 'no broker can be used')]
  const isThere = (topic: string) => cluster.topics.some(({ name }) => name === topic)
  const missing = feeds.filter(({ topics }) => !topics.every(isThere))
  const open = feeds
    .filter(({ topics }) => topics.every(isThere))
    .map((feed) => ({ feed, source: openFeed(config, feed) }))
  try {
    const samples = await Promise.all(open.map((one) => sampleOf(questions, one)))
    return [
      ...missing.map(({ topics }) => notAsked(`messages ${topics.join(', ')}`, 'a topic is not there')),
      ...samples.flat(),
      ...(await endToEnd(questions, open)),
    ]
  } finally {
    await Promise.all(open.map(({ source }) => source.close().catch(() => {})))
  }
}

const openFeed = ({ kafka }: Config, { topics }: Feed): KafkaFeed =>
  createKafkaFeed({
    ...kafkaAddress(kafka),
    topics,
    window: { events: sampled.count, bytes: 16 * 1024 * 1024, time: 5 },
  })

const nameOf = ({ database, table }: TableName): string => `${database}.${table}`

const sampleOf = async (
  { look, database }: CanalQuestions,
  { feed, source }: OpenFeed,
): Promise<readonly DoctorFinding[]> => {
  try {
    const ends = await source.ends()
    const messages = await lastMessages(source, ends, sampled)
    return feed.topics.flatMap((topic) => {
      const boards = feed.boards.filter(({ topics }) => topics.includes(topic))
      return sampleFindings({
        topic,
        partitions: [...ends.keys()].filter((id) => parsePartitionId(id).topic === topic).length,
        messages: messages.filter((message) => message.topic === topic),
        tables: [...new Set(boards.map(({ table }) => nameOf(table)))],
        specs: look.specs.filter(({ name }) => boards.some((board) => board.name === name)),
        marker: look.specs.length === 0 ? undefined : database.markerTable(look.specs),
        now: Date.now(),
      })
    })
  } catch (error) {
    return [failed(`messages ${feed.topics.join(', ')}`, error)]
  }
}

const endToEnd = async (
  { database, look: { marker }, markerLimit }: CanalQuestions,
  open: readonly OpenFeed[],
): Promise<readonly DoctorFinding[]> => {
  const not = (why: string) => [notAsked('end to end', why)]
  if (markerLimit === undefined) return not('no marker is to be written (--no-marker)')
  if (marker === undefined) return not('no marker can be written now')
  if (open.length === 0) return not('no topic of a feed is there')
  const feeds = open.map(({ feed: { name, topics }, source }) => ({ name, topics, source }))
  return sendMarker({ database, marker, feeds, limit: markerLimit })
}
