/**
 * What `ranktide.yaml` may hold, section by section. The message of every rule is the end of an error sentence: what
 * would be allowed. Variables are filled in before; what spans several keys is checked in `config-checks.ts`.
 */
import { z } from 'zod'
import { caretsUnder, ExpressionFault } from '../core/expression-fault.js'
import { parseExpression } from '../core/expression-parser.js'
import { addressPattern, brokersPattern } from './address-pattern.js'
import { logLevels } from './config.js'
import { counter, history } from './config-counter-schema.js'
import {
  allow,
  columnPattern,
  duration,
  durationOrOff,
  groupName,
  oneOf,
  oneOrMore,
  section,
  tablePattern,
  textOf,
  topicNames,
  topicPattern,
  wholeNumber,
  yesOrNo,
} from './config-rules.js'

const hostAndPort = (defaultPort: number) => {
  const error = allow(`a mapping with host and port, or "host:port"`)
  const port = wholeNumber(1, 65535)
  const mapping = z.strictObject({ host: textOf('a host name', /^\S+$/), port: port.default(defaultPort) }, { error })
  const text = z.string({ error }).regex(addressPattern, { error })
  return z.union([mapping, text], { error }).transform((value) => {
    if (typeof value !== 'string') return value
    const [host = '', written] = value.split(':')
    return { host, port: written === undefined ? defaultPort : Number(written) }
  })
}

const broker = 'host:port of a broker, or several; the port from 1 to 65535, or left out for 9092'
const kafka = section('brokers, and if need be group, deadLetters, client', {
  brokers: oneOrMore(textOf(broker, brokersPattern), broker).describe(
    'host:port of one or more brokers; the port is 9092 where it is left out',
  ),
  group: groupName().default('ranktide').describe('The consumer group under which offsets are committed'),
  deadLetters: textOf('the name of a topic', topicPattern)
    .optional()
    .describe('The topic that messages are written to which cannot be used. Default: GROUP.dead-letters'),
  client: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: allow('a text, a number, true or false') }),
      { error: allow('a mapping of librdkafka properties, such as security.protocol: SASL_SSL') },
    )
    .default({})
    .describe('Any librdkafka property: SASL, TLS, …'),
})

/**
 * A URL that every client reads alike. A password with an unencoded `/`, `?` or `#` ends the host early; what comes
 * before the `@` is then no user, which gives it away.
 */
const urlOf = (what: string, pattern: RegExp) => {
  const error = allow(`${what}, special characters in user and password percent-encoded`)
  return z
    .string({ error })
    .regex(pattern, { error })
    .refine((text) => URL.canParse(text) && (!text.includes('@') || isDecodable(new URL(text))), { error })
}

const isDecodable = ({ username, password, pathname }: URL): boolean => {
  try {
    return decodeURIComponent(`${username}${password}${pathname}`) !== '' && `${username}${password}` !== ''
  } catch {
    return false
  }
}

const replicaUrl = () => urlOf('mysql://user:password@host:port/database', /^mysql:\/\/[^\s/]/)

const databaseUrl = () =>
  urlOf('mysql://user:password@host:port/database, or postgres:// without boards', /^(mysql|postgres):\/\/[^\s/]/)

const refill = section('timeout, perMinute, allowScan, concurrency, url, overlap', {
  timeout: duration('10ms', '1h').prefault('5s').describe('How long a refill query may take'),
  perMinute: wholeNumber(1, 100_000).default(60).describe('Refill queries a minute, all boards together'),
  allowScan: yesOrNo().default(false).describe('Whether a board may be read without an index for its order'),
  concurrency: wholeNumber(1, 64).default(2).describe('Refill queries at the same time'),
  url: replicaUrl().optional().describe('A replica to read refills from'),
  overlap: duration('0s', '1h').prefault('10s').describe('How long a read waits where no marker may be written'),
})

const markerTable = textOf('the name of a table, or database.table', tablePattern)

const database = section('url, and if need be refill, audit, verify, marker, timeZone', {
  url: databaseUrl().describe('mysql://user:password@host:port/database, or postgres://… for counters without boards'),
  refill: refill.prefault({}),
  audit: durationOrOff('10s', '24h', '30s or 10m')
    .prefault('10m')
    .describe('How often each board is compared with its table, or off'),
  verify: durationOrOff('10s', '24h', '30s or 10m')
    .prefault('off')
    .describe('How often each board in Redis is compared with its table as from outside, or off'),
  marker: section('table, write', {
    table: markerTable.default('ranktide_marker').describe('The small table that marker rows are written to'),
    write: oneOf('auto', 'never').default('auto').describe('never: boards say assumed instead of exact'),
  }).prefault({}),
  timeZone: textOf(
    'an offset from -13:59 to +14:00, such as +08:00',
    /^(-(0\d|1[0-3]):[0-5]\d|\+((0\d|1[0-3]):[0-5]\d|14:00))$/,
  )
    .default('+00:00')
    .describe("The time zone of Canal's JVM, in which it prints TIMESTAMP columns"),
})

const login = () => z.string({ error: allow('a text') }).optional()

const redis = section('url, or sentinels and name, or cluster; and if need be prefix', {
  url: urlOf('redis://host:port or rediss://user:password@host:port/db', /^rediss?:\/\/[^\s/]/).optional(),
  sentinels: z
    .array(hostAndPort(26379), { error: allow('a list of host and port') })
    .min(1, { error: allow('at least one sentinel') })
    .optional(),
  name: textOf('the name of the group of masters that the sentinels watch', /^\S+$/).optional(),
  sentinelUsername: login(),
  sentinelPassword: login(),
  cluster: z
    .array(hostAndPort(6379), { error: allow('a list of host and port') })
    .min(1, { error: allow('at least one node') })
    .optional(),
  username: login(),
  password: login(),
  db: wholeNumber(0, 1_000_000).optional(),
  tls: yesOrNo().optional(),
  prefix: textOf('letters, digits, ".", "_", "-", ":"', /^[\w.:-]{1,100}$/)
    .default('ranktide')
    .describe('What the names of all keys begin with'),
})

const http = section('host, port, adminToken', {
  host: textOf('a host name or address', /^[^\s/]+$/).default('127.0.0.1'),
  port: wholeNumber(0, 65535).default(8081).describe('0: any free port'),
  adminToken: textOf('16 to 200 characters without blanks', /^[!-~]{16,200}$/)
    .optional()
    .describe('Allows POST /admin/reload to who sends it. Default: nobody'),
})

/** Checked as far as the text alone tells; what its columns are is the database's to say. */
const expression = (what: string) =>
  z.string({ error: allow(what) }).superRefine((source, context) => {
    try {
      parseExpression(source)
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error
      context.addIssue({ code: 'custom', message: `${error.sentence}\n${caretsUnder(source, error, '    ')}` })
    }
  })

const columnNames = 'one column name, or a list of them'

const board = section(
  'topic, table, score, and if need be where, format, key, order, ties, size, columns, per, maxBoards, zset, window',
  {
    topic: topicNames().describe('The topics that carry the row changes'),
    format: oneOf('canal-json').default('canal-json').describe('What writes the topic'),
    table: textOf('database.table, or a table of the database in database.url', tablePattern),
    key: oneOrMore(textOf(columnNames, columnPattern), columnNames)
      .optional()
      .describe("Default: the table's primary key"),
    score: expression('a column, or an expression such as likes * 2 + reads').describe(
      'What ranks: a column, or an expression over columns',
    ),
    where: expression("a condition such as status = 'on'")
      .optional()
      .describe('Which rows are ranked. Default: all rows'),
    order: oneOf('desc', 'asc').default('desc'),
    ties: oneOf('newest', 'oldest', 'redis')
      .default('newest')
      .describe('Equal scores: greater key first, smaller key first, or as ZREVRANGE has it'),
    size: wholeNumber(1, 10_000).default(10).describe('How many members the board shows'),
    columns: z
      .array(textOf('a column name', columnPattern), { error: allow('a list of column names') })
      .refine((names) => new Set(names).size === names.length, { error: allow('a list of column names, each once') })
      .optional()
      .describe('What readers see of a row beside its key. Default: all columns'),
    per: textOf('a column name', columnPattern)
      .optional()
      .describe('The column that splits the board: one board a value of it. Default: one board of all rows'),
    maxBoards: wholeNumber(1, 1_000_000)
      .default(10_000)
      .describe('The most boards that a board with `per` may be split into'),
    zset: textOf(
      'a key without blanks, with at most one {hash tag}',
      /^([^\s{}]{1,200}|[^\s{}]{0,200}\{[^\s{}]{1,100}\}[^\s{}]{0,200})$/,
    )
      .optional()
      .describe('The name of the sorted set in Redis, where other programs read it. Default: PREFIX:{BOARD}'),
    window: section('events, time', {
      events: wholeNumber(1, 1_000_000).default(5000).describe('The most row changes that are applied at once'),
      time: duration('1ms', '1m').prefault('50ms').describe('The longest that a change waits for others'),
    }).prefault({}),
  },
)

const named = <T extends z.ZodType>(item: T, what: string) =>
  z.record(z.string(), item, { error: allow(what) }).optional()

/** At least one of boards, counters and history is there, redis with boards: config-checks.ts. */
export const configSchema = section(
  'kafka, database, what is to run (boards with redis, counters, history), and if need be http, instance',
  {
    kafka,
    database,
    redis: redis.optional(),
    http: http.prefault({}),
    instance: textOf('letters, digits, ".", "_", "-"', /^[\w.-]{1,128}$/)
      .optional()
      .describe('Names this replica. Default: the name of the host'),
    boards: named(board, 'a mapping of board names to boards').describe('The boards, by name'),
    counters: named(counter, 'a mapping of counter names to counters').describe('The counters, by name'),
    history: history.optional().describe("Keeps each user's latest read of an item"),
  },
)

export const logLevelSchema = oneOf(...logLevels)

/** A configuration of which each value is right by itself. */
export type ParsedConfig = z.output<typeof configSchema>
