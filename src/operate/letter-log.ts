/** The dead-letter topic of a configuration, opened for a command and closed when it ends. */
import { RanktideError } from '../core/errors.js'
import { LetterLedger } from '../core/letter-ledger.js'
import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaLetterLog } from '../sources/kafka-letter-log.js'

export type KafkaPart = Pick<Config, 'kafka'>

/** Fails with KAFKA_*, saying what to type. */
export const withLetterLog = async <T>(config: KafkaPart, use: (log: KafkaLetterLog) => Promise<T>): Promise<T> => {
  const topic = config.kafka.deadLetters
  const log = await KafkaLetterLog.open({ ...kafkaAddress(config.kafka), topic }).catch((error: unknown) => {
    throw advised(error, topic)
  })
  try {
    return await use(log)
  } catch (error) {
    throw advised(error, topic)
  } finally {
    await log.close().catch(() => {})
  }
}

const advised = (error: unknown, topic: string): unknown => {
  if (!(error instanceof RanktideError)) return error
  if (error.code === 'KAFKA_TOPIC' && error.detail.startsWith(topic)) {
    const made =
      'ranktide run makes it when it starts: before that nothing was refused. Another name: kafka.deadLetters'
    return new RanktideError('KAFKA_TOPIC', `${topic}: ${made}`, { cause: error })
  }
  if (error.code === 'KAFKA_DENIED' && !error.detail.includes('kafka-acls')) {
    const type = `kafka-acls.sh --add --allow-principal User:NAME --operation Read --operation Describe --topic ${topic}`
    return new RanktideError('KAFKA_DENIED', `${error.detail}. Reading the dead letters needs: ${type}`, {
      cause: error,
    })
  }
  return error
}

/** Reads the whole topic; `end`: where it ended. */
export const readLedger = async (
  log: KafkaLetterLog,
): Promise<{ readonly ledger: LetterLedger; readonly first: number; readonly end: number }> => {
  const ledger = new LetterLedger()
  const { first, end } = await log.bounds()
  for await (const records of log.records(first, end)) for (const record of records) ledger.read(record)
  return { ledger, first, end }
}
