/** A board straight from its keys in Redis, as a program reads it that knows nothing of the worker. */
import { Redis } from 'ioredis'
import { stack } from './stack.js'
import { bodyOf } from './true-boards.js'
import type { Answer } from './worker-process.js'

export interface OwnerInRedis {
  /** Instance name of the lease's holder; undefined: nobody has it. */
  readonly lease: string | undefined
  /** Instance name of the board's owner. */
  readonly owner: string | undefined
  readonly epoch: number
  readonly version: number
}

interface Shown {
  readonly id: number
  readonly like_cnt: number
}

const instanceOf = (owner: string | null | undefined): string | undefined => owner?.replace(/:[^:]*$/, '')

export class RedisBoard {
  readonly redis: Redis
  readonly zset: string
  readonly rows: string
  readonly meta: string
  readonly changes: string
  readonly lease: string
  readonly heartbeat: string

  constructor(prefix: string, feed: string, board = 'likes') {
    this.redis = new Redis(stack.redis, {
      protocol: 2,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 100,
    })
    this.redis.on('error', () => {})
    this.zset = `${prefix}:{${board}}`
    this.rows = `${this.zset}:rows`
    this.meta = `${this.zset}:meta`
    this.changes = `${this.zset}:changes`
    this.lease = `${prefix}:{feed:${feed}}:lease`
    this.heartbeat = `${prefix}:{feed:${feed}}:heartbeat`
  }

  /** As `GET /boards/likes` would have it. A member without a row, or a row without a member, shows in the body. */
  async answer(): Promise<Answer> {
    const replies = await this.redis.multi().zrange(this.zset, 0, '-1').hgetall(this.rows).hgetall(this.meta).exec()
    const [members, rows, meta] = (replies ?? []).map(([error, reply]) => {
      if (error !== null) throw error
      return reply
    })
    const rowOf = rows as Record<string, string>
    const fields = meta as Record<string, string>
    const shown = (members as string[]).map((member) => rowOf[member] ?? `{"no row for":"${member}"}`)
    if (Object.keys(rowOf).length > shown.length) shown.push('"more rows than members"')
    return {
      status: 200,
      body: bodyOf(shown.sort(byRank)),
      state: fields.state ?? null,
      reason: fields.reason ?? null,
      age: undefined,
      version: Number(fields.version),
    }
  }

  async owner(): Promise<OwnerInRedis> {
    const [lease, meta] = await Promise.all([this.redis.get(this.lease), this.redis.hgetall(this.meta)])
    return {
      lease: instanceOf(lease),
      owner: instanceOf(meta.owner),
      epoch: Number(meta.epoch ?? 0),
      version: Number(meta.version ?? 0),
    }
  }

  /** What the owner confirmed last: next offset a partition. */
  async confirmed(): Promise<Record<string, number>> {
    const json = JSON.parse((await this.redis.get(this.heartbeat)) ?? '{}') as { positions?: Record<string, number> }
    return json.positions ?? {}
  }

  close(): void {
    this.redis.disconnect()
  }
}

const byRank = (a: string, b: string): number => {
  const [x, y] = [JSON.parse(a) as Shown, JSON.parse(b) as Shown]
  return y.like_cnt - x.like_cnt || y.id - x.id
}
