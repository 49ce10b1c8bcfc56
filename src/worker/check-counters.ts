/** What a start of the counters would meet: their topics, and their tables. */

import type { Config } from '../runtime/config.js'
import { kafkaAddress } from '../sources/kafka-address.js'
import { createKafkaFeed } from '../sources/kafka-feed.js'
import { type ConnectionFinding, failed } from './connection-finding.js'
import { countingParts } from './counting-parts.js'
import { historyFindings } from './history-findings.js'
import type { OpenStore } from './worker-parts.js'

/** Nothing is read. */
const window = { events: 1, bytes: 1024 * 1024, time: 5 }

export const checkCounters = async (config: Config): Promise<readonly ConnectionFinding[]> => [
  ...(await checkCounterTopics(config)),
  ...(await checkCounterTables(config)),
]

const checkCounterTopics = (config: Config): Promise<readonly ConnectionFinding[]> => {
  const { counters, history } = config
  const readers = [...counters, ...(history === undefined ? [] : [history])]
  const topics = [...new Set(readers.flatMap((reader) => reader.topics))]
  return Promise.all(topics.map((topic) => checkTopic(config, topic)))
}

/** The tables alone: what is counted into, and ranktide's own. */
export const checkCounterTables = async (config: Config): Promise<readonly ConnectionFinding[]> => {
  const { counters, history } = config
  const parts = countingParts(config)
  const findings: ConnectionFinding[] = []
  for (const { spec } of counters) {
    const { schema, name } = spec.table
    const table = schema === undefined ? name : `${schema}.${name}`
    findings.push(...(await checkStore(`counter ${spec.name}`, table, parts.openCountStore(spec))))
  }
  if (history !== undefined) {
    const store = parts.openHistoryStore()
    const preflight = () => historyFindings(store, parts, history.retentionMs)
    findings.push(...(await checkStore('history', 'read_history', { preflight, close: () => store.close() })))
  }
  return findings
}

const checkTopic = async ({ kafka }: Config, topic: string): Promise<ConnectionFinding> => {
  const name = `topic ${topic}`
  const source = createKafkaFeed({ ...kafkaAddress(kafka), topics: [topic], window })
  try {
    const { size } = await source.ends()
    return { name, level: 'ok', detail: `${size} partition(s): as many workers can count it` }
  } catch (error) {
    return failed(name, error)
  } finally {
    await source.close()
  }
}

const checkStore = async (
  name: string,
  table: string,
  store: Pick<OpenStore<unknown>, 'preflight' | 'close'>,
): Promise<readonly ConnectionFinding[]> => {
  try {
    const findings = await store.preflight()
    const fine = findings.every(({ level }) => level !== 'error')
    return [
      ...(fine ? [{ name, level: 'ok', detail: table } as const] : []),
      ...findings.map(({ level, code, message }) => ({ name: code, level, detail: message })),
    ]
  } catch (error) {
    return [failed(name, error)]
  } finally {
    await store.close()
  }
}
