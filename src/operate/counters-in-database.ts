/** Counters and the history: how far the offsets in the database are behind their topics. */
import type { Config } from '../runtime/config.js'
import type { Lags } from './lag-in-kafka.js'
import { pipelinesOf } from './offset-pipelines.js'
import { openGroupOffsets } from './offset-stores.js'
import type { CounterReport, Tell } from './status.js'

/** `lagsOn`: of these topics, for what; undefined where Kafka could not be asked. */
export const counterReports = async (
  config: Config,
  lagsOn: (topics: readonly string[], what: string) => Promise<Lags | undefined>,
  tell: Tell,
): Promise<readonly CounterReport[]> => {
  const readers = pipelinesOf(config).filter(({ kind }) => kind !== 'board')
  if (readers.length === 0) return []
  const offsets = openGroupOffsets(config)
  const reports: CounterReport[] = []
  try {
    for (const { name, group, topics } of readers) {
      const stored = await offsets.read(group).catch((error: unknown) => {
        tell('database', `offsets of ${name}`, error)
        return undefined
      })
      const lags = await lagsOn(topics, name)
      const found = stored === undefined ? undefined : await lags?.of(stored)
      reports.push({
        name,
        group,
        partitions: found?.partitions ?? null,
        lag: found?.lag ?? null,
      })
    }
  } finally {
    await offsets.close()
  }
  return reports
}
