/** Everything that is sent to Redis about certain keys, but reads: what MONITOR prints, scripts' own commands included. */
import { Redis } from 'ioredis'
import { until } from './until.js'

const reads = new Set([
  'exists',
  'get',
  'hexists',
  'hget',
  'hmget',
  'pttl',
  'hgetall',
  'type',
  'zrange',
  'zrevrange',
  'zscore',
  'zcard',
])

export class RedisWrites {
  readonly #monitor: Redis
  readonly #teller: Redis
  readonly #about: string
  readonly #seen: string[][] = []

  private constructor(monitor: Redis, teller: Redis, about: string) {
    this.#monitor = monitor
    this.#teller = teller
    this.#about = about
    monitor.on('monitor', (_time: string, command: string[]) => this.#seen.push(command))
  }

  /** `about`: what the keys hold in their names. */
  static async start(url: string, about: string): Promise<RedisWrites> {
    const teller = new Redis(url)
    const monitor = await teller.monitor()
    return new RedisWrites(monitor, teller, about)
  }

  /** All that was sent until now. */
  async all(): Promise<readonly string[]> {
    const word = `seen-${performance.now()}`
    await this.#teller.echo(word)
    await until('MONITOR tells of the echo', () => this.#seen.some((command) => command[1] === word))
    return this.#seen
      .filter(
        ([name = '', ...rest]) => !reads.has(name.toLowerCase()) && rest.some((text) => text.includes(this.#about)),
      )
      .map((command) => command.join(' '))
  }

  stop(): void {
    this.#monitor.disconnect()
    this.#teller.disconnect()
  }
}
