/**
 * What a run sent to Redis, beside the least that could have been sent. MONITOR shows every command that the scripts
 * gave; they are carried out on a copy, and at each publish the copy is compared with what it was at the one before.
 */
import type { Redis } from 'ioredis'

export interface RedisCounted {
  /** Publishes that changed the board. */
  readonly publishes: number
  /** Members and rows that Redis was told to write or to remove. */
  readonly sent: number
  /** Members and rows that differ from one publish to the next. */
  readonly least: number
}

type Content = Map<string, string>

export class RedisCounts {
  readonly #monitor: Redis
  readonly #keys: ReadonlyMap<string, Content>
  #before: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map()
  #publishes = 0
  #sent = 0
  #least = 0

  private constructor(monitor: Redis, board: string) {
    this.#monitor = monitor
    this.#keys = new Map([
      [board, new Map()],
      [`${board}:rows`, new Map()],
    ])
    monitor.on('monitor', (_time: string, [command = '', key = '', ...rest]: string[]) => {
      if (command.toLowerCase() === 'publish' && key === `${board}:changes`) this.#published()
      else this.#carryOut(command.toLowerCase(), key, rest)
    })
  }

  static async begin(redis: Redis, prefix: string): Promise<RedisCounts> {
    return new RedisCounts(await redis.monitor(), `${prefix}:{likes}`)
  }

  async end(): Promise<RedisCounted> {
    // Whatever is still on its way on the connection has come when it is closed by us.
    await new Promise((resolve) => setTimeout(resolve, 500))
    this.#monitor.disconnect()
    return { publishes: this.#publishes, sent: this.#sent, least: this.#least }
  }

  #carryOut(command: string, key: string, values: readonly string[]): void {
    const content = this.#keys.get(key)
    if (content === undefined) return
    if (command === 'zrem' || command === 'hdel') {
      for (const member of values) content.delete(member)
      this.#sent += values.length
    } else if (command === 'zadd' || command === 'hset') {
      for (let i = 0; i < values.length; i += 2) {
        const [a = '', b = ''] = [values[i], values[i + 1]]
        if (command === 'zadd') content.set(b, a)
        else content.set(a, b)
      }
      this.#sent += values.length / 2
    }
  }

  #published(): void {
    this.#publishes += 1
    for (const [key, now] of this.#keys) {
      const before = this.#before.get(key) ?? new Map<string, string>()
      for (const [member, value] of now) if (before.get(member) !== value) this.#least += 1
      for (const member of before.keys()) if (!now.has(member)) this.#least += 1
    }
    this.#before = new Map([...this.#keys].map(([key, content]) => [key, new Map(content)]))
  }
}
