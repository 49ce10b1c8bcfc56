/** Who keeps a feed, by plain reads: nothing is written, and no lease is asked for. */
import { type Cause, causes, type LastReading } from '../core/note.js'
import type { Confirmation } from '../operators/ports.js'
import { confirmationOf, heartbeatTime, wholeNumber } from './board-reply.js'
import type { RedisClient } from './client.js'
import { feedKeys } from './keys.js'
import { redisError } from './redis-error.js'

export interface FeedInRedis {
  /** The server's clock, ms since 1970. */
  readonly now: number
  /** The owner's last word; undefined: there is none, or it is older than a day. */
  readonly heartbeat: (Confirmation & HeartbeatWords) | undefined
  /** Who may publish, and for how many ms if it does not renew. */
  readonly lease: { readonly owner: string; readonly leftMs: number } | undefined
}

interface HeartbeatWords {
  readonly at: number
  readonly owner: string
  /** By board; `at`: by the server's clock, about. Boards of which no row was read since their owner began are not there. */
  readonly readings: ReadonlyMap<string, LastReading>
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
    heartbeat: at === undefined ? undefined : { at, ...wordsOf(json, at), ...confirmationOf(json) },
    lease: typeof owner === 'string' ? { owner, leftMs: Math.max(0, Number(left)) } : undefined,
  }
}

const wordsOf = (json: unknown, at: number): Pick<HeartbeatWords, 'owner' | 'readings'> => {
  const readings = new Map<string, LastReading>()
  const { owner, readings: told } = objectOf(json)
  for (const [board, reading] of Object.entries(asObject(told))) {
    const { cause, rows, ago } = asObject(reading)
    if (isCause(cause) && typeof rows === 'number' && typeof ago === 'number')
      readings.set(board, { cause, rows, at: at - ago })
  }
  return { owner: typeof owner === 'string' ? owner : '', readings }
}

const objectOf = (json: unknown): Readonly<Record<string, unknown>> => {
  try {
    return asObject(JSON.parse(String(json)))
  } catch {
    return {}
  }
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const isCause = (text: unknown): text is Cause => causes.some((cause) => cause === text)
