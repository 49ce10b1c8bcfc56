import { type ErrorCode, RanktideError } from '../core/errors.js'

/** Error numbers of librdkafka (negative: its own) and Kafka. */
const codes = new Map<number, ErrorCode>([
  [-140, 'OFFSETS_GONE'], // auto.offset.reset = error
  [1, 'OFFSETS_GONE'], // offset out of range
  [-139, 'OFFSETS_GONE'], // log truncation
  [-195, 'KAFKA_UNREACHABLE'], // broker transport failure
  [-193, 'KAFKA_UNREACHABLE'], // host resolution failure
  [-187, 'KAFKA_UNREACHABLE'], // all brokers down
  [-185, 'KAFKA_UNREACHABLE'], // timed out
  [-192, 'KAFKA_UNREACHABLE'], // a record timed out
  [-181, 'KAFKA_UNREACHABLE'], // TLS
  [-169, 'KAFKA_DENIED'], // authentication failure
  [29, 'KAFKA_DENIED'], // topic authorization
  [30, 'KAFKA_DENIED'], // group authorization
  [31, 'KAFKA_DENIED'], // cluster authorization
  [53, 'KAFKA_DENIED'], // transactional id authorization
  [58, 'KAFKA_DENIED'], // SASL authentication
  [-188, 'KAFKA_TOPIC'], // unknown topic
  [-190, 'KAFKA_TOPIC'], // unknown partition
  [-184, 'KAFKA_FULL'], // the client's own queue
  [3, 'KAFKA_TOPIC'], // unknown topic or partition
])

/**
 * node-rdkafka reports events of librdkafka with the code -1: only the text tells them apart. A single broker that
 * cannot be reached ("broker transport failure", "host resolution failure") is no trouble while others can.
 */
const eventTexts = new Map<string, ErrorCode>([
  ['all broker connections are down', 'KAFKA_UNREACHABLE'],
  ['authentication failure', 'KAFKA_DENIED'],
])

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const numberOf = (error: unknown): number =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0

/** An error that a call of node-rdkafka returned or threw. `doing` names the call for the reader. */
export const kafkaError = (error: unknown, doing: string): RanktideError => {
  if (error instanceof RanktideError) return error
  return new RanktideError(codes.get(numberOf(error)) ?? 'KAFKA_FAILED', `${doing}: ${textOf(error)}`, { cause: error })
}

/** node-rdkafka gives delivery reports the code -1, too. */
const reportTexts = new Map<string, ErrorCode>([
  ['message timed out', 'KAFKA_UNREACHABLE'],
  ['topic authorization failed', 'KAFKA_DENIED'],
  ['cluster authorization failed', 'KAFKA_DENIED'],
  ['unknown topic', 'KAFKA_TOPIC'],
  ['unknown partition', 'KAFKA_TOPIC'],
  ['unknown topic or partition', 'KAFKA_TOPIC'],
])

/** Why a record was not written to `topic`. */
export const deliveryError = (error: unknown, topic: string): RanktideError => {
  const text = textOf(error)
  const advice = text === 'message size too large' ? `: raise max.message.bytes of ${topic}` : ''
  const known = reportTexts.get(text) ?? kafkaError(error, topic).code
  return new RanktideError(known, `writing to ${topic}: ${text}${advice}`, { cause: error })
}

/** Whether an error of `deliveryError` is about the record's size. */
export const isTooLarge = ({ cause }: RanktideError): boolean => textOf(cause) === 'message size too large'

/** Kafka's errors of the moments after a topic was created or a leader moved. */
const unsettled = new Set([
  5, // leader not available
  6, // not leader for partition
  9, // replica not available
  74, // fenced leader epoch
  75, // unknown leader epoch
  78, // offset not available
])

/** Whether asking again in a moment is likely to help. */
export const isUnsettled = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && unsettled.has(numberOf(error.cause))

/** What an error event means, or undefined if librdkafka gets over it unseen. */
export const eventCode = (error: unknown): ErrorCode | undefined => eventTexts.get(textOf(error))

const sessionRefused = 26
const clientDied = -150

/** Whether a client of librdkafka refuses everything from this error on. Reports and events have only the text. */
export const isFatal = (error: unknown): boolean =>
  numberOf(error) === clientDied || /\bfatal error\b/i.test(textOf(error))

const fencing = new Set([
  -144, // fenced by a newer instance
  90, // producer fenced
  47, // invalid producer epoch
])

/** Whether another producer has begun under the same transactional id. */
export const isFenced = (error: unknown): boolean => {
  const cause = error instanceof RanktideError ? error.cause : error
  return fencing.has(numberOf(cause)) || /fenced/i.test(textOf(cause))
}

/** What ends a membership of a group for good, of an error that `kafkaError` made; undefined for what may pass. */
export const memberRefusal = (
  error: RanktideError,
  group: string,
  instance: string | undefined,
): RanktideError | undefined => {
  const number = numberOf(error.cause)
  if (number === sessionRefused)
    return new RanktideError(
      'CONFIG_INVALID',
      'kafka.client.session.timeout.ms: the broker allows group.min.session.timeout.ms to group.max.session.timeout.ms',
    )
  if (number !== clientDied) return undefined
  const detail =
    instance === undefined ? error.detail : `another member of group ${group} has the instance id ${instance}`
  return new RanktideError('KAFKA_FAILED', detail, { cause: error })
}

/**
 * Why librdkafka refused its configuration before it asked any broker (a certificate file, a mechanism), or undefined
 * for another error. node-rdkafka gives no code then, and puts the property's name into `origin`.
 */
export const setupRefusal = (error: unknown): string | undefined => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== -1) return undefined
  return 'origin' in error ? `${error.origin}: ${error.message}` : error.message
}

/** Trouble with the brokers; `reason` is what librdkafka logged last, if it did. */
export const brokersFailed = (code: ErrorCode, brokers: string, reason: string): RanktideError =>
  new RanktideError(code, reason === '' ? brokers : `${brokers} (${reason})`)

/** The text of a librdkafka log line, without the name of its thread. */
export const failureText = (line: string): string => line.replace(/^\[thrd:[^\]]*\]: /, '')

/** Passes troubles on, each code at most once per `every` ms: librdkafka repeats itself many times a second. */
export const quietly = (
  report: (error: RanktideError) => void,
  every: number,
  now: () => number,
): ((error: RanktideError) => void) => {
  const last = new Map<ErrorCode, number>()
  return (error) => {
    if (now() - (last.get(error.code) ?? Number.NEGATIVE_INFINITY) < every) return
    last.set(error.code, now())
    report(error)
  }
}
