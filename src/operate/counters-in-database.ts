/** Counters and the history: how far the offsets in the database are behind their topics. */

import type { Positions } from '../core/positions.js'
import { createMysqlPool } from '../databases/mysql/connection.js'
import { readStoredOffsets as readMysqlOffsets } from '../databases/mysql/stored-offsets.js'
import { createPostgresPool } from '../databases/postgres/connection.js'
import { readStoredOffsets as readPostgresOffsets } from '../databases/postgres/stored-offsets.js'
import type { Config, DatabaseConfig, ReadingConfig } from '../runtime/config.js'
import type { Lags } from './lag-in-kafka.js'
import type { CounterReport, Tell } from './status.js'

interface Reader {
  readonly name: string
  readonly reading: ReadingConfig
}

const readersOf = ({ counters, history }: Config): readonly Reader[] => [
  ...counters.map((reading) => ({ name: `counters.${reading.spec.name}`, reading })),
  ...(history === undefined ? [] : [{ name: 'history', reading: history }]),
]

interface Offsets {
  of(group: string): Promise<Positions>
  close(): Promise<void>
}

const openOffsets = ({ url, dialect, refill: { timeoutMs } }: DatabaseConfig): Offsets => {
  if (dialect === 'postgres') {
    const pool = createPostgresPool({ url, timeoutMs })
    return { of: (group) => readPostgresOffsets(pool, group), close: () => pool.close() }
  }
  const pool = createMysqlPool({ url, timeoutMs, timeZone: '+00:00', connections: 1 })
  return { of: (group) => readMysqlOffsets(pool, group), close: () => pool.close() }
}

/** `lagsOn`: of these topics, for what; undefined where Kafka could not be asked. */
export const counterReports = async (
  config: Config,
  lagsOn: (topics: readonly string[], what: string) => Promise<Lags | undefined>,
  tell: Tell,
): Promise<readonly CounterReport[]> => {
  const readers = readersOf(config)
  if (readers.length === 0) return []
  const offsets = openOffsets(config.database)
  const reports: CounterReport[] = []
  try {
    for (const { name, reading } of readers) {
      const stored = await offsets.of(reading.group).catch((error: unknown) => {
        tell('database', `offsets of ${name}`, error)
        return undefined
      })
      const lags = await lagsOn(reading.topics, name)
      const found = stored === undefined ? undefined : await lags?.of(stored)
      reports.push({
        name,
        group: reading.group,
        partitions: found?.partitions ?? null,
        lag: found?.lag ?? null,
      })
    }
  } finally {
    await offsets.close()
  }
  return reports
}
