/** From what the file says to what the program uses: places for defaults that depend on other keys. */
import type { BoardConfig, Config, RedisConfig, RedisLogin, TableName } from './config.js'
import { resolveCounter, resolveHistory } from './config-counter-resolve.js'
import type { ParsedConfig } from './config-schema.js'
import { databaseOfUrl } from './config-tree.js'

type ParsedRedis = NonNullable<ParsedConfig['redis']>
type ParsedBoard = NonNullable<ParsedConfig['boards']>[string]

const given = (username: string | undefined, password: string | undefined) => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
})

const resolveRedis = (redis: ParsedRedis): RedisConfig => {
  const { prefix } = redis
  if (redis.url !== undefined) return { prefix, connection: { kind: 'url', url: redis.url } }
  const login: RedisLogin = {
    ...given(redis.username, redis.password),
    ...(redis.db === undefined ? {} : { db: redis.db }),
    tls: redis.tls ?? false,
  }
  if (redis.cluster !== undefined) return { prefix, connection: { kind: 'cluster', nodes: redis.cluster, login } }
  const sentinelLogin = given(redis.sentinelUsername, redis.sentinelPassword)
  const { sentinels = [], name = '' } = redis
  return { prefix, connection: { kind: 'sentinels', sentinels, name, login, sentinelLogin } }
}

const resolveTable = (written: string, databaseUrl: string): TableName => {
  const dot = written.indexOf('.')
  return dot < 0
    ? { database: databaseOfUrl(databaseUrl) ?? '', table: written }
    : { database: written.slice(0, dot), table: written.slice(dot + 1) }
}

const resolveBoard = (name: string, board: ParsedBoard, databaseUrl: string): BoardConfig => ({
  name,
  topics: board.topic,
  format: board.format,
  table: resolveTable(board.table, databaseUrl),
  key: board.key,
  score: board.score,
  where: board.where,
  order: board.order,
  ties: board.ties,
  size: board.size,
  columns: board.columns,
  per: board.per,
  maxBoards: board.maxBoards,
  zset: board.zset,
  window: { events: board.window.events, timeMs: board.window.time },
})

/** Everything in `parsed` has passed the checks across keys. */
export const resolveConfig = (parsed: ParsedConfig, around: Pick<Config, 'file' | 'instance' | 'log'>): Config => {
  const { kafka, database, redis, http, boards = {}, counters = {}, history } = parsed
  const { refill } = database
  return {
    file: around.file,
    instance: parsed.instance ?? around.instance,
    member: parsed.instance,
    log: around.log,
    kafka: {
      ...kafka,
      brokers: kafka.brokers.flatMap((text) => text.split(',')),
      deadLetters: kafka.deadLetters ?? `${kafka.group}.dead-letters`,
    },
    database: {
      url: database.url,
      dialect: database.url.startsWith('postgres:') ? 'postgres' : 'mysql',
      refill: {
        timeoutMs: refill.timeout,
        perMinute: refill.perMinute,
        allowScan: refill.allowScan,
        concurrency: refill.concurrency,
        url: refill.url ?? database.url,
        overlapMs: refill.overlap,
      },
      marker: database.marker,
      auditMs: database.audit,
      verifyMs: database.verify,
      timeZone: database.timeZone,
    },
    redis: redis === undefined ? undefined : resolveRedis(redis),
    http: {
      host: http.host,
      port: http.port,
      ...(http.adminToken === undefined ? {} : { adminToken: http.adminToken }),
    },
    boards: Object.entries(boards).map(([name, board]) => resolveBoard(name, board, database.url)),
    counters: Object.entries(counters).map(([name, one]) => resolveCounter(name, one, kafka.group)),
    history: history === undefined ? undefined : resolveHistory(history, kafka.group),
  }
}
