import { type ErrorCode, RanktideError } from '../core/errors.js'
import { eventCode, kafkaError, setupRefusal } from './kafka-errors.js'

/** What consumers and producers have in common. */
interface Client {
  on(event: 'event.error', listener: (error: unknown) => void): unknown
  connect(options: { allTopics: boolean; timeout: number }, done: (error: unknown) => void): unknown
  disconnect(): unknown
}

/**
 * Connects a consumer or a producer. Fails with KAFKA_UNREACHABLE within `limit` ms and half a second, with KAFKA_DENIED as soon as
 * a broker refuses, with CONFIG_INVALID for what librdkafka refuses. Error events have to be served meanwhile.
 * A failed attempt goes on inside librdkafka until its own limit, and disconnects then.
 */
export const firstContact = (
  client: Client,
  limit: number,
  brokersFailed: (code: ErrorCode) => RanktideError,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let failed = false
    const fail = (error: RanktideError): void => {
      failed = true
      reject(error)
    }
    // node-rdkafka disconnects before it reports a failure, and that takes seconds with a broker that hangs.
    const timer = setTimeout(() => fail(brokersFailed('KAFKA_UNREACHABLE')), limit + 500)
    client.on('event.error', (error) => {
      if (eventCode(error) === 'KAFKA_DENIED') fail(brokersFailed('KAFKA_DENIED'))
    })
    client.connect({ allTopics: false, timeout: limit }, (error: unknown) => {
      clearTimeout(timer)
      if (error) fail(failureOf(error, brokersFailed))
      else if (failed) client.disconnect()
      else resolve()
    })
  })

const failureOf = (error: unknown, brokersFailed: (code: ErrorCode) => RanktideError): RanktideError => {
  const refused = setupRefusal(error)
  if (refused !== undefined) return new RanktideError('CONFIG_INVALID', `kafka.client: ${refused}`)
  const known = kafkaError(error, 'connecting')
  return known.code === 'KAFKA_FAILED' ? known : brokersFailed(known.code)
}
