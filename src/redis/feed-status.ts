/** Who keeps a feed, by plain reads: nothing is written, and no lease is asked for. */
import type { Confirmation } from '../operators/ports.js'
import { confirmationOf, heartbeatTime, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import { feedKeys } from './keys.js'
import { redisError } from './redis-error.js'

export interface FeedInRedis {
  /** The server's clock, ms since 1970. */
  readonly now: number
  /** The owner's last word; undefined: there is none, or it is older than a day. */
  readonly heartbeat: (Confirmation & { readonly at: number; readonly owner: string }) | undefined
  /** Who may publish, and for how many ms if it does not renew. */
  readonly lease: { readonly owner: string; readonly leftMs: number } | undefined
}

export const readFeed = async (client: RedisClient, prefix: string, feed: string): Promise<FeedInRedis> => {
  const { heartbeat, lease } = feedKeys(prefix, feed)
  const [beat, held] = await client.call((redis) =>
    Promise.all([redis.ranktideReadHeartbeat(heartbeat), redis.multi().get(lease).pttl(lease).exec()]),
  )
  const [json, time] = Array.isArray(beat) ? (beat as unknown[]) : []
  const [owner, left] = (held ?? []).map(([error, reply]) => {
    if (error !== null) throw redisError(error, client.where)
    return reply
  })
  const at = heartbeatTime(json)
  return {
    now: wholeNumber(String(time)) ?? 0,
    heartbeat: at === undefined ? undefined : { at, owner: ownerIn(json), ...confirmationOf(json) },
    lease: typeof owner === 'string' ? { owner, leftMs: Math.max(0, Number(left)) } : undefined,
  }
}

const ownerIn = (json: unknown): string => {
  try {
    const { owner } = JSON.parse(String(json)) as { owner?: unknown }
    return typeof owner === 'string' ? owner : ''
  } catch {
    return ''
  }
}
