/**
 * The example's composition root: opens clients, wires the parts, closes in reverse. Starts whatever is down: requests
 * that need it are answered 503 until it is back, and counts come from the table where Redis is away.
 */
import { createMysqlPool, type MysqlPool } from '../../src/databases/mysql/connection.js'
import { listen } from '../../src/http/server.js'
import type { ReadHistory } from '../../src/operators/batch-store.js'
import type { MessageProducer } from '../../src/operators/message-ports.js'
import { RedisClient } from '../../src/redis/client.js'
import type { Lifecycle } from '../../src/runtime/lifecycle.js'
import type { Log } from '../../src/runtime/log.js'
import { CachedCounts } from './cached-counts.js'
import { CountsCache } from './counts-cache.js'
import { CountsFeeder } from './counts-feeder.js'
import { CountsTable } from './counts-table.js'
import type { CountsSource, TableNames } from './item.js'
import { ProfilesTable } from './profiles-table.js'
import { ReadEvents } from './read-events.js'
import { buildServer } from './server.js'
import { durationOf, type Settings } from './settings.js'
import { SharedReads } from './shared-reads.js'
import { tokenReader } from './tokens.js'
import { troubleLog } from './trouble-log.js'
import { UserRecords } from './user-records.js'

/** Of a statement, ms. */
export const databaseTimeout = 5_000
const connections = 16
/** Longer than a query may take, so that a claim does not end under whoever is filling. */
const claimLife = databaseTimeout + 1_000

export interface ServeParts {
  readonly tables: TableNames
  /** Opens a producer; called again where that failed. */
  readonly producer: () => Promise<MessageProducer>
  readonly history: Pick<ReadHistory, 'page' | 'erase'> & { close(): Promise<void> }
}

export interface Served {
  /** As `http://127.0.0.1:8082`. */
  readonly address: string
  readonly feeder: Pick<CountsFeeder, 'reached'>
}

interface Opened {
  readonly settings: Settings
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly pool: MysqlPool
  readonly tables: TableNames
}

/** Counts by way of Redis, which the table's own row changes keep right. */
const openCounts = (opened: Opened): { counts: CountsSource; feeder: CountsFeeder } => {
  const { settings, log, lifecycle, pool, tables } = opened
  const client = new RedisClient({ kind: 'url', url: settings.REDIS_URL })
  client.failures$.subscribe(troubleLog(log, 'Redis is away, counts come from the table'))
  lifecycle.onClose('redis', () => client.close())
  const life = durationOf(settings, 'CACHE_TTL')
  const cache = new CountsCache({ client, prefix: settings.REDIS_PREFIX, life, claimLife })
  const table = new CountsTable(pool, tables)
  const onTrouble = troubleLog(log, 'The cache could not be asked, counts come from the table')
  const feeder = new CountsFeeder({
    pool,
    table: tables.interactives,
    brokers: settings.KAFKA_BROKERS,
    topic: settings.CHANGES_TOPIC,
    cache,
    life,
    onTrouble: troubleLog(log, 'Row changes do not reach the cache'),
  })
  lifecycle.onClose('counts feed', () => feeder.close())
  return { counts: new SharedReads(new CachedCounts({ cache, table, onTrouble })), feeder }
}

/** Resolves when it listens. Whatever has been opened is closed by the lifecycle. */
export const serve = async (
  settings: Settings,
  log: Log,
  lifecycle: Lifecycle,
  { tables, producer, history }: ServeParts,
): Promise<Served> => {
  const now = Date.now
  const pool = createMysqlPool({
    url: settings.DATABASE_URL,
    timeoutMs: databaseTimeout,
    timeZone: '+00:00',
    connections,
  })
  lifecycle.onClose('database', () => pool.close())
  lifecycle.onClose('history', () => history.close())
  const limit = durationOf(settings, 'READ_TIMEOUT')
  const reads = new ReadEvents({ connect: producer, topic: settings.READ_TOPIC, limit })
  lifecycle.onClose('producer', () => reads.close())
  const { counts, feeder } = openCounts({ settings, log, lifecycle, pool, tables })
  const server = buildServer({
    userOf: tokenReader({ secret: settings.TOKEN_SECRET, issuer: settings.TOKEN_ISSUER, now }),
    records: new UserRecords({ pool, tables, now }),
    profiles: new ProfilesTable({ pool, tables, now }),
    counts,
    reads,
    history,
    log,
    now,
  })
  // First of all to close: requests under way still find everything open, and a read may take its time.
  lifecycle.onClose('http', () => server.close(), limit + 500)
  const address = await listen(server, { host: settings.HTTP_HOST, port: Number(settings.HTTP_PORT) })
  log.info({ address }, 'Listening')
  return { address, feeder }
}
