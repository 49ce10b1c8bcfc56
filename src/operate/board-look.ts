/** One board, or one group of a split board, as Redis has it now: with its rows, and as of which positions. */
import { isWell } from '../core/board-content.js'
import type { BoardThere } from '../core/explanation.js'
import { groupName } from '../core/group-name.js'
import { furthest } from '../core/positions.js'
import { readBoardStatus } from '../redis/board-status.js'
import type { RedisClient } from '../redis/client.js'
import { type FeedInRedis, readFeed } from '../redis/feed-status.js'
import { type BoardKeys, boardKeys } from '../redis/keys.js'
import { readBoard } from '../redis/read-board.js'
import type { BoardConfig } from '../runtime/config.js'
import { vouchedFor } from './boards-in-redis.js'

export interface BoardLook extends BoardThere {
  readonly ageSeconds: number | null
  readonly version: number | null
  readonly owner: string | null
  readonly definition: string
}

/** Null: it is not there. `group`: of a split board. The heartbeat is read first: what it vouches for was so then. */
export const lookAtBoard = async (
  client: RedisClient,
  prefix: string,
  feed: string,
  { name, zset }: BoardConfig,
  group: string | undefined,
): Promise<BoardLook | null> => {
  const told = await readFeed(client, prefix, feed)
  const keys = boardKeys(prefix, name, zset)
  if (group !== undefined) return lookAtGroup(client, keys, boardKeys(prefix, groupName(name, group)), name, told)
  const { stored, entries } = await readBoard(client, keys)
  const { meta, version = null, owner = null } = stored
  if (meta === undefined) return null
  const vouched = vouchedFor(name, { stored }, told)
  const positions = vouched.positions ?? meta.positions
  return { ...vouched, positions, version, owner, entries, definition: meta.definition }
}

/** What concerns all is said by the board as a whole; a group that is not there has no rows. */
const lookAtGroup = async (
  client: RedisClient,
  ofBoard: BoardKeys,
  ofGroup: BoardKeys,
  board: string,
  told: FeedInRedis,
): Promise<BoardLook | null> => {
  const [whole] = await readBoardStatus(client, [ofBoard])
  if (whole?.stored.meta === undefined) return null
  const vouched = vouchedFor(board, whole, told)
  const reached = vouched.positions ?? new Map<string, number>()
  const {
    stored: { meta, version = null, owner = whole.stored.owner ?? null },
    entries,
  } = await readBoard(client, ofGroup)
  return {
    status: meta === undefined || !isWell(vouched.status) ? vouched.status : meta.status,
    positions:
      meta === undefined || isWell(meta.status) ? furthest(meta?.positions ?? new Map(), reached) : meta.positions,
    ageSeconds: vouched.ageSeconds,
    version,
    owner,
    entries,
    definition: whole.stored.meta.definition,
  }
}
