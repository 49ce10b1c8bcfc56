/**
 * `ranktide doctor`: every hop in the order in which an event travels, and what to do about what is wrong.
 *
 * Reads only, but for one row of the marker table (`doctor-marker.ts`), and that only if it may. Every question has a
 * limit of its own; what needs a server that is away is not asked. Hops are told as soon as they are known.
 */

import type { Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import { WorkerDatabase } from '../worker/database.js'
import { lookAtCanal } from './doctor-canal.js'
import { lookAtCounters } from './doctor-counters.js'
import { type DatabaseLook, lookAtDatabase } from './doctor-database.js'
import { type Diagnosis, type DoctorFinding, type DoctorSection, fine } from './doctor-finding.js'
import { lookAtHttp } from './doctor-http.js'
import { lookAtKafka } from './doctor-kafka.js'
import { workerFindings } from './doctor-owners.js'
import { postgresFindings } from './doctor-postgres.js'
import { lookAtRedis } from './doctor-redis.js'

export interface DoctorWords {
  /** How long a marker may take to come back, in seconds. */
  readonly seconds: number
  /** Whether one may be written. */
  readonly marker: boolean
}

/** `told` gets each section when it is known, in order. */
export const diagnose = async (
  config: Config,
  words: DoctorWords,
  told: (section: DoctorSection) => void,
): Promise<Diagnosis> => {
  const sections: DoctorSection[] = []
  const tell = (title: string, findings: readonly DoctorFinding[]): void => {
    if (findings.length === 0) return
    sections.push({ title, findings })
    told({ title, findings })
  }
  tell('Configuration', [configFinding(config)])
  const asked = { kafka: lookAtKafka(config), redis: lookAtRedis(config), http: lookAtHttp(config) }
  const database = config.database.dialect === 'mysql' ? new WorkerDatabase(config.database) : undefined
  try {
    if (database === undefined) tell('Database', await postgresFindings(config))
    else await tellBoards(config, words, database, asked.kafka, tell)
  } finally {
    await database?.close()
  }
  const { findings, cluster } = await asked.kafka
  tell('Kafka', findings)
  const redis = await asked.redis
  tell('Redis', redis.findings)
  const workers = feedsOf(config).flatMap((feed) => workerFindings(feed, redis.feeds.get(feed.name), redis.boards))
  tell('Workers', [...workers, await asked.http])
  tell('Counters', await lookAtCounters(config, cluster))
  return conclude(sections)
}

const tellBoards = async (
  config: Config,
  { seconds, marker }: DoctorWords,
  database: WorkerDatabase,
  kafka: ReturnType<typeof lookAtKafka>,
  tell: (title: string, findings: readonly DoctorFinding[]) => void,
): Promise<void> => {
  const look: DatabaseLook = await lookAtDatabase(config, database)
  tell('Database', look.findings)
  if (config.boards.length === 0) return
  const { cluster } = await kafka
  const markerLimit = marker ? seconds * 1000 : undefined
  tell('Canal', await lookAtCanal({ config, database, look, cluster, markerLimit }))
}

const configFinding = ({ file, boards, counters, history }: Config): DoctorFinding => {
  const parts = [
    `${boards.length} board(s)`,
    ...(counters.length === 0 ? [] : [`${counters.length} counter(s)`]),
    ...(history === undefined ? [] : ['a history']),
  ]
  return fine('file', `${file} is valid: ${parts.join(', ')}`)
}

/** Pure. */
export const conclude = (sections: readonly DoctorSection[]): Diagnosis => {
  const all = sections.flatMap(({ findings }) => findings)
  const count = (level: DoctorFinding['level']): number => all.filter((finding) => finding.level === level).length
  const [errors, warnings, unasked] = [count('error'), count('warning'), count('not-asked')]
  const rest = unasked === 0 ? '' : ` (${unasked} not asked)`
  const first = all.find(({ level }) => level === 'error') ?? all.find(({ level }) => level === 'warning')
  const verdict =
    errors > 0
      ? `Not well: ${errors} wrong, ${warnings} doubtful, of ${all.length}${rest}. Begin with: ${first?.name}.`
      : warnings > 0
        ? `Well enough to run: ${warnings} doubtful, of ${all.length}${rest}. Look at: ${first?.name}.`
        : `Well: all ${all.length} checks${rest === '' ? '' : ` that could be made${rest}`}.`
  return { sections, errors, warnings, verdict }
}
