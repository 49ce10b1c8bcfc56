/**
 * Reads the board straight from Redis, by the rules of docs/redis.md and nothing else: sorted set, rows and meta in one
 * MULTI, the heartbeat before it. It claims what meta's `state` says, and like the replicas it takes a board that nobody
 * has confirmed for 3 s for stale.
 */
import { Redis } from 'ioredis'
import type { Read, ToldBoard } from './judge.js'

interface Reply {
  readonly heartbeat: string | null
  readonly members: readonly string[]
  readonly rows: Readonly<Record<string, string>>
  readonly meta: Readonly<Record<string, string>>
  /** Redis' clock, ms. */
  readonly time: number
}

/** ms. */
const patience = 1_000
const confirmedWithin = 3_000

export class RedisReader {
  readonly #redis: Redis
  readonly #keys: { readonly zset: string; readonly heartbeat: string }
  readonly #board: string

  constructor(url: string, prefix: string, feed: string, board: string) {
    this.#board = board
    this.#keys = { zset: `${prefix}:{${board}}`, heartbeat: `${prefix}:{feed:${feed}}:heartbeat` }
    this.#redis = new Redis(url, {
      protocol: 2,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: patience,
      retryStrategy: () => 100,
    })
    this.#redis.on('error', () => {})
  }

  /** Never rejects. */
  async read(): Promise<Read> {
    const began = performance.now()
    const told = await this.#ask().catch((error: unknown) => ({
      missing: error instanceof Error ? error.message : String(error),
    }))
    return { source: 'redis', asked: 'redis', began, ended: performance.now(), told }
  }

  close(): void {
    this.#redis.disconnect()
  }

  async #ask(): Promise<ToldBoard | { readonly missing: string }> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${patience} ms`)), patience)
    })
    try {
      const reply = await Promise.race([this.#fetch(), late])
      if (reply.meta.state === undefined) return { missing: 'no board is there' }
      return toldBy(reply, this.#board)
    } finally {
      clearTimeout(timer)
    }
  }

  async #fetch(): Promise<Reply> {
    const { zset, heartbeat } = this.#keys
    const [beat, replies] = await Promise.all([
      this.#redis.get(heartbeat),
      this.#redis
        .multi()
        .zrevrange(zset, 0, -1, 'WITHSCORES')
        .hgetall(`${zset}:rows`)
        .hgetall(`${zset}:meta`)
        .time()
        .exec(),
    ])
    const [members, rows, meta, time] = (replies ?? []).map(([error, reply]) => {
      if (error !== null) throw error
      return reply
    })
    const [seconds = 0, micros = 0] = (time as string[]).map(Number)
    return {
      heartbeat: beat,
      members: members as string[],
      rows: rows as Record<string, string>,
      meta: meta as Record<string, string>,
      time: seconds * 1_000 + Math.floor(micros / 1_000),
    }
  }
}

/** What a reader who keeps to docs/redis.md makes of it. */
export const toldBy = ({ heartbeat, members, rows, meta, time }: Reply, board: string): ToldBoard => {
  const state = meta.state ?? ''
  const exact = state === 'exact' || state === 'assumed'
  const beat = beatOf(heartbeat)
  const version = Number(meta.version)
  const vouched = exact && beat?.versions[board] === version
  const confirmed = vouched ? beat.at : Number(meta.confirmed_at)
  const age = Number.isFinite(confirmed) && confirmed > 0 ? Math.max(0, time - confirmed) : undefined
  const unconfirmed = exact && (age === undefined || age > confirmedWithin)
  return {
    content: contentOf(members, rows),
    state: unconfirmed ? 'stale' : state,
    reason: unconfirmed ? 'not confirmed lately' : (meta.reason ?? ''),
    age: age === undefined ? undefined : age / 1_000,
    version,
  }
}

interface Heartbeat {
  readonly at: number
  readonly versions: Readonly<Record<string, number>>
}

const beatOf = (json: string | null): Heartbeat | undefined =>
  json === null ? undefined : (JSON.parse(json) as Heartbeat)

interface Shown {
  readonly text: string
  readonly id: number
  readonly likes: number
}

/** Best first. Whatever does not fit together (a member without a row, another score) shows, and equals no true board. */
const contentOf = (members: readonly string[], rows: Readonly<Record<string, string>>): string => {
  const shown: Shown[] = []
  for (let i = 0; i + 1 < members.length; i += 2) {
    const member = members[i] ?? ''
    const text = rows[member] ?? `{"no row for":${JSON.stringify(member)}}`
    const row = JSON.parse(text) as { readonly id?: number; readonly like_cnt?: number }
    const fits = row.like_cnt === Number(members[i + 1]) && String(row.id) === member
    shown.push({ text: fits ? text : `${text} at ${members[i + 1]}`, id: row.id ?? 0, likes: row.like_cnt ?? 0 })
  }
  const strays = Object.keys(rows).length > shown.length ? ',"more rows than members"' : ''
  shown.sort((a, b) => b.likes - a.likes || b.id - a.id)
  return shown.map(({ text }) => text).join(',') + strays
}
