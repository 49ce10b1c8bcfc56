/** What `ranktide init` has found out and decided: everything that its texts are made of. Plain data. */
import type { Finding } from '../databases/finding.js'
import type { MarkerTable } from '../databases/mysql/marker.js'
import type { BinlogPosition, ServerVersion } from '../databases/mysql/server.js'

export interface ProposedBoard {
  readonly name: string
  readonly database: string
  readonly table: string
  readonly score: string
  /** Undefined where the table has a primary key, which the configuration need not name. */
  readonly key: readonly string[] | undefined
  /** What readers are proposed to see beside the key. */
  readonly columns: readonly string[]
  /** Further columns that could be shown. */
  readonly others: readonly string[]
  /** By the server's statistics. */
  readonly rows: number
  readonly index: { readonly kind: 'there'; readonly name: string } | { readonly kind: 'missing'; readonly sql: string }
  /** Whether it is written, or stands in the file as a comment. */
  readonly chosen: boolean
}

/** A table with a counter that no board can be kept of. */
export interface RefusedTable {
  readonly table: string
  readonly reason: string
}

export interface Proposal {
  readonly server: ServerVersion
  /** Without brackets around an IPv6 address. */
  readonly host: string
  readonly port: number
  /** What the URL names. */
  readonly database: string | undefined
  /** The user of the URL, and who that is to the server, as GRANT takes it. */
  readonly user: string
  readonly account: string
  /** Whether the account may do much more than ranktide needs. */
  readonly powerful: boolean
  /** Best guess first; at least one is chosen. */
  readonly boards: readonly ProposedBoard[]
  readonly refused: readonly RefusedTable[]
  /** How many tables were looked at. */
  readonly tables: number
  readonly topic: string
  /** `host:port`, several separated by commas; undefined: not said. */
  readonly brokers: string | undefined
  /** Without secrets; undefined: not said. */
  readonly redis: string | undefined
  readonly marker: MarkerTable
  /** GRANT statements that the account lacks, without a semicolon. */
  readonly grants: readonly string[]
  /** What is wrong with the binary log, and the lines of `my.cnf` that keep it right. */
  readonly binlog: { readonly findings: readonly Finding[]; readonly lines: readonly string[] }
  /** Where Canal has to begin, for servers that it cannot ask; undefined where it can. */
  readonly begin: BinlogPosition | 'unknown' | undefined
  /** Where the file is written; undefined: standard output. */
  readonly file: string | undefined
}
