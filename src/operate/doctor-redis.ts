/** The doctor's look at Redis: the server, what the user may do, who holds the feeds, and the keys of the boards. */
import type { BoardInRedis } from '../redis/board-status.js'
import { readBoardStatus } from '../redis/board-status.js'
import { RedisClient } from '../redis/client.js'
import { type FeedInRedis, readFeed } from '../redis/feed-status.js'
import { boardKeys } from '../redis/keys.js'
import { type RefusedCommand, readInfo, refusedCommands, typesOf } from '../redis/server-look.js'
import type { BoardConfig, Config, RedisConfig } from '../runtime/config.js'
import { type Feed, feedsOf } from '../runtime/feeds.js'
import { clockFinding } from './doctor-database.js'
import { type DoctorFinding, failed, fine, notAsked, warning, wrong } from './doctor-finding.js'
import { boardFinding, leaseFinding } from './doctor-owners.js'

export interface RedisLook {
  readonly findings: readonly DoctorFinding[]
  /** By the feed's name; those that could be asked. */
  readonly feeds: ReadonlyMap<string, FeedInRedis>
  readonly boards: ReadonlyMap<string, BoardInRedis>
}

/** What is found out, as far as it goes: whatever fails later takes nothing away from it. */
interface Growing {
  readonly findings: DoctorFinding[]
  readonly feeds: Map<string, FeedInRedis>
  readonly boards: Map<string, BoardInRedis>
}

/** Never rejects. */
export const lookAtRedis = async (config: Config): Promise<RedisLook> => {
  const look: Growing = { findings: [], feeds: new Map(), boards: new Map() }
  const { redis } = config
  if (redis === undefined) return look
  const client = new RedisClient(redis.connection)
  const usable = await askServer(look, client, redis)
  const before = Date.now()
  for (const feed of feedsOf(config))
    await part(look, usable, `lease ${feed.name}`, () => askFeed(look, client, redis, feed))
  const now = Math.max(0, ...[...look.feeds.values()].map((feed) => feed.now))
  if (now > 0) look.findings.push(clockFinding('redis clock', now, before, Date.now()))
  for (const board of config.boards)
    await part(look, usable, `board ${board.name}`, () => askBoard(look, client, redis, board))
  client.close()
  return look
}

/** Whether more can be asked. */
const askServer = async (look: Growing, client: RedisClient, redis: RedisConfig): Promise<boolean> => {
  try {
    await client.connected()
    const found = serverFindings(await readInfo(client), redis, client.where)
    look.findings.push(...found)
    // Of a server of a cluster that is asked as if it were alone, nothing more can be asked.
    if (found.some(({ level }) => level === 'error')) return false
    look.findings.push(await rightsFinding(client, redis.prefix))
    return true
  } catch (error) {
    look.findings.push(told('redis', error))
    return false
  }
}

const part = async (look: Growing, usable: boolean, name: string, ask: () => Promise<DoctorFinding>): Promise<void> => {
  const finding = usable
    ? await ask().catch((error: unknown) => told(name, error))
    : notAsked(name, 'Redis cannot be used')
  look.findings.push(finding)
}

const askFeed = async (
  look: Growing,
  client: RedisClient,
  { prefix }: RedisConfig,
  feed: Feed,
): Promise<DoctorFinding> => {
  const found = await readFeed(client, prefix, feed.name)
  look.feeds.set(feed.name, found)
  return leaseFinding(feed, found)
}

const askBoard = async (
  look: Growing,
  client: RedisClient,
  { prefix }: RedisConfig,
  board: BoardConfig,
): Promise<DoctorFinding> => {
  const keys = boardKeys(prefix, board.name, board.zset)
  const [zset = 'none', rows = 'none', meta = 'none'] = await typesOf(client, [keys.zset, keys.rows, keys.meta])
  const [status] = await readBoardStatus(client, [keys])
  if (status !== undefined) look.boards.set(board.name, status)
  return boardFinding(board, keys.zset, { zset, rows, meta }, status)
}

/** The advice by what Redis says, where that tells more than the code. */
const told = (name: string, error: unknown): DoctorFinding => {
  const finding = failed(name, error)
  if (finding.level !== 'error') return finding
  if (/cluster support disabled/i.test(finding.detail))
    return { ...finding, advice: 'it is one server, no cluster: use redis.url' }
  if (finding.detail.includes('NOPERM'))
    return { ...finding, advice: 'allow it in the ACL: docs/redis.md lists the commands and keys' }
  return finding
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
    return told(name, error)
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
