/** The configuration as the rest of the program sees it: checked, defaults filled in, durations in milliseconds. */
import type { Direction, Ties } from '../core/board-spec.js'
import type { CounterSpec } from '../core/counter-spec.js'

export interface Config {
  /** The file it came from, as it was named. */
  readonly file: string
  /** Names this replica: the same name takes its own lease back at once after a restart. */
  readonly instance: string
  /** `instance` where the file says it: consumers are static members of their groups by that name. */
  readonly member: string | undefined
  readonly log: { readonly level: LogLevel }
  readonly kafka: KafkaConfig
  readonly database: DatabaseConfig
  /** Undefined only where there are no boards. */
  readonly redis: RedisConfig | undefined
  readonly http: {
    readonly host: string
    readonly port: number
    /** Allows changes over HTTP; undefined: nobody may make any. A secret. */
    readonly adminToken?: string
  }
  /** In the order of the file; names are unique. */
  readonly boards: readonly BoardConfig[]
  /** In the order of the file; names are unique. */
  readonly counters: readonly CounterConfig[]
  readonly history: HistoryConfig | undefined
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface KafkaConfig {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly group: string
  /** The topic that refused messages are written to. */
  readonly deadLetters: string
  /** Further librdkafka properties: SASL, TLS, buffer sizes. May hold secrets. */
  readonly client: Readonly<Record<string, string | number | boolean>>
}

export interface DatabaseConfig {
  /** Holds the password: show it through `hidePasswords` only. */
  readonly url: string
  /** `postgres` only without boards. */
  readonly dialect: 'mysql' | 'postgres'
  readonly refill: {
    readonly timeoutMs: number
    readonly perMinute: number
    readonly allowScan: boolean
    readonly concurrency: number
    /** Where refills read: a replica, or the database itself. */
    readonly url: string
    /** How long to wait before a read where no marker may be written. */
    readonly overlapMs: number
  }
  /** `table` is `table` or `database.table`, as written. */
  readonly marker: { readonly table: string; readonly write: 'auto' | 'never' }
  /** How often every board is compared with its table; undefined: never. */
  readonly auditMs: number | undefined
  /** How often the owner compares its boards in Redis with their tables; undefined: never. */
  readonly verifyMs: number | undefined
  /** The time zone in which Canal prints TIMESTAMP columns: that of its JVM, as `+08:00`. */
  readonly timeZone: string
}

export interface HostAndPort {
  readonly host: string
  readonly port: number
}

export interface RedisConfig {
  readonly connection: RedisConnection
  readonly prefix: string
}

/** What ioredis is given to connect with. Passwords inside. */
export type RedisConnection =
  | { readonly kind: 'url'; readonly url: string }
  | {
      readonly kind: 'sentinels'
      readonly sentinels: readonly HostAndPort[]
      readonly name: string
      readonly login: RedisLogin
      readonly sentinelLogin: { readonly username?: string; readonly password?: string }
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly HostAndPort[]; readonly login: RedisLogin }

export interface RedisLogin {
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls: boolean
}

export interface TableName {
  readonly database: string
  readonly table: string
}

export interface BoardConfig {
  readonly name: string
  readonly topics: readonly string[]
  readonly format: 'canal-json'
  readonly table: TableName
  /** Undefined: the table's primary key. */
  readonly key: readonly string[] | undefined
  /** The name of a column, or an expression. */
  readonly score: string
  /** A condition; undefined: all rows. */
  readonly where: string | undefined
  readonly order: Direction
  readonly ties: Ties
  readonly size: number
  /** Undefined: all columns of the table. */
  readonly columns: readonly string[] | undefined
  /** The column that splits the board, one board a value; undefined: one board. */
  readonly per: string | undefined
  /** The most boards that it may be split into. */
  readonly maxBoards: number
  /** The name of the sorted set; undefined: made from prefix and board. */
  readonly zset: string | undefined
  readonly window: { readonly events: number; readonly timeMs: number }
}

/** What counters and the history have in common. */
export interface ReadingConfig {
  readonly topics: readonly string[]
  /** The consumer group, which no other pipeline has. */
  readonly group: string
  /** Where a partition is begun of which no offset is stored. */
  readonly start: 'beginning' | 'end'
  /** What to do when the topic no longer has the next event. */
  readonly onLoss: 'stop' | 'skip'
  /** `most`: events at a time while there is a backlog; at least `events`. */
  readonly window: { readonly events: number; readonly timeMs: number; readonly most: number }
}

export interface CounterConfig extends ReadingConfig {
  readonly spec: CounterSpec
}

export interface HistoryConfig extends ReadingConfig {
  /** After which a read is deleted; undefined: never. */
  readonly retentionMs: number | undefined
}
