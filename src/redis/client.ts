/**
 * Connections to Redis: one server, Sentinel or Cluster.
 *
 * Guarantees: a call ends within its deadline, whatever the server does (one that hangs is worse than one that is
 * dead); nothing is queued while there is no connection and nothing is sent twice, so a failed call has run once or not
 * at all, and a caller that must know reads again. Reconnects for ever, at most `slowestRetry` apart. Errors are
 * RanktideErrors and never show a password.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type Observable, Subject } from 'rxjs'
import { RanktideError } from '../core/errors.js'
import type { HostAndPort, RedisConnection, RedisLogin } from '../runtime/config.js'
import { redisError } from './redis-error.js'
import { type ScriptedRedis, withScripts } from './scripts.js'

const slowestRetry = 1_000
const connectTimeout = 2_000
/** A call's deadline in ms where the caller names none. */
export const callDeadline = 1_500
/** A socket on which nothing came back for so long is given up, so that the next call gets a fresh one. */
const socketTimeout = 2_000

const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 10), slowestRetry)

interface Login {
  readonly username?: string
  readonly password?: string
  readonly db?: number
}

interface Address {
  readonly node: HostAndPort
  readonly login: Login & { readonly tls: boolean }
}

/** `redis://[user[:password]@][host][:port][/db]`, `rediss://` for TLS. */
const parseUrl = (url: string): Address => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol))
    throw new RanktideError('CONFIG_INVALID', 'redis.url is not a URL that begins with redis:// or rediss://')
  const { hostname, port, username, password } = parsed
  const db = parsed.pathname.slice(1)
  if (!/^\d*$/.test(db)) throw new RanktideError('CONFIG_INVALID', `redis.url names the database "${db}", not a number`)
  return {
    node: {
      host: hostname === '' ? 'localhost' : hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 6379 : Number(port),
    },
    login: {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(db === '' ? {} : { db: Number(db) }),
      tls: parsed.protocol === 'rediss:',
    },
  }
}

const commonOptions = {
  // Scripts and plain reads answer the same under both protocols; 2 is what every server speaks without HELLO.
  protocol: 2,
  connectTimeout,
  socketTimeout,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  disableClientInfo: true,
  // Subscriptions are made anew at each connection by whoever asked for them.
  autoResubscribe: false,
  // A master that became a replica: the next connection may find the new one.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
  keepAlive: 10_000,
} satisfies RedisOptions

const withLogin = ({ tls, ...login }: RedisLogin) => ({
  ...commonOptions,
  ...login,
  ...(tls ? { tls: {} } : {}),
})

const listNodes = (nodes: readonly HostAndPort[]): string => nodes.map(({ host, port }) => `${host}:${port}`).join(', ')

const open = (config: RedisConnection): { redis: Redis | Cluster; where: string } => {
  switch (config.kind) {
    case 'url': {
      const { node, login } = parseUrl(config.url)
      return { redis: new Redis({ ...withLogin(login), ...node, retryStrategy }), where: listNodes([node]) }
    }
    case 'sentinels': {
      const { name, sentinels, login, sentinelLogin } = config
      const redis = new Redis({
        ...withLogin(login),
        name,
        sentinels: [...sentinels],
        ...(sentinelLogin.username === undefined ? {} : { sentinelUsername: sentinelLogin.username }),
        ...(sentinelLogin.password === undefined ? {} : { sentinelPassword: sentinelLogin.password }),
        sentinelRetryStrategy: retryStrategy,
        retryStrategy,
      })
      return { redis, where: `${name} of the sentinels ${listNodes(sentinels)}` }
    }
    case 'cluster': {
      const redis = new Cluster([...config.nodes], {
        clusterRetryStrategy: retryStrategy,
        enableOfflineQueue: false,
        // Else a command whose connection closed under it is sent again.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        redisOptions: withLogin(config.login),
      })
      return { redis, where: `the cluster ${listNodes(config.nodes)}` }
    }
  }
}

export class RedisClient {
  /** Host and port (or nodes), for messages. */
  readonly where: string
  /** The number of the logical database; 0 in a cluster. */
  readonly db: number
  /** One error for each attempt to connect that failed, so that a waiting process can say what it waits for. */
  readonly failures$: Observable<RanktideError>
  readonly #failures = new Subject<RanktideError>()
  readonly #redis: ScriptedRedis
  /** Why there is no connection; a call made meanwhile is refused with this. */
  #failure: RanktideError | undefined

  constructor(config: RedisConnection) {
    const { redis, where } = open(config)
    this.where = where
    this.db = redis instanceof Redis ? (redis.options.db ?? 0) : 0
    this.failures$ = this.#failures.asObservable()
    this.#redis = withScripts(redis)
    this.#redis.on('error', (error: unknown) => {
      this.#failure = redisError(error, where)
      this.#failures.next(this.#failure)
    })
    this.#redis.on('ready', () => {
      this.#failure = undefined
    })
  }

  /** Runs one call and what it awaits; fails with REDIS_* after `deadline` ms at the latest, its outcome unknown then. */
  async call<T>(run: (redis: ScriptedRedis) => Promise<T>, deadline: number = callDeadline): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      const error = new RanktideError('REDIS_UNREACHABLE', `${this.where}: no answer within ${deadline} ms`)
      timer = setTimeout(() => reject(error), deadline)
    })
    try {
      return await Promise.race([run(this.#redis), late])
    } catch (error) {
      const known = redisError(error, this.where)
      // "Not writable" says nothing; what the last attempt to connect died of does.
      throw known.code === 'REDIS_UNREACHABLE' && this.#redis.status !== 'ready' ? (this.#failure ?? known) : known
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves once connected; rejects with the first failure to connect, or after `deadline` ms. */
  connected(deadline: number = connectTimeout + socketTimeout): Promise<void> {
    if (this.#redis.status === 'ready') return Promise.resolve()
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer)
        this.#redis.off('ready', ready)
        failing.unsubscribe()
        settle()
      }
      const ready = () => end(resolve)
      const failing = this.#failures.subscribe((error) => end(() => reject(error)))
      const late = new RanktideError('REDIS_UNREACHABLE', `${this.where}: no connection within ${deadline} ms`)
      const timer = setTimeout(() => end(() => reject(this.#failure ?? late)), deadline)
      this.#redis.on('ready', ready)
    })
  }

  /**
   * Hears messages of the channels, over every reconnection; `reconnected` is told whenever some may have been missed.
   * Takes this connection over: use one of its own. Returns the way to hear no more of them.
   */
  subscribe(
    channels: readonly string[],
    message: (channel: string, text: string) => void,
    reconnected: () => void,
  ): () => void {
    if (channels.length === 0) return () => {}
    const subscribe = () => {
      // A failure here closes the connection or is repeated at the next one; polling covers what is missed meanwhile.
      this.#redis.subscribe(...channels).then(reconnected, (error: unknown) => {
        this.#failures.next(redisError(error, this.where))
      })
    }
    const heard = new Set(channels)
    const tell = (channel: string, text: string): void => {
      if (heard.has(channel)) message(channel, text)
    }
    this.#redis.on('message', tell)
    this.#redis.on('ready', subscribe)
    if (this.#redis.status === 'ready') subscribe()
    return () => {
      this.#redis.off('message', tell)
      this.#redis.off('ready', subscribe)
      // Without a connection there is nothing to be undone: the next one begins without subscriptions.
      if (this.#redis.status === 'ready') this.#redis.unsubscribe(...channels).catch(() => {})
    }
  }

  /** As `subscribe`, for the channels that fit a pattern; may share a connection with it. */
  subscribePattern(
    pattern: string,
    message: (channel: string, text: string) => void,
    reconnected: () => void,
  ): () => void {
    const subscribe = () => {
      this.#redis.psubscribe(pattern).then(reconnected, (error: unknown) => {
        this.#failures.next(redisError(error, this.where))
      })
    }
    const tell = (heard: string, channel: string, text: string): void => {
      if (heard === pattern) message(channel, text)
    }
    this.#redis.on('pmessage', tell)
    this.#redis.on('ready', subscribe)
    if (this.#redis.status === 'ready') subscribe()
    return () => {
      this.#redis.off('pmessage', tell)
      this.#redis.off('ready', subscribe)
      if (this.#redis.status === 'ready') this.#redis.punsubscribe(pattern).catch(() => {})
    }
  }

  /** Told whenever the connection is lost. Returns the way to be told no more. */
  onLost(lost: () => void): () => void {
    this.#redis.on('close', lost)
    return () => {
      this.#redis.off('close', lost)
    }
  }

  /** Ends at once; calls under way fail. */
  close(): void {
    this.#redis.disconnect()
    this.#failures.complete()
  }
}
