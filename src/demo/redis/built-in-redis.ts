/**
 * A Redis for one machine without one: enough of the protocol (RESP2) for ranktide and for looking at what it writes
 * with redis-cli. In memory, one database, listening on 127.0.0.1 only, no password. Scripts take some 20 µs an argument,
 * so boards should have at most some 1,000 members. For the demo, never for production.
 *
 * Guarantees: commands and scripts run one at a time and whole, as in Redis; the store's conformance suite runs over it.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { Channels } from './channels.js'
import { dataCommands } from './data-commands.js'
import { CommandError, Keyspace } from './keyspace.js'
import { LuaScripts } from './lua-scripts.js'
import { encodeReply, Failure, ok, type Reply } from './reply.js'
import { ProtocolError, RequestParser } from './request-parser.js'
import { Session } from './session.js'

export class BuiltInRedis {
  readonly #keyspace = new Keyspace(Date.now)
  readonly #channels = new Channels()
  readonly #scripts = new LuaScripts((request) => this.#runData(request))
  readonly #sockets = new Set<Socket>()
  /** Of each command, those of scripts too. */
  readonly #calls = new Map<string, number>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** `port`: 0 takes a free one. */
  static async start(port = 0): Promise<BuiltInRedis> {
    const redis = new BuiltInRedis()
    await new Promise<void>((resolve, reject) => {
      redis.#server.once('error', reject)
      redis.#server.listen(port, '127.0.0.1', resolve)
    })
    return redis
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    const parser = new RequestParser()
    const send = (reply: Reply): void => {
      socket.write(encodeReply(reply), 'latin1')
    }
    const session = new Session((request) => this.#run(request), send)
    this.#channels.add(session)
    socket.on('data', (bytes) => {
      // One write for all answers to what came together.
      socket.cork()
      try {
        for (const request of parser.push(bytes.toString('latin1'))) {
          session.take(request)
          if (request[0]?.toUpperCase() === 'QUIT') socket.end()
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        send(new Failure(`ERR Protocol error: ${error.message}`))
        socket.end()
      }
      socket.uncork()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#channels.remove(session)
    })
  }

  #run(request: readonly string[]): Reply {
    const [name = '', ...args] = request
    switch (name.toUpperCase()) {
      case 'EVAL': {
        const sha = this.#scripts.load(args[0] ?? '')
        return sha instanceof Failure ? sha : this.#runScript(sha, args.slice(1))
      }
      case 'EVALSHA':
        return this.#runScript(args[0] ?? '', args.slice(1))
      case 'SCRIPT':
        return this.#script(args)
      case 'INFO':
        return this.#info()
      default:
        return this.#runData(request)
    }
  }

  /** What a script may call, too. */
  #runData(request: readonly string[]): Reply {
    const [name = '', ...args] = request
    const upper = name.toUpperCase()
    if (upper === 'PUBLISH' && args.length === 2) return this.#channels.publish(args[0] ?? '', args[1] ?? '')
    const command = Object.hasOwn(dataCommands, upper) ? dataCommands[upper] : undefined
    if (command === undefined) return new Failure(`ERR unknown command '${name.slice(0, 128)}'`)
    this.#calls.set(upper, (this.#calls.get(upper) ?? 0) + 1)
    const [fewest, most] = command.arity
    if (args.length < fewest || args.length > most)
      return new Failure(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
    try {
      return command.run(this.#keyspace, args)
    } catch (error) {
      if (error instanceof CommandError) return new Failure(error.message)
      throw error
    }
  }

  #info(): string {
    const stats = [...this.#calls].map(([name, calls]) => `cmdstat_${name.toLowerCase()}:calls=${calls}`)
    const server = ['# Server', 'redis_version:7.0.0', 'redis_mode:standalone', 'loading:0']
    return [...server, '# Replication', 'role:master', '# Commandstats', ...stats, ''].join('\r\n')
  }

  #runScript(sha: string, [count = '', ...values]: readonly string[]): Reply {
    const keys = Number(count)
    if (!/^\d+$/.test(count) || keys > values.length)
      return new Failure("ERR Number of keys can't be greater than number of args")
    return this.#scripts.run(sha, values.slice(0, keys), values.slice(keys))
  }

  #script([action = '', ...args]: readonly string[]): Reply {
    switch (action.toUpperCase()) {
      case 'LOAD':
        return this.#scripts.load(args[0] ?? '')
      case 'EXISTS':
        return args.map((sha) => (this.#scripts.has(sha) ? 1 : 0))
      case 'FLUSH':
        this.#scripts.flush()
        return ok
      default:
        return new Failure(`ERR unknown subcommand '${action}'`)
    }
  }
}
