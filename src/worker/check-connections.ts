/** `config check --connect`: asks every server once, and says what a start would meet. */
import type { BoardSpec } from '../core/board-spec.js'
import { grantMarker } from '../databases/mysql/marker.js'
import { RedisClient } from '../redis/client.js'
import type { Config } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import { checkBoards } from './check-boards.js'
import { checkCounters } from './check-counters.js'
import { checkTopics } from './check-topics.js'
import { type ConnectionFinding, failed } from './connection-finding.js'
import { WorkerDatabase } from './database.js'

export const checkConnections = async (config: Config): Promise<readonly ConnectionFinding[]> => {
  const feeds = feedsOf(config)
  const kafka = await Promise.all(feeds.map((feed) => checkTopics(config, feed)))
  const boards = feeds.length === 0 ? [] : await checkDatabase(config)
  return [...kafka.flat(), ...(await checkRedis(config)), ...boards, ...(await checkCounters(config))]
}

const checkRedis = async ({ redis }: Config): Promise<readonly ConnectionFinding[]> => {
  if (redis === undefined) return []
  const client = new RedisClient(redis.connection)
  try {
    await client.connected()
    await client.call((connection) => connection.ping())
    return [{ name: 'redis', level: 'ok', detail: client.where }]
  } catch (error) {
    return [failed('redis', error)]
  } finally {
    await client.close()
  }
}

const checkDatabase = async (config: Config): Promise<readonly ConnectionFinding[]> => {
  const database = new WorkerDatabase(config.database)
  const findings: ConnectionFinding[] = []
  try {
    const { findings: boards, specs, unreachable } = await checkBoards(config, database)
    findings.push(...boards)
    if (unreachable) return findings
    for (const { level, code, message } of await database.preflight(specs))
      findings.push({ name: code, level, detail: message })
    if (specs.length > 0) findings.push(await checkMarker(config, database, specs))
  } catch (error) {
    findings.push(failed('database', error))
  } finally {
    await database.close()
  }
  return findings
}

const checkMarker = async (
  { database: { marker } }: Config,
  database: WorkerDatabase,
  specs: readonly BoardSpec[],
): Promise<ConnectionFinding> => {
  const table = database.markerTable(specs)
  const name = `${table.database}.${table.table}`
  const found = (level: ConnectionFinding['level'], detail: string) => ({ name: 'marker', level, detail })
  if (marker.write === 'never')
    return found('ok', 'is not to be written (database.marker.write): boards will say assumed, not exact')
  if ((await database.marker(specs)) !== undefined)
    return found('ok', `${name} can be written; Canal's filter has to let it through`)
  const grant = grantMarker(table, await database.account())
  return found('warning', `${name} may not be written: boards will say assumed, not exact; run: ${grant}`)
}
