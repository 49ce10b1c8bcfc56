import { RanktideError } from '../core/errors.js'

/** When a batch is complete: whichever bound is met first. `time` in ms since the batch's first message. */
export interface BatchWindow {
  readonly events: number
  readonly bytes: number
  readonly time: number
}

export type KafkaProperties = Readonly<Record<string, string | number | boolean>>

export interface BrokerAddress {
  /** `host:port`, several separated by commas. */
  readonly brokers: string
  /** Any librdkafka property (SASL, TLS, timeouts); wins over the defaults below. */
  readonly client?: KafkaProperties
}

export interface KafkaAddress extends BrokerAddress {
  /** The name under which offsets are committed. No consumer may subscribe under a feed's; members of a group do. */
  readonly group: string
}

/** What the guarantees of the feed rest on: not for users to change. */
const fixed: KafkaProperties = {
  // Offsets move only by commit(), with positions whose effects are in Redis.
  'enable.auto.commit': false,
  'enable.auto.offset.store': false,
  // A misspelt topic has to be said, not made.
  'allow.auto.create.topics': false,
  // librdkafka's position() passes control records by itself; end-of-partition events would only lengthen consume().
  'enable.partition.eof': false,
}

const reserved = new Map<string, string>([
  ...Object.keys(fixed).map((key): [string, string] => [key, 'is set by ranktide']),
  ['auto.offset.reset', 'is set by ranktide'],
  ['bootstrap.servers', 'is set by kafka.brokers'],
  ['metadata.broker.list', 'is set by kafka.brokers'],
  ['group.id', 'is set by kafka.group'],
])

const defaults: KafkaProperties = {
  'client.id': 'ranktide',
  // librdkafka's own second of back-off, once its queue is full, halves the drain; 0 spins.
  'fetch.queue.backoff.ms': 10,
  // The rate of 100,000 (the default) at a fraction of its memory.
  'queued.min.messages': 20_000,
  // A fetch that waits at the broker holds up the questions for end offsets behind it on the same connection.
  'fetch.wait.max.ms': 50,
  'isolation.level': 'read_committed',
  // Back within a second or so after a broker's restart; the default backs off up to 10 s.
  'reconnect.backoff.ms': 100,
  'reconnect.backoff.max.ms': 1_000,
  // A hung broker is noticed after this long; the default is a minute.
  'socket.timeout.ms': 10_000,
  'socket.keepalive.enable': true,
  'topic.metadata.refresh.interval.ms': 30_000,
  'log.connection.close': false,
  // A feed is no group member: a consumer held back by its sink must not be taken for a dead one.
  'max.poll.interval.ms': 86_400_000,
}

const checkClient = ({ client = {} }: BrokerAddress): void => {
  for (const key of Object.keys(client)) {
    const why = reserved.get(key)
    if (why !== undefined) throw new RanktideError('CONFIG_INVALID', `kafka.client.${key} ${why}`)
  }
}

/** Users' properties that are about reading: librdkafka would log a warning for each in a producer. */
const readingOnly =
  /^(fetch\.|queued\.|check\.crcs$|isolation\.level$|session\.|heartbeat\.|max\.poll|partition\.assignment)/

/**
 * Librdkafka's properties for a producer that loses nothing, unless `settings` say so. `timeout`: longest time for a
 * delivery, ms.
 */
export const producerProperties = (
  address: BrokerAddress,
  timeout: number,
  settings: KafkaProperties = {},
): Record<string, string | number | boolean> => {
  checkClient(address)
  const client = Object.entries(address.client ?? {}).filter(([key]) => !readingOnly.test(key))
  return {
    'client.id': 'ranktide',
    'linger.ms': 5,
    'socket.keepalive.enable': true,
    'reconnect.backoff.ms': 100,
    'reconnect.backoff.max.ms': 1_000,
    'log.connection.close': false,
    // The topic says how large a record may be; the client must not be stricter than the topic it came from.
    'message.max.bytes': 1_000_000_000,
    ...Object.fromEntries(client),
    'enable.idempotence': true,
    acks: -1,
    'message.timeout.ms': timeout,
    ...settings,
    'metadata.broker.list': address.brokers,
  }
}

/** librdkafka has these for each topic; node-rdkafka ignores them unless they are given apart. */
const ofTopics =
  /^(acks|request\.required\.acks|request\.timeout\.ms|(message|delivery)\.timeout\.ms|partitioner|queuing\.strategy)$/

/** A producer's properties as node-rdkafka takes them: those of the client and those of its topics. */
export const producerConfiguration = (properties: KafkaProperties): { global: object; topic: object } => {
  const entries = Object.entries(properties)
  return {
    global: Object.fromEntries(entries.filter(([key]) => !ofTopics.test(key))),
    topic: Object.fromEntries(entries.filter(([key]) => ofTopics.test(key))),
  }
}

/** A member of a consumer group. */
export interface MemberIdentity {
  /** Makes it a static member: one that comes back under this id within the session gets its partitions back. */
  readonly instance?: string | undefined
}

/**
 * `session.timeout.ms`: a member that is killed is noticed after this long, the least that brokers allow by default.
 * `max.poll.interval.ms` is also how long the whole group waits for a member that has to give its partitions up. Members
 * go on polling while a batch is worked on (kafka-reading.ts), so that only a process that hangs comes near it.
 */
const memberDefaults: KafkaProperties = {
  'session.timeout.ms': 6_000,
  'heartbeat.interval.ms': 1_000,
  'max.poll.interval.ms': 60_000,
}

/** One generation of the group ends completely before the next begins; round robin spreads every topic evenly. */
const memberFixed: KafkaProperties = { 'group.protocol': 'classic', 'partition.assignment.strategy': 'roundrobin' }

/** CONFIG_INVALID for what a member needs otherwise. */
const memberProperties = (client: KafkaProperties, { instance }: MemberIdentity): KafkaProperties => {
  const key = [...Object.keys(memberFixed), 'group.instance.id'].find((name) => name in client)
  if (key !== undefined) throw new RanktideError('CONFIG_INVALID', `kafka.client.${key} is set by ranktide`)
  return { ...memberFixed, ...(instance === undefined ? {} : { 'group.instance.id': instance }) }
}

/**
 * Librdkafka's properties for a feed, or for a member of a group. CONFIG_INVALID, naming the key, for one that users may
 * not set.
 */
export const consumerProperties = (
  address: KafkaAddress,
  window: BatchWindow,
  member?: MemberIdentity,
): { readonly global: Record<string, string | number | boolean>; readonly topic: { 'auto.offset.reset': 'error' } } => {
  checkClient(address)
  return {
    global: {
      ...defaults,
      ...(member === undefined ? {} : memberDefaults),
      // Room for the batch after this one, so that the network is busy while a batch is worked on.
      'queued.max.messages.kbytes': Math.min(2_097_151, Math.max(16_384, Math.ceil(window.bytes / 1024))),
      ...address.client,
      ...fixed,
      ...(member === undefined ? {} : memberProperties(address.client ?? {}, member)),
      'metadata.broker.list': address.brokers,
      'group.id': address.group,
    },
    // Never "latest" nor "earliest": offsets that are gone are an error, for the caller to start cold.
    topic: { 'auto.offset.reset': 'error' },
  }
}
