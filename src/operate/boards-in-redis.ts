/** Feeds and boards as Redis has them: who keeps them, how they are and how old, as readers get it. */
import { type BoardStatus, isWell } from '../core/board-content.js'
import { isBehind } from '../core/feed-pulse.js'
import { groupName } from '../core/group-name.js'
import type { Positions } from '../core/positions.js'
import { type BoardInRedis, readBoardStatus } from '../redis/board-status.js'
import type { RedisClient } from '../redis/client.js'
import { type FeedInRedis, readFeed } from '../redis/feed-status.js'
import { boardKeys, splitKeys } from '../redis/keys.js'
import { readRegistry } from '../redis/read-registry.js'
import type { BoardConfig } from '../runtime/config.js'
import type { Feed } from '../runtime/feeds.js'
import { agedStatus } from '../worker/view-entries.js'

export interface FoundBoard {
  readonly config: BoardConfig
  readonly found: BoardInRedis
  readonly status: BoardStatus
  readonly ageSeconds: number | null
  /** What its content is of; undefined: it was never published. */
  readonly positions: Positions | undefined
  readonly groups: { readonly count: number; readonly notExact: number; readonly rows: number } | undefined
}

export interface FoundFeed {
  readonly feed: FeedInRedis
  readonly boards: readonly FoundBoard[]
}

const neverPublished: BoardStatus = { state: 'stale', reason: 'not in Redis: no worker has published it' }

/** Fails with REDIS_*. The heartbeat is read before the boards: what it vouches for was so then, or is newer. */
export const findFeed = async (client: RedisClient, prefix: string, { name, boards }: Feed): Promise<FoundFeed> => {
  const feed = await readFeed(client, prefix, name)
  const keys = boards.map((board) => boardKeys(prefix, board.name, board.zset))
  const found = await readBoardStatus(client, keys)
  const result: FoundBoard[] = []
  for (const [i, config] of boards.entries()) {
    const board = found[i]
    if (board === undefined) continue
    const groups = config.per === undefined ? undefined : await findGroups(client, prefix, config.name)
    result.push({ config, found: board, groups, ...vouchedFor(config.name, board, feed) })
  }
  return { feed, boards: result }
}

/** Status, age and positions as of the last word of the owner (docs/redis.md). */
export const vouchedFor = (
  name: string,
  { stored: { meta, version, confirmedAt = 0 } }: Pick<BoardInRedis, 'stored'>,
  { now, heartbeat }: FeedInRedis,
): Pick<FoundBoard, 'status' | 'ageSeconds' | 'positions'> => {
  if (meta === undefined) return { status: neverPublished, ageSeconds: null, positions: undefined }
  const { status, positions } = meta
  const current = isWell(status) || isBehind(status.reason)
  const vouched = heartbeat !== undefined && current && heartbeat.versions.get(name) === version
  const at = vouched ? Math.max(confirmedAt, heartbeat.at) : confirmedAt
  return {
    status: agedStatus(status, at === 0 ? undefined : at, now),
    ageSeconds: at === 0 ? null : Math.max(0, now - at) / 1_000,
    positions: vouched ? heartbeat.positions : positions,
  }
}

const findGroups = async (client: RedisClient, prefix: string, board: string) => {
  const values = [...(await readRegistry(client, splitKeys(prefix, board).registry)).keys()]
  const found = await readBoardStatus(
    client,
    values.map((value) => boardKeys(prefix, groupName(board, value))),
  )
  // Registered before it is made, and until it is deleted: what has no meta is no group yet, or no longer.
  const made = found.filter(({ stored }) => stored.meta !== undefined)
  return {
    count: made.length,
    notExact: made.filter(({ stored: { meta } }) => meta !== undefined && !isWell(meta.status)).length,
    rows: made.reduce((sum, { rows }) => sum + rows, 0),
  }
}
