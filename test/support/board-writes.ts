/** Who writes a board's keys, as Redis itself sees it (MONITOR), and which versions it announces. */
import { Redis } from 'ioredis'
import type { RedisBoard } from './redis-board.js'
import { stack } from './stack.js'

export interface BoardWrite {
  /** The owner id of the script that wrote; undefined: a plain command. */
  readonly owner: string | undefined
  readonly command: string
  /** By performance.now(). */
  readonly at: number
}

const writing = new Set(['zadd', 'zrem', 'hset', 'hdel', 'del', 'zremrangebyrank'])

export class BoardWrites {
  readonly writes: BoardWrite[] = []
  /** In the order of PUBLISH. */
  readonly versions: number[] = []
  readonly #keys: ReadonlySet<string>
  readonly #board: RedisBoard
  readonly #connection: Redis
  readonly #monitor: Redis
  #script: string | undefined

  private constructor(board: RedisBoard, connection: Redis, monitor: Redis) {
    this.#board = board
    this.#keys = new Set([board.zset, board.rows, board.meta])
    this.#connection = connection
    this.#monitor = monitor
    monitor.on('monitor', (_time: string, words: string[], source: string) => this.#see(words, source))
  }

  static async watch(board: RedisBoard): Promise<BoardWrites> {
    const connection = new Redis(stack.redis, { protocol: 2 })
    return new BoardWrites(board, connection, await connection.monitor())
  }

  /** Owner ids in the order in which they wrote, without repetition: nobody who was followed by another comes again. */
  get turns(): readonly (string | undefined)[] {
    return this.writes.map(({ owner }) => owner).filter((owner, i, all) => owner !== all[i - 1])
  }

  stop(): void {
    this.#monitor.disconnect()
    this.#connection.disconnect()
  }

  /** Redis shows a script before the commands that it runs, and those with the source `lua`. */
  #see([command = '', ...words]: string[], source: string): void {
    const name = command.toLowerCase()
    const [target = ''] = words
    if (source === 'lua') {
      if (name === 'publish' && target === this.#board.changes) this.versions.push(Number(words[1]))
      if (writing.has(name) && this.#keys.has(target)) this.#wrote(name, this.#script)
      return
    }
    this.#script = undefined
    if (name === 'evalsha' || name === 'eval') this.#script = ownerIn(words)
    else if (writing.has(name) && this.#keys.has(target)) this.#wrote(name, undefined)
  }

  #wrote(command: string, owner: string | undefined): void {
    this.writes.push({ owner, command, at: performance.now() })
  }
}

/** Of take.lua (its only argument) and publish.lua (its second), by their headers. `words`: hash, 3, three keys, …. */
const ownerIn = (words: readonly string[]): string | undefined => (words.length === 6 ? words[5] : words[6])
