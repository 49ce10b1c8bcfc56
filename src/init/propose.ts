/** From what was found to the proposal. Pure. */
import { parseDatabaseUrl } from '../databases/mysql/database-url.js'
import { grantMarker, type MarkerTable } from '../databases/mysql/marker.js'
import { mayOn, type Privilege } from '../databases/mysql/privileges.js'
import type { BinlogPosition, ServerVersion } from '../databases/mysql/server.js'
import { sqlTable } from '../databases/mysql/sql-name.js'
import type { Survey, Wishes } from './candidates.js'
import type { Proposal, ProposedBoard, RefusedTable } from './proposal.js'

export interface InitOptions extends Wishes {
  /** `mysql://user:password@host:port[/database]` */
  readonly url: string
  readonly topic: string | undefined
  readonly brokers: string | undefined
  /** Without secrets. */
  readonly redis: string | undefined
  /** Where the file is to be written; undefined: standard output. */
  readonly file: string | undefined
}

export interface AboutServer {
  readonly server: ServerVersion
  readonly account: string
  readonly privileges: readonly Privilege[]
  readonly binlog: Proposal['binlog']
  readonly begin: BinlogPosition | 'unknown' | undefined
}

/** Rights that ranktide has no use for, and that it should not have. */
const dangerous: readonly string[] = ['DELETE', 'DROP', 'SUPER', 'CREATE USER']

export const proposalOf = (
  options: InitOptions,
  survey: Survey,
  { boards, refused }: { readonly boards: readonly ProposedBoard[]; readonly refused: readonly RefusedTable[] },
  { server, account, privileges, binlog, begin }: AboutServer,
): Proposal => {
  const { host, port, user } = parseDatabaseUrl(options.url)
  const chosen = boards.filter((board) => board.chosen)
  const marker = { database: chosen[0]?.database ?? '', table: 'ranktide_marker' }
  const { brokers, redis, file, topic } = options
  return {
    server,
    host,
    port,
    database: survey.database,
    user,
    account,
    powerful: privileges.some(({ name, database }) => database === undefined && dangerous.includes(name)),
    boards,
    refused,
    tables: survey.tables.length,
    topic: topic ?? topicOf(chosen),
    brokers,
    redis,
    marker,
    grants: grantsOf(chosen, marker, account, privileges),
    binlog,
    begin,
    file,
  }
}

/** One topic for all, since the marker table goes into one: named for the table, or for its database if there are more. */
const topicOf = (boards: readonly ProposedBoard[]): string => {
  const tables = [...new Set(boards.map(({ database, table }) => `${database}.${table}`))]
  const databases = [...new Set(boards.map(({ database }) => database))]
  const [name = 'ranktide'] = tables.length === 1 ? tables : databases.length === 1 ? databases : []
  return name.replace(/[^\w.-]/g, '_').slice(0, 249)
}

/** What the account lacks, as far as its own rights can be seen: a right that it has by a role is asked for again. */
const grantsOf = (
  boards: readonly ProposedBoard[],
  marker: MarkerTable,
  account: string,
  privileges: readonly Privilege[],
): readonly string[] => {
  const unread = boards.filter((board) => !mayOn(privileges, 'SELECT', board))
  const grants = unread.map((board) => `GRANT SELECT ON ${sqlTable(board)} TO ${account}`)
  const marks = ['CREATE', 'SELECT', 'INSERT', 'UPDATE'].every((name) => mayOn(privileges, name, marker))
  return [...new Set([...grants, ...(marks ? [] : [grantMarker(marker, account)])])]
}
