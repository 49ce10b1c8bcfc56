/** What to do about an error, by its code, in a sentence. docs/errors.md says more. */
import type { ErrorCode } from '../core/errors.js'

/** Of refused messages. */
const ofMessages = {
  PARSE: 'something else writes the topic, or Canal sends protobuf: set canal.mq.flatMessage=true',
  UTF8: 'something else writes the topic, or Canal sends protobuf: set canal.mq.flatMessage=true',
  SHAPE: 'something else writes the topic, or Canal sends another format: set canal.mq.flatMessage=true',
  LIMIT: 'find out what else writes the topic: Canal makes no such messages',
  TOO_LARGE: 'write in smaller transactions, or lower canal.mq.canalBatchSize',
  VALUE_TYPE: 'find out what else writes the topic; after an ALTER of ENUM labels nothing needs to be done',
  DUP_KEY: 'find out what else writes the topic: Canal makes no such messages',
  AMBIGUOUS: 'rename one of the two columns that differ only by letter case',
  OLD_MISALIGNED: 'use Canal 1.1.7 or later',
  ROW_IMAGE:
    "run: SET GLOBAL binlog_row_image = 'FULL'; then reconnect all clients, and look for sessions that set it themselves; leave canal.instance.filter.field empty",
  STATEMENT_FORMAT:
    "run: SET GLOBAL binlog_format = 'ROW'; then reconnect all clients, and look for sessions that set it themselves",
  EMPTY_ROWS: 'leave canal.instance.filter.field and canal.instance.filter.black.field empty',
  NO_PK: 'set boards.NAME.key to a unique key of NOT NULL columns',
  PK_MISMATCH: 'restart ranktide after a change of the primary key; Canal may have an old definition (tsdb)',
  PK_NULL: 'the key has to be NOT NULL: set boards.NAME.key to another one',
  CHARSET: 'use utf8mb4 columns, and canal.instance.connectionCharset=UTF-8',
  SCORE_PARSE: "Canal's history of table definitions is wrong: set canal.instance.tsdb.enable=true and restart Canal",
  UNKNOWN_TYPE: 'report it, with the version of Canal',
  PARTIAL_ROW: 'report it, with the version of Canal',
} as const

const ofServers = {
  DATABASE_UNREACHABLE:
    'start the database, or correct host and port in database.url; see firewalls and max_connections',
  DATABASE_DENIED:
    'correct user and password in database.url, or give the user what the server says is missing (GRANT)',
  DATABASE_TIMEOUT: 'look at what the database is busy with (SHOW PROCESSLIST), or raise database.refill.timeout',
  DATABASE_CONFLICT: 'run it again; if it stays, look for long transactions (SHOW ENGINE INNODB STATUS)',
  DATABASE_QUERY: 'look the number in brackets up in the manual of the server',
  REDIS_UNREACHABLE: 'start Redis, or correct redis.url (redis.sentinels, redis.cluster); see firewalls',
  REDIS_DENIED: 'correct user and password in redis.url, or the ACL: docs/redis.md lists the commands and keys',
  REDIS_FAILED: 'the sentence of Redis says why; docs/redis.md lists what ranktide needs',
  KAFKA_UNREACHABLE:
    'start Kafka, or correct kafka.brokers; the advertised.listeners of the brokers have to be reachable from here',
  KAFKA_DENIED:
    'correct kafka.client (sasl.username, sasl.password), or the ACLs: read and describe the topics, read the group',
  KAFKA_TOPIC:
    'create the topic, or correct topic in the configuration: ranktide makes none but that of the dead letters',
  KAFKA_FAILED: 'the sentence of Kafka says why; does another consumer use the name of the group?',
} as const

const ofSettings = {
  CONFIG_INVALID: 'correct the configuration: ranktide config check',
  MIGRATION_MISSING: 'run: ranktide migrate',
  TABLE_MISSING:
    "correct boards.NAME.table (in the server's letter case) or make the table; a table that the user may not see needs GRANT SELECT",
  COLUMN_MISSING: 'correct the name in the configuration',
  COLUMN_TYPE: 'change the column as the sentence says, or choose another: docs/canal.md lists the types',
  EXPRESSION_INVALID: 'correct the expression: docs/expressions.md',
  KEY_NOT_UNIQUE: 'set boards.NAME.key to one of the keys that the sentence names',
  TABLE_ENGINE: 'run: ALTER TABLE … ENGINE=InnoDB',
  INDEX_MISSING: 'make an index that serves the order, or set database.refill.allowScan: true',
  BINLOG_FORMAT: 'set it as docs/canal.md says, and reconnect all clients',
  BINLOG_ORDER: 'set it as docs/canal.md says',
  PORT_TAKEN: 'set another http.port, or stop what listens there',
  OFFSETS_GONE: 'raise the retention of the topic; the boards are read anew by themselves',
} as const

const advice: Partial<Record<ErrorCode, string>> = { ...ofMessages, ...ofServers, ...ofSettings }

export const adviceFor = (code: string): string =>
  (advice as Readonly<Record<string, string | undefined>>)[code] ?? 'look the code up in docs/errors.md'
