import { RanktideError } from '../core/errors.js'

/** When a batch is complete: whichever bound is met first. `time` in ms since the batch's first message. */
export interface BatchWindow {
  readonly events: number
  readonly bytes: number
  readonly time: number
}

export type KafkaProperties = Readonly<Record<string, string | number | boolean>>

export interface KafkaAddress {
  /** `host:port`, several separated by commas. */
  readonly brokers: string
  /** The name under which offsets are committed. No consumer may subscribe under it. */
  readonly group: string
  /** Any librdkafka property (SASL, TLS, timeouts); wins over the defaults below. */
  readonly client?: KafkaProperties
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
  // Nothing here is a group member: a consumer held back by its sink must not be taken for a dead one.
  'max.poll.interval.ms': 86_400_000,
}

const checkClient = ({ client = {} }: KafkaAddress): void => {
  for (const key of Object.keys(client)) {
    const why = reserved.get(key)
    if (why !== undefined) throw new RanktideError('CONFIG_INVALID', `kafka.client.${key} ${why}`)
  }
}

/** Users' properties that are about reading: librdkafka would log a warning for each in a producer. */
const readingOnly =
  /^(fetch\.|queued\.|check\.crcs$|isolation\.level$|session\.|heartbeat\.|max\.poll|partition\.assignment)/

/** Librdkafka's properties for a producer that loses nothing. `timeout`: longest time for a delivery, ms. */
export const producerProperties = (
  address: KafkaAddress,
  timeout: number,
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
    'metadata.broker.list': address.brokers,
  }
}

/** Librdkafka's properties for a feed. CONFIG_INVALID, naming the key, for one that users may not set. */
export const consumerProperties = (
  address: KafkaAddress,
  window: BatchWindow,
): { readonly global: Record<string, string | number | boolean>; readonly topic: { 'auto.offset.reset': 'error' } } => {
  checkClient(address)
  return {
    global: {
      ...defaults,
      // Room for the batch after this one, so that the network is busy while a batch is worked on.
      'queued.max.messages.kbytes': Math.min(2_097_151, Math.max(16_384, Math.ceil(window.bytes / 1024))),
      ...address.client,
      ...fixed,
      'metadata.broker.list': address.brokers,
      'group.id': address.group,
    },
    // Never "latest" nor "earliest": offsets that are gone are an error, for the caller to start cold.
    topic: { 'auto.offset.reset': 'error' },
  }
}
