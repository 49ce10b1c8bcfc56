/** What counters stand on in `ranktide run`: groups in Kafka, and the database that the URL names. */

import { MysqlCountStore } from '../databases/mysql/count-store.js'
import { MysqlHistoryStore } from '../databases/mysql/history-store.js'
import { PostgresCountStore } from '../databases/postgres/count-store.js'
import { PostgresHistoryStore } from '../databases/postgres/history-store.js'
import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { KafkaGroupConsumer } from '../sources/kafka-group-consumer.js'
import { openReadHistory } from './open-read-history.js'
import { countedWindow } from './source-window.js'
import type { CountingParts } from './worker-parts.js'

/** Opens no connection yet. */
export const countingParts = ({ kafka, database, member }: Config): CountingParts => {
  const options = { url: database.url, timeoutMs: database.refill.timeoutMs }
  const mysql = database.dialect === 'mysql'
  return {
    openConsumer: ({ group, topics, window }, onTrouble, onMirrorTrouble) =>
      new KafkaGroupConsumer({
        ...kafkaAddress(kafka, group),
        topics,
        instance: member,
        window: countedWindow(window),
        onTrouble,
        onMirrorTrouble,
      }),
    openCountStore: (spec) =>
      mysql ? new MysqlCountStore({ ...options, spec }) : new PostgresCountStore({ ...options, spec }),
    openHistoryStore: () => (mysql ? new MysqlHistoryStore(options) : new PostgresHistoryStore(options)),
    openReadHistory: () => openReadHistory(database),
  }
}
