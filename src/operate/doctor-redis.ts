/** The doctor's look at Redis: the server, what the user may do, who holds the feeds, and the keys of the boards. */
import { RanktideError } from '../core/errors.js'
import type { BoardInRedis } from '../redis/board-status.js'
import { readBoardStatus } from '../redis/board-status.js'
import { RedisClient } from '../redis/client.js'
import { type FeedInRedis, readFeed } from '../redis/feed-status.js'
import { boardKeys } from '../redis/keys.js'
import { type RefusedCommand, readInfo, refusedCommands, typesOf } from '../redis/server-look.js'
import type { Config, RedisConfig } from '../runtime/config.js'
import { feedsOf } from '../runtime/feeds.js'
import { clockFinding } from './doctor-database.js'
import { type DoctorFinding, failed, fine, notAsked, warning, wrong } from './doctor-finding.js'
import { boardFinding, leaseFinding } from './doctor-owners.js'

export interface RedisLook {
  readonly findings: readonly DoctorFinding[]
  /** By the feed's name; those that could be asked. */
  readonly feeds: ReadonlyMap<string, FeedInRedis>
  readonly boards: ReadonlyMap<string, BoardInRedis>
}

/** Never rejects. */
export const lookAtRedis = async (config: Config): Promise<RedisLook> => {
  const { redis } = config
  if (redis === undefined) return { findings: [], feeds: new Map(), boards: new Map() }
  const client = new RedisClient(redis.connection)
  try {
    await client.connected()
    return await askRedis(config, redis, client)
  } catch (error) {
    const names = [
      ...feedsOf(config).map(({ name }) => `lease ${name}`),
      ...config.boards.map(({ name }) => `board ${name}`),
    ]
    const findings = [unreachable(error, redis), ...names.map((name) => notAsked(name, 'Redis cannot be used'))]
    return { findings, feeds: new Map(), boards: new Map() }
  } finally {
    client.close()
  }
}

const unreachable = (error: unknown, { connection }: RedisConfig): DoctorFinding => {
  const finding = failed('redis', error)
  if (connection.kind === 'cluster' && /cluster support disabled/i.test(finding.detail) && finding.level === 'error')
    return { ...finding, advice: 'it is one server, no cluster: use redis.url' }
  return finding
}

const askRedis = async (config: Config, redis: RedisConfig, client: RedisClient): Promise<RedisLook> => {
  const { prefix } = redis
  const feeds = new Map<string, FeedInRedis>()
  const findings: DoctorFinding[] = []
  findings.push(...serverFindings(await readInfo(client), redis, client.where))
  // Of a server of a cluster that is asked as if it were alone, nothing more can be asked.
  if (findings.some(({ level }) => level === 'error')) return { findings, feeds, boards: new Map() }
  findings.push(await rightsFinding(client, prefix))
  const before = Date.now()
  for (const { name } of feedsOf(config)) feeds.set(name, await readFeed(client, prefix, name))
  const now = Math.max(0, ...[...feeds.values()].map((feed) => feed.now))
  if (now > 0) findings.push(clockFinding('redis clock', now, before, Date.now()))
  for (const feed of feedsOf(config)) findings.push(leaseFinding(feed, feeds.get(feed.name)))
  const boards = new Map<string, BoardInRedis>()
  for (const board of config.boards) {
    const keys = boardKeys(prefix, board.name, board.zset)
    const [status] = await readBoardStatus(client, [keys])
    if (status !== undefined) boards.set(board.name, status)
    const [zset = 'none', rows = 'none', meta = 'none'] = await typesOf(client, [keys.zset, keys.rows, keys.meta])
    findings.push(boardFinding(board, keys.zset, { zset, rows, meta }, status))
  }
  return { findings, feeds, boards }
}

/** Older ones refuse scripts that write after they have asked for the time. */
const oldest = 5

/** Pure. */
export const serverFindings = (
  info: ReadonlyMap<string, string>,
  { connection }: Pick<RedisConfig, 'connection'>,
  where: string,
): readonly DoctorFinding[] => {
  const version = info.get('redis_version') ?? ''
  const mode = info.get('redis_mode') ?? 'standalone'
  const clustered = info.get('cluster_enabled') === '1'
  return [
    Number.parseInt(version, 10) < oldest
      ? wrong(
          'redis',
          `version ${version} at ${where}`,
          `install Redis ${oldest} or later: older ones refuse the scripts`,
        )
      : fine('redis', `version ${version} (${mode}) at ${where}`),
    ...(connection.kind !== 'cluster' && clustered
      ? [wrong('redis mode', 'the server is part of a cluster', 'name it under redis.cluster instead of redis.url')]
      : []),
    ...(connection.kind !== 'cluster' && info.get('role') === 'slave'
      ? [
          wrong(
            'redis role',
            'the server is a replica, which cannot be written',
            'name its master, or use redis.sentinels',
          ),
        ]
      : []),
    memoryFinding(info),
    persistenceFinding(info),
  ]
}

const memoryFinding = (info: ReadonlyMap<string, string>): DoctorFinding => {
  const name = 'redis memory'
  const [limit, used] = [Number(info.get('maxmemory') ?? 0), Number(info.get('used_memory') ?? 0)]
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (limit === 0) return fine(name, `${megabytes(used)} used, no limit`)
  const detail = `${megabytes(used)} of ${megabytes(limit)} used, maxmemory-policy ${policy}`
  if (policy !== 'noeviction') {
    const what = policy.startsWith('volatile') ? 'leases and heartbeats' : 'boards and leases'
    return warning(
      name,
      `${detail}: it may drop ${what}`,
      'run: CONFIG SET maxmemory-policy noeviction; and set it in redis.conf',
    )
  }
  if (used > 0.9 * limit)
    return warning(
      name,
      `${detail}: writes are refused when it is full`,
      'raise maxmemory, or see what else fills it: MEMORY STATS',
    )
  return fine(name, detail)
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`

const persistenceFinding = (info: ReadonlyMap<string, string>): DoctorFinding => {
  const name = 'redis persistence'
  if (info.get('rdb_last_bgsave_status') === 'err' || info.get('aof_last_write_status') === 'err')
    return wrong(
      name,
      'the last save failed, so writes may be refused (MISCONF)',
      'see the disk and the log of Redis; LASTSAVE tells the last good one',
    )
  const aof = info.get('aof_enabled') === '1' ? 'append-only file; ' : ''
  return fine(name, `${aof}not needed: what is lost is written again from the owner or the table`)
}

const rightsFinding = async (client: RedisClient, prefix: string): Promise<DoctorFinding> => {
  const name = 'redis rights'
  try {
    return judgeRights(name, await refusedCommands(client, prefix), prefix)
  } catch (error) {
    const finding = failed(name, error)
    return error instanceof RanktideError && finding.level === 'error'
      ? { ...finding, advice: 'allow EVAL and EVALSHA: docs/redis.md lists the commands and keys' }
      : finding
  }
}

/** Pure. */
export const judgeRights = (name: string, refused: readonly RefusedCommand[], prefix: string): DoctorFinding => {
  const [first] = refused
  if (first === undefined) return fine(name, `the scripts may do what they do under ${prefix}:*`)
  const commands = refused.map(({ command }) => command).join(' ')
  const advice = `run: ACL SETUSER NAME ~${prefix}:* &${prefix}:* ${refused.map(({ command }) => `+${command.toLowerCase()}`).join(' ')}; docs/redis.md lists all`
  return wrong(name, `refused under ${prefix}:*: ${commands} (${first.why})`, advice)
}
