/** The parts of `ranktide run`: Kafka and the SQL database that the configuration names. */
import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaDeadLetters } from '../sources/kafka-dead-letters.js'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { KafkaLetterLog } from '../sources/kafka-letter-log.js'
import { countingParts } from './counting-parts.js'
import { WorkerDatabase } from './database.js'
import { sourceWindow } from './source-window.js'
import type { WorkerParts } from './worker-parts.js'

/** Opens no connection yet. */
export const serverParts = (config: Config): WorkerParts => ({
  database: config.boards.length === 0 ? undefined : new WorkerDatabase(config.database),
  openDatabase: ({ database }) => new WorkerDatabase(database),
  counting: countingParts(config),
  ...kafkaParts(config),
})

const kafkaParts = ({ kafka }: Config): Pick<WorkerParts, 'deadLetters' | 'openLetterLog' | 'openSource'> => ({
  deadLetters: new KafkaDeadLetters({
    ...kafkaAddress(kafka),
    topic: kafka.deadLetters,
  }),
  openLetterLog: () =>
    KafkaLetterLog.open({
      ...kafkaAddress(kafka),
      topic: kafka.deadLetters,
      // A question under way keeps the process from ending.
      requestTimeout: 3_000,
    }),
  openSource: ({ topics }, onTrouble) =>
    createKafkaFeed({
      ...kafkaAddress(kafka),
      topics,
      window: sourceWindow,
      onTrouble,
    }),
})
