/**
 * Requests to a feed's owner to repair boards, made by whoever found them wrong: only the owner writes boards.
 *
 * A hash, board → when it was asked for. The owner takes it whole, so a request is obeyed once; one that nobody takes
 * within a minute is gone, and does not surprise an owner that comes later.
 */
import { hashOf } from './board-reply.js'
import type { RedisClient } from './client.js'
import { feedKeys } from './keys.js'

const life = 60_000

export class HealRequests {
  readonly #client: RedisClient
  readonly #key: string

  constructor(client: RedisClient, prefix: string, feed: string) {
    this.#client = client
    this.#key = feedKeys(prefix, feed).heal
  }

  /** Names of boards of the configuration; a split board is meant with all its groups. */
  async ask(boards: readonly string[]): Promise<void> {
    const fields = boards.flatMap((board) => [board, String(Date.now())])
    await this.#client.call((redis) =>
      redis
        .multi()
        .hset(this.#key, ...fields)
        .pexpire(this.#key, life)
        .exec(),
    )
  }

  /** For the owner: what was asked for since the last time. */
  async take(): Promise<readonly string[]> {
    const replies = await this.#client.call((redis) => redis.multi().hgetall(this.#key).del(this.#key).exec())
    const [error, asked] = replies?.[0] ?? [null, {}]
    return error === null ? [...hashOf(asked).keys()] : []
  }

  /** Whether the owner has yet to take what was asked for. */
  async pending(): Promise<boolean> {
    return (await this.#client.call((redis) => redis.exists(this.#key))) === 1
  }
}
