/** The built-in Redis of the demo in a process of its own, so that it may be stopped, paused and restarted as a real one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { RedisServer } from './redis-server.js'

/** What tests may do to any Redis. */
export type TestRedis = Pick<RedisServer, 'url' | 'up' | 'down' | 'pause' | 'resume' | 'client'>

/** The suites of what uses Redis run over both. */
export const redisKinds: readonly (readonly [name: string, start: () => Promise<TestRedis>])[] = [
  ['redis-server', () => RedisServer.start()],
  ['the built-in Redis', () => BuiltInServer.start()],
]

const built = fileURLToPath(new URL('../../dist/src/demo/redis/built-in-redis.js', import.meta.url))
const program = `
const { BuiltInRedis } = await import(process.argv[1])
const redis = await BuiltInRedis.start(Number(process.argv[2]))
console.log(redis.port)
`

class BuiltInServer implements TestRedis {
  #port = 0
  #child: ChildProcess | undefined

  static async start(): Promise<BuiltInServer> {
    const server = new BuiltInServer()
    await server.up()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** On the port that it had before. */
  async up(): Promise<void> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, built, String(this.#port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const [line] = await once(child.stdout, 'data')
    this.#port = Number(String(line))
  }

  async down(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  client(): Redis {
    return new Redis(this.url, { protocol: 2 })
  }
}
