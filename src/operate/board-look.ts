/** One board, or one group of a split board, as Redis has it now: with its rows, and as of which positions. */
import { isWell } from '../core/board-content.js'
import type { BoardThere } from '../core/explanation.js'
import { groupName } from '../core/group-name.js'
import { furthest } from '../core/positions.js'
import { readBoardStatus } from '../redis/board-status.js'
import type { RedisClient } from '../redis/client.js'
import { readFeed } from '../redis/feed-status.js'
import { boardKeys } from '../redis/keys.js'
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
  const [whole] = await readBoardStatus(client, [boardKeys(prefix, name, zset)])
  if (whole?.stored.meta === undefined) return null
  const wholeLook = vouchedFor(name, whole, told)
  const keys = group === undefined ? boardKeys(prefix, name, zset) : boardKeys(prefix, groupName(name, group))
  const { stored, entries } = await readBoard(client, keys)
  const { meta, version, owner } = stored
  const shared = {
    ageSeconds: wholeLook.ageSeconds,
    version: version ?? null,
    owner: owner ?? whole.stored.owner ?? null,
  }
  if (group === undefined)
    return meta === undefined
      ? null
      : {
          ...shared,
          ...vouchedFor(name, { stored }, told),
          entries,
          definition: meta.definition,
          positions: vouchedFor(name, { stored }, told).positions ?? meta.positions,
        }
  // What concerns all is said by the board as a whole; a group that is not there has no rows.
  const status = meta === undefined || !isWell(wholeLook.status) ? wholeLook.status : meta.status
  const reached = wholeLook.positions ?? new Map<string, number>()
  const positions =
    meta === undefined || isWell(meta.status) ? furthest(meta?.positions ?? new Map(), reached) : meta.positions
  return { ...shared, status, positions, entries, definition: whole.stored.meta.definition }
}
