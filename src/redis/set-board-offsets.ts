/**
 * From where the feeds of boards are to be read at the next start, at an operator's word. Under the feed's lease, so that
 * nobody starts meanwhile; it is given back, or runs out.
 */
import { randomBytes } from 'node:crypto'
import { RanktideError } from '../core/errors.js'
import type { Positions } from '../core/positions.js'
import { numbersText, textsOf } from './board-reply.js'
import type { RedisClient } from './client.js'
import { type BoardKeys, feedKeys } from './keys.js'

export interface BoardOffsets {
  readonly keys: BoardKeys
  /** In which the board was looked at. */
  readonly version: number
  /** `back`: what is of `positions` is read from `from` again; `fill`: degraded for `reason`, until it has been read from its table. */
  readonly action: 'back' | 'fill'
  readonly positions: Positions
  readonly from: Positions
  readonly reason: string
}

/** Long enough for what is done under it, short enough to be waited for after a crash, ms. */
const life = 10_000

/** Runs `work` as the owner of these feeds. GROUP_ACTIVE, naming the owner, if one of them has another. */
export const owningFeeds = async <T>(
  client: RedisClient,
  prefix: string,
  feeds: readonly string[],
  work: (owner: string) => Promise<T>,
): Promise<T> => {
  const owner = `ranktide-offsets:${randomBytes(8).toString('hex')}`
  const held: string[] = []
  try {
    for (const feed of feeds) {
      const { lease } = feedKeys(prefix, feed)
      held.push(lease)
      const reply = await client.call((redis) => redis.ranktideAcquireLease(lease, owner, life, 0))
      const [taken, holder] = Array.isArray(reply) ? (reply as unknown[]) : []
      if (taken !== 1)
        throw new RanktideError('GROUP_ACTIVE', `${holder} holds the lease of feed ${feed}; stop its worker`)
    }
    return await work(owner)
  } finally {
    for (const lease of held) await client.call((redis) => redis.ranktideReleaseLease(lease, owner)).catch(() => {})
  }
}

/**
 * The boards of one call change together or not at all; `apart` is for a cluster, where no script reaches them all.
 * Returns the first board, by its number, that is another version now.
 */
export const setBoardOffsets = async (
  client: RedisClient,
  owner: string,
  boards: readonly BoardOffsets[],
  apart: boolean,
): Promise<number | undefined> => {
  const calls = apart ? boards.map((board) => [board]) : [boards]
  let before = 0
  for (const call of calls.filter((one) => one.length > 0)) {
    const reply = await client.call((redis) =>
      redis.ranktideSetOffsets(call.length, ...call.map(({ keys }) => keys.meta), owner, ...call.flatMap(argumentsOf)),
    )
    const [outcome, which] = textsOf(reply)
    if (outcome !== 'set') return before + Number(which) - 1
    before += call.length
  }
  return undefined
}

/** As set-offsets.lua's header has them. */
const argumentsOf = ({ keys, version, action, positions, from, reason }: BoardOffsets): (string | number)[] => [
  version,
  action,
  numbersText(positions),
  numbersText(from),
  reason,
  keys.changes,
]
