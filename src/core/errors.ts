/**
 * The one table of everything that can go wrong: code, what to do, and the sentence a person reads.
 *
 * - `retry`: the cause is outside and may pass (a server that is down); the caller backs off and tries again.
 * - `heal`:  the feed can no longer vouch for a board; the board is degraded until a rebuild has replaced it.
 * - `refuse`: one message can't be used; it goes to the dead-letter topic, and nothing else is concerned.
 * - `fatal`: nothing the process can do; it stops with exit code 1 (2 for `CONFIG_*`).
 *
 * Unknown errors are fatal: `verdictOf` says so.
 */
export type Verdict = 'retry' | 'heal' | 'refuse' | 'fatal'

interface ErrorEntry {
  readonly verdict: Verdict
  readonly message: string
}

export const errorTable = {
  // What a message can be refused for (formats/). The names are those of the decoder contract.
  PARSE: { verdict: 'heal', message: 'the message is not one well-formed JSON value' },
  UTF8: { verdict: 'heal', message: 'the message is not valid UTF-8' },
  TOO_LARGE: { verdict: 'heal', message: 'the message is larger than the limit' },
  LIMIT: { verdict: 'heal', message: 'the message has too many rows, columns, digits or levels' },
  SHAPE: { verdict: 'heal', message: 'the message does not have the shape of its format' },
  VALUE_TYPE: { verdict: 'heal', message: 'a column value is neither a string nor null' },
  DUP_KEY: { verdict: 'heal', message: 'an object in the message names one key twice' },
  AMBIGUOUS: { verdict: 'heal', message: 'two columns differ only by letter case' },
  OLD_MISALIGNED: { verdict: 'heal', message: 'the before-images cannot be matched with the rows' },
  ROW_IMAGE: { verdict: 'heal', message: 'a tracked column is missing: binlog_row_image must be FULL' },
  STATEMENT_FORMAT: { verdict: 'heal', message: 'a change came as SQL text: binlog_format must be ROW' },
  EMPTY_ROWS: { verdict: 'heal', message: 'a row message carries no rows' },
  NO_PK: { verdict: 'heal', message: 'the table has no primary key and none is configured' },
  PK_MISMATCH: { verdict: 'heal', message: 'the primary key is not the one the table had at start' },
  PK_NULL: { verdict: 'heal', message: 'a key column is NULL' },
  CHARSET: { verdict: 'heal', message: 'a key holds a character that its connection charset could not carry' },
  SCORE_PARSE: { verdict: 'heal', message: 'a numeric column holds text that is not a number of its type' },
  UNKNOWN_TYPE: { verdict: 'heal', message: 'the message has a type this version does not know' },
  PARTIAL_ROW: { verdict: 'heal', message: 'the producer sent only a part of the row' },

  // What a feed can do that no single message shows (core/feed.ts).
  BEFORE_IMAGE: {
    verdict: 'heal',
    message: 'a row changed upstream without a message: its before-image is not what the board holds',
  },
  TABLE_CHANGED: { verdict: 'heal', message: 'the table was altered, renamed or dropped' },
  XA_ROLLBACK: { verdict: 'heal', message: 'an XA transaction was rolled back after its rows were sent' },
  PARTITION_RACE: {
    verdict: 'heal',
    message: 'a TRUNCATE or a changed key may have been overtaken on another partition',
  },
  AUDIT_DIFFERENCE: { verdict: 'heal', message: 'the audit found rows that differ from the table' },
  FEED_SILENT: {
    verdict: 'heal',
    message: 'a marker that was written to the database did not come back through the feed',
  },
  GROUPS_LIMIT: {
    verdict: 'heal',
    message: 'the column that splits the board has more values than are allowed',
  },
  STREAM_INCOMPLETE: { verdict: 'heal', message: 'the stream by itself no longer tells the rows of the table' },
  REWIND_OVERDUE: {
    verdict: 'heal',
    message: 'the producer went back and has not come up to the present again',
  },
  DEAD_LETTER_FAILED: {
    verdict: 'heal',
    message: 'a refused message cannot be written to the dead-letter topic, so the feed stands still',
  },
  OFFSETS_GONE: { verdict: 'heal', message: 'the topic no longer holds the offsets to go on from' },

  // What an event can be refused for by a counter.
  EVENT_FIELD: { verdict: 'refuse', message: 'a field of the event is missing or not what is allowed' },
  COUNT_OVERFLOW: { verdict: 'refuse', message: 'the count would leave the range of its column' },
  EVENTS_LOST: { verdict: 'fatal', message: 'the topic no longer holds events that have not been counted' },

  // Servers.
  DATABASE_UNREACHABLE: { verdict: 'retry', message: 'the database cannot be reached' },
  DATABASE_DENIED: { verdict: 'retry', message: 'the database refuses the login, or a right is missing' },
  DATABASE_TIMEOUT: { verdict: 'retry', message: 'the database did not answer in time' },
  DATABASE_CONFLICT: { verdict: 'retry', message: 'a deadlock, or a lock that was not given in time' },
  DATABASE_QUERY: { verdict: 'retry', message: 'the database refused a query' },
  REDIS_UNREACHABLE: { verdict: 'retry', message: 'Redis cannot be reached' },
  REDIS_DENIED: { verdict: 'retry', message: 'Redis refuses the login, or a right is missing' },
  REDIS_FAILED: { verdict: 'retry', message: 'Redis refused a command' },
  KAFKA_UNREACHABLE: { verdict: 'retry', message: 'no Kafka broker can be reached' },
  KAFKA_DENIED: { verdict: 'retry', message: 'Kafka refuses the login, or a right is missing' },
  KAFKA_TOPIC: { verdict: 'retry', message: 'the topic does not exist' },
  KAFKA_FULL: { verdict: 'retry', message: 'too many messages wait to be sent' },
  KAFKA_FAILED: { verdict: 'retry', message: 'Kafka refused a request' },
  KAFKA_CLIENT: { verdict: 'fatal', message: 'node-rdkafka is not there, or was not compiled' },
  LEASE_LOST: { verdict: 'retry', message: 'another replica owns the feed now' },

  // What was asked for.
  CONFIG_INVALID: { verdict: 'fatal', message: 'the configuration is not valid' },
  CONFIG_READ: { verdict: 'fatal', message: 'the configuration file cannot be read' },
  MIGRATION_MISSING: { verdict: 'fatal', message: 'a table of ranktide is not there, or an older version of it' },
  MIGRATION_FAILED: { verdict: 'fatal', message: 'a migration could not be applied' },
  LETTER_UNKNOWN: { verdict: 'fatal', message: 'there is no such dead letter' },
  TABLE_MISSING: { verdict: 'fatal', message: 'there is no such table' },
  COLUMN_MISSING: { verdict: 'fatal', message: 'the column does not exist' },
  COLUMN_TYPE: { verdict: 'fatal', message: 'the column has a type that cannot be used here' },
  EXPRESSION_INVALID: { verdict: 'fatal', message: 'the expression does not fit the columns of the table' },
  KEY_NOT_UNIQUE: { verdict: 'fatal', message: 'the key is not a unique key of NOT NULL columns' },
  TABLE_ENGINE: { verdict: 'fatal', message: 'the table is not kept by a transactional engine' },
  INDEX_MISSING: { verdict: 'fatal', message: 'no index serves the order of the board' },
  BINLOG_FORMAT: { verdict: 'fatal', message: 'the binary log does not carry full row images' },
  BINLOG_ORDER: {
    verdict: 'fatal',
    message: 'commits may become visible in another order than the binary log has them',
  },
  OFFSET_INVALID: { verdict: 'fatal', message: 'that is no place in the topic' },
  OFFSETS_FILE: { verdict: 'fatal', message: 'the file of offsets cannot be used' },
  GROUP_ACTIVE: { verdict: 'fatal', message: 'offsets of a group at work cannot be changed' },
  FEED_OWNED: { verdict: 'fatal', message: 'a running replica owns the feed' },
  REPLAY_REFUSED: { verdict: 'fatal', message: 'what was replayed is not written to Redis' },
  RECORDED_FILE: { verdict: 'fatal', message: 'the file of recorded messages cannot be used' },
  CHECKPOINT_INVALID: { verdict: 'fatal', message: 'the checkpoint of the replay cannot be used' },
  REPLAY_STOPPED: { verdict: 'fatal', message: 'the replay was stopped' },
  PORT_TAKEN: { verdict: 'fatal', message: 'the HTTP port cannot be listened on' },
  UNEXPECTED: { verdict: 'fatal', message: 'an error that ranktide does not know' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** A known error. `detail` says what exactly, and what would be allowed; it never holds row values. */
export class RanktideError extends Error {
  readonly code: ErrorCode
  readonly detail: string

  constructor(code: ErrorCode, detail: string, options?: ErrorOptions) {
    super(`${errorTable[code].message}: ${detail}`, options)
    this.name = 'RanktideError'
    this.code = code
    this.detail = detail
  }
}

export const verdictOf = (error: unknown): Verdict =>
  error instanceof RanktideError ? errorTable[error.code].verdict : 'fatal'

export const asRanktideError = (error: unknown): RanktideError =>
  error instanceof RanktideError
    ? error
    : new RanktideError('UNEXPECTED', error instanceof Error ? error.message : String(error), { cause: error })
