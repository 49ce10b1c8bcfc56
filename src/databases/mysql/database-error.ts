/**
 * What mysql2 and the servers report, as the DATABASE_* errors of the one table.
 * The server's own sentence is shown only for errors whose text holds names, never values: others ("Duplicate entry
 * '…'", "Incorrect value: '…'") quote rows, so of them only the code is told.
 */
import { type ErrorCode, RanktideError } from '../../core/errors.js'

/** Errors of the servers by number: MySQL's and MariaDB's numbers do not collide in these. */
const codeOfErrno: ReadonlyMap<number, ErrorCode> = new Map([
  [1040, 'DATABASE_UNREACHABLE'], // too many connections
  [1053, 'DATABASE_UNREACHABLE'], // shutdown in progress
  [1129, 'DATABASE_UNREACHABLE'], // host is blocked
  [1130, 'DATABASE_DENIED'], // host is not allowed
  [1152, 'DATABASE_UNREACHABLE'], // aborted connection
  [1203, 'DATABASE_UNREACHABLE'], // too many connections of this user
  [1927, 'DATABASE_UNREACHABLE'], // MariaDB: connection was killed
  [1044, 'DATABASE_DENIED'], // database
  [1045, 'DATABASE_DENIED'], // user or password
  [1142, 'DATABASE_DENIED'], // table
  [1143, 'DATABASE_DENIED'], // column
  [1227, 'DATABASE_DENIED'], // a special privilege
  [1251, 'DATABASE_DENIED'], // authentication protocol
  [1290, 'DATABASE_DENIED'], // the server runs read-only
  [1698, 'DATABASE_DENIED'], // MariaDB: user has no password login
  [1820, 'DATABASE_DENIED'], // password must be changed first
  [1836, 'DATABASE_DENIED'], // read-only mode
  [3118, 'DATABASE_DENIED'], // account is locked
  [4151, 'DATABASE_DENIED'], // MariaDB: account is locked
  [1020, 'DATABASE_CONFLICT'], // MariaDB: record has changed since it was read
  [1205, 'DATABASE_CONFLICT'], // lock wait timeout
  [1213, 'DATABASE_CONFLICT'], // deadlock
  [1969, 'DATABASE_TIMEOUT'], // MariaDB: max_statement_time
  [3024, 'DATABASE_TIMEOUT'], // MySQL: max_execution_time
])

/** Errors of kind DATABASE_QUERY whose text names tables, columns and settings only. */
const harmlessTexts: ReadonlySet<number> = new Set([1046, 1049, 1051, 1054, 1146, 1298, 1317])

interface ServerError {
  readonly code: string
  readonly errno: number | undefined
  readonly message: string
}

const serverError = (error: unknown): ServerError => {
  const { code, errno, message, sqlState } = (error ?? {}) as Record<string, unknown>
  return {
    code: typeof code === 'string' ? code : 'closed',
    // Errors of the socket carry negative or system numbers; only those with an SQL state come from the server.
    errno: typeof errno === 'number' && (typeof sqlState === 'string' || errno >= 1000) ? errno : undefined,
    message: typeof message === 'string' ? message : '',
  }
}

/** An error that the server itself has reported, with its number and, of a row that it refuses, the column. */
export class ServerRefusal extends RanktideError {
  readonly errno: number
  readonly column: string | undefined

  constructor(code: ErrorCode, detail: string, errno: number, column: string | undefined) {
    super(code, detail)
    this.errno = errno
    this.column = column
  }
}

/** `what` names the statement or the step, `address` is `host:port`. */
export const asDatabaseError = (error: unknown, what: string, address: string): RanktideError => {
  if (error instanceof RanktideError) return error
  const { code, errno, message } = serverError(error)
  if (errno === undefined) return new RanktideError('DATABASE_UNREACHABLE', `${address}: ${code} (${what})`)
  const known = codeOfErrno.get(errno)
  const told = known !== undefined || harmlessTexts.has(errno) ? `${message} (${errno})` : `${code} (${errno})`
  const column = / for column (?:`[^`]*`\.`[^`]*`\.)?[`'](.+?)[`'](?: at row \d+)?$/.exec(message)?.[1]
  return new ServerRefusal(known ?? 'DATABASE_QUERY', `${address}: ${what}: ${told}`, errno, column)
}
