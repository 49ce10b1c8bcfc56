/**
 * Counts in Redis: one hash an item, `PREFIX:counts:BIZ:ID`, with a time to live. Every call may fail with REDIS_*; its
 * outcome is unknown then, and doing it again does no harm.
 *
 * What is cached is what the table had when it was filled, or what the row changes said since. An entry is never kept
 * longer than its time, whatever happens to it: that bounds everything that could make it wrong.
 */
import { readFileSync } from 'node:fs'
import type { RedisClient } from '../../src/redis/client.js'
import type { Counts } from './item.js'

const lua = (name: string): string => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')

const scripts = { webookClaim: lua('claim'), webookFill: lua('fill'), webookChange: lua('change') }

type Command = (...values: (string | number)[]) => Promise<unknown>
type Commands = Record<keyof typeof scripts, Command>
type Redis = Parameters<Parameters<RedisClient['call']>[0]>[0]

/** ioredis sends a script by its hash, and its text to a server that does not know it. */
const withScripts = (redis: Redis): Redis & Commands => {
  if (!('webookClaim' in redis)) {
    for (const [name, text] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys: 1, lua: text })
  }
  return redis as Redis & Commands
}

/** What a claim found: the counts; that they are ours to fill, with this token; or that another is filling them. */
export type Claim =
  | { readonly kind: 'cached'; readonly counts: Counts }
  | { readonly kind: 'claimed'; readonly token: string }
  | { readonly kind: 'busy' }

export interface CountsCacheOptions {
  readonly client: RedisClient
  readonly prefix: string
  /** How long an item is cached, ms; up to a tenth less, so that what was filled together does not end together. */
  readonly life: number
  /** How long a claim counts, ms: whoever dies while filling keeps the others from it no longer. */
  readonly claimLife: number
}

/** A reader must not wait for Redis as long as for an answer of the database. */
const readDeadline = 250

export interface ChangedItem {
  readonly biz: string
  readonly bizId: string
  /** Undefined: the row is gone. */
  readonly counts: Counts | undefined
}

export class CountsCache {
  readonly #options: CountsCacheOptions
  readonly #positionsKey: string

  constructor(options: CountsCacheOptions) {
    this.#options = options
    this.#positionsKey = `${options.prefix}:counts-feed:positions`
  }

  /** In the order asked; one round trip. */
  claim(biz: string, ids: readonly string[], token: string): Promise<readonly Claim[]> {
    return this.#all(
      (redis) => ids.map((id) => redis.webookClaim(this.#key(biz, id), token, this.#options.claimLife)),
      (answer) => claimOf(answer, token),
      readDeadline,
    )
  }

  /** What was claimed with this token; what was withdrawn meanwhile stays away. */
  async fill(biz: string, counts: ReadonlyMap<string, Counts>, token: string): Promise<void> {
    const life = Math.round(this.#options.life * (1 - Math.random() / 10))
    await this.#all(
      (redis) =>
        [...counts].map(([id, { read_cnt, like_cnt, collect_cnt }]) =>
          redis.webookFill(this.#key(biz, id), token, read_cnt, like_cnt, collect_cnt, life),
        ),
      () => undefined,
      readDeadline,
    )
  }

  /** Rows as the table has them now; items that are not cached stay so. */
  async change(items: readonly ChangedItem[]): Promise<void> {
    await this.#all(
      (redis) =>
        items.map(({ biz, bizId, counts }) => {
          const key = this.#key(biz, bizId)
          if (counts === undefined) return redis.unlink(key)
          return redis.webookChange(key, counts.read_cnt, counts.like_cnt, counts.collect_cnt)
        }),
      () => undefined,
    )
  }

  /** Everything: whatever was there when this was called is gone when it resolves. */
  async clear(): Promise<void> {
    let cursor = '0'
    do {
      cursor = await this.#options.client.call(async (redis) => {
        const pattern = `${this.#options.prefix}:counts:*`
        const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1000)
        if (keys.length > 0) await redis.unlink(...keys)
        return next
      })
    } while (cursor !== '0')
  }

  /** Where the row changes were last read up to: beside what they changed, so that both are lost together. */
  async positions(): Promise<ReadonlyMap<string, number>> {
    const stored = await this.#options.client.call((redis) => redis.hgetall(this.#positionsKey))
    return new Map(Object.entries(stored).map(([partition, offset]) => [partition, Number(offset)]))
  }

  async keepPositions(positions: ReadonlyMap<string, number>): Promise<void> {
    if (positions.size === 0) return
    await this.#options.client.call((redis) => redis.hset(this.#positionsKey, Object.fromEntries(positions)))
  }

  async forgetPositions(): Promise<void> {
    await this.#options.client.call((redis) => redis.del(this.#positionsKey))
  }

  #key(biz: string, id: string): string {
    return `${this.#options.prefix}:counts:${biz}:${id}`
  }

  /** Commands of one tick leave together. */
  async #all<T>(
    commands: (redis: Redis & Commands) => readonly Promise<unknown>[],
    read: (answer: unknown) => T,
    deadline?: number,
  ): Promise<readonly T[]> {
    const answers = await this.#options.client.call((redis) => Promise.all(commands(withScripts(redis))), deadline)
    return answers.map(read)
  }
}

const claimOf = (answer: unknown, token: string): Claim => {
  if (Array.isArray(answer)) {
    const [read_cnt, like_cnt, collect_cnt] = answer.map(String)
    return {
      kind: 'cached',
      counts: { read_cnt: read_cnt ?? '0', like_cnt: like_cnt ?? '0', collect_cnt: collect_cnt ?? '0' },
    }
  }
  return answer === 'claimed' ? { kind: 'claimed', token } : { kind: 'busy' }
}
