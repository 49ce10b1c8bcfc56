/** A Redis server of a test's own, which may be stopped, paused, restarted and flushed. Ended by its own handle. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

export class RedisServer {
  readonly port: number
  readonly #directory: string
  readonly #arguments: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, extra: readonly string[]) {
    this.port = port
    this.#directory = join(tmpdir(), `ranktide-test-redis-${port}`)
    const place = [this.#config, '--port', String(port), '--bind', '127.0.0.1', '--dir', this.#directory]
    // A sentinel keeps no data and refuses to be told so.
    const memoryOnly = extra.includes('--sentinel') ? [] : ['--save', '', '--appendonly', 'no']
    this.#arguments = [...place, ...memoryOnly, ...extra]
  }

  /** Empty: everything is told by arguments. Sentinels write their state into it. */
  get #config(): string {
    return join(this.#directory, 'redis.conf')
  }

  static async start(...extra: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), extra)
    await server.up()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async up(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    writeFileSync(this.#config, '')
    const child = spawn('redis-server', [...this.#arguments], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      let log = ''
      const read = (chunk: Buffer) => {
        log += chunk.toString()
        if (/Ready to accept connections|Sentinel ID is/.test(log)) resolve()
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${log}`)))
    })
  }

  /** SIGKILL: whatever it held is gone, since it saves nothing. */
  async down(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    child.kill('SIGKILL')
    await ended(child)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** A plain client that sees everything, for looking at what the code under test did. */
  client(): Redis {
    return new Redis({ host: '127.0.0.1', port: this.port, protocol: 2 })
  }
}
