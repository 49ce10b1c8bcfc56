/** The doctor's look at Kafka: brokers, topics, groups, the topic of dead letters. Nothing is written, joined or made. */

import { lossesIn } from '../core/events-lost.js'
import { nearestName } from '../core/nearest-name.js'
import { parsePartitionId } from '../core/positions.js'
import type { Config, ReadingConfig } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { type Cluster, type ClusterTopic, readCluster } from '../sources/kafka-cluster.js'
import { type GroupPlace, readGroupPlace } from '../sources/kafka-group-place.js'
import { type DoctorFinding, failed, fine, notAsked, warning, wrong } from './doctor-finding.js'

/** Longest time for any answer, ms. */
const limit = 5_000

/** A start without offsets reads the topic from this long before now, ms: as `createKafkaFeed` has it. */
const margin = 300_000

export interface ClusterLook {
  readonly findings: readonly DoctorFinding[]
  /** Undefined: no broker can be reached. */
  readonly cluster: Cluster | undefined
}

/** Never rejects. */
export const lookAtKafka = async (config: Config): Promise<ClusterLook> => {
  const { kafka } = config
  try {
    const cluster = await readCluster(kafkaAddress(kafka), limit)
    const feeds = await Promise.all(
      feedsOf(config).map(({ name: feed, topics }) => {
        const [name, group] = [`feed ${feed}`, kafka.group]
        return placeFinding(config, name, { group, topics }, cluster, (place) => judgePlace(name, group, place))
      }),
    )
    const topics = [...new Set(readers(config).flatMap((reader) => reader.topics))]
    const findings = [
      fine('brokers', `${cluster.brokers.length} in the cluster: ${cluster.brokers.join(', ')}`),
      ...topics.map((topic) => topicFinding(topic, cluster)),
      ...feeds,
      letterFinding(kafka.deadLetters, cluster),
    ]
    return { findings, cluster }
  } catch (error) {
    const rest = [...readers(config).flatMap((reader) => reader.topics), kafka.deadLetters]
    const names = [...new Set(rest)].map((topic) => `topic ${topic}`)
    const findings = [failed('brokers', error), ...names.map((name) => notAsked(name, 'no broker can be used'))]
    return { findings, cluster: undefined }
  }
}

/** Whatever reads topics. */
const readers = ({ boards, counters, history }: Config): readonly { readonly topics: readonly string[] }[] => [
  ...boards,
  ...counters,
  ...(history === undefined ? [] : [history]),
]

/** Whether a topic is there and whole. Pure. */
export const topicFinding = (topic: string, { topics, brokers }: Cluster): DoctorFinding => {
  const name = `topic ${topic}`
  const found = topics.find((one) => one.name === topic)
  if (found === undefined) return missingTopic(topic, topics)
  const { partitions } = found
  const headless = partitions.filter(({ leader }) => leader < 0).map(({ id }) => id)
  if (headless.length > 0) {
    const which = `partition ${headless.join(', ')}`
    return wrong(name, `${which} has no leader`, 'start the brokers that have its copies: kafka-topics.sh --describe')
  }
  const copies = Math.min(...partitions.map(({ replicas }) => replicas.length))
  const behind = partitions.filter(({ replicas, isrs }) => isrs.length < replicas.length).length
  const detail = `${partitions.length} partition(s), ${copies} ${copies === 1 ? 'copy' : 'copies'} each`
  if (behind > 0)
    return warning(name, `${detail}, not all up to date in ${behind} of them`, 'see whether all brokers run')
  if (copies === 1 && brokers.length > 1)
    return warning(
      name,
      `${detail}: the loss of one broker loses messages`,
      'raise the replication factor of the topic',
    )
  return fine(name, detail)
}

const missingTopic = (topic: string, topics: readonly ClusterTopic[]): DoctorFinding => {
  const names = topics.map(({ name }) => name).filter((name) => !name.startsWith('__'))
  const near = nearestName(topic, names)
  const shown = names.slice(0, 8).join(', ')
  const there =
    names.length === 0 ? 'there is none that the user may see' : `there are ${shown}${names.length > 8 ? ' …' : ''}`
  const advice =
    near === undefined
      ? 'create it, or correct topic in the configuration; canal.mq.topic and canal.mq.dynamicTopic say what Canal writes'
      : `did you mean ${near}? Else create it; canal.mq.topic and canal.mq.dynamicTopic say what Canal writes`
  return wrong(`topic ${topic}`, `KAFKA_TOPIC: there is no such topic; ${there}`, advice)
}

const letterFinding = (topic: string, cluster: Cluster): DoctorFinding => {
  const name = `dead letters ${topic}`
  if (cluster.topics.some((one) => one.name === topic)) return { ...topicFinding(topic, cluster), name }
  const create = `kafka-topics.sh --create --topic ${topic} --partitions 1 --config max.message.bytes=67108864`
  return warning(name, 'the topic is not there yet: ranktide run makes it if it may', `else run: ${create}`)
}

/** Of a group, by where it stands. Never rejects. */
export const placeFinding = async (
  { kafka }: Config,
  name: string,
  { group, topics }: Pick<ReadingConfig, 'group' | 'topics'>,
  cluster: Cluster,
  judge: (place: GroupPlace) => DoctorFinding,
): Promise<DoctorFinding> => {
  if (topics.some((topic) => !cluster.topics.some((one) => one.name === topic)))
    return notAsked(name, 'a topic of it is not there')
  try {
    return judge(await readGroupPlace(kafkaAddress(kafka, group), topics, Date.now() - margin, limit))
  } catch (error) {
    return failed(name, error)
  }
}

/** Where a group stands, and whether the topics keep what it may have to read. Pure. */
export const judgePlace = (name: string, group: string, place: GroupPlace): DoctorFinding => {
  const { beginnings, ends, committed, since } = place
  const losses = lossesIn(committed, { first: beginnings, ends })
  if (losses.length > 0) {
    const stands = losses.map(({ partition, from }) => `${from} of ${partition}`).join(', ')
    const detail = `group ${group} stands at ${stands}, outside of what is there: boards are read anew`
    const topics = topicsOf(losses.map(({ partition }) => partition))
    return warning(
      name,
      detail,
      `unless the topic was made anew: raise retention.ms of ${topics} above the longest time without ranktide`,
    )
  }
  const young = [...beginnings].filter(
    ([id, first]) => first > 0 && since.get(id) === first && first < (ends.get(id) ?? 0),
  )
  if (young.length > 0) {
    const ids = young.map(([id]) => id)
    const detail = `${ids.join(', ')} may hold less than the ${margin / 60_000} min that a first start reads`
    return warning(name, detail, `raise retention.ms of ${topicsOf(ids)} to an hour or more`)
  }
  if (committed.size === 0)
    return fine(name, `group ${group} has committed nothing yet: boards are read from the table`)
  const behind = [...committed].reduce((sum, [id, offset]) => sum + Math.max(0, (ends.get(id) ?? 0) - offset), 0)
  return fine(name, `group ${group} is ${behind} message(s) behind the end`)
}

const topicsOf = (ids: readonly string[]): string =>
  [...new Set(ids.map((id) => parsePartitionId(id).topic))].join(', ')
