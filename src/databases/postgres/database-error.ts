/**
 * What pg and the server report, as the DATABASE_* errors of the one table. The server's own sentence is shown only for
 * classes of errors whose text holds names, never values: others ("invalid input syntax for type numeric: …") quote
 * rows, so of them only the code is told. The fields beside the sentence (detail, where) quote rows and are dropped.
 */
import pg from 'pg'
import { type ErrorCode, RanktideError } from '../../core/errors.js'

/** By SQLSTATE, else by its class, the first two characters. */
const codeOfState: ReadonlyMap<string, ErrorCode> = new Map([
  ['08', 'DATABASE_UNREACHABLE'], // connection exceptions
  ['57P01', 'DATABASE_UNREACHABLE'], // terminated: the server shuts down, or somebody ended the connection
  ['57P02', 'DATABASE_UNREACHABLE'], // another process of the server crashed
  ['57P03', 'DATABASE_UNREACHABLE'], // it is starting up or shutting down
  ['57P05', 'DATABASE_UNREACHABLE'], // idle for too long
  ['53300', 'DATABASE_UNREACHABLE'], // too many connections
  ['28', 'DATABASE_DENIED'], // user or password, or no line for them in pg_hba.conf
  ['42501', 'DATABASE_DENIED'], // a privilege is missing
  ['25006', 'DATABASE_DENIED'], // read only: a standby
  ['57014', 'DATABASE_TIMEOUT'], // statement_timeout
  ['25P03', 'DATABASE_TIMEOUT'], // idle_in_transaction_session_timeout
  ['40001', 'DATABASE_CONFLICT'], // serialization failure
  ['40P01', 'DATABASE_CONFLICT'], // deadlock
  ['55P03', 'DATABASE_CONFLICT'], // lock_timeout
])

/** Classes of DATABASE_QUERY whose sentences name tables, columns, constraints and settings only. */
const harmlessClasses: ReadonlySet<string> = new Set(['0A', '23', '25', '3D', '3F', '42', '53', '54', '55', '57', '58'])

/** What cannot be stored, told without values. Of the sentences some have the value in quotes. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['22003', 'out of the range of its column'],
  ['22001', 'too long for its column'],
  ['22021', 'a character that the database cannot hold'],
  ['22P05', 'a character that the database cannot hold'],
  ['22P02', 'not a value of its column'],
  ['23502', 'a column cannot be NULL'],
  ['23503', 'a foreign key refuses it'],
  ['23514', 'a CHECK constraint refuses it'],
])

/**
 * Why a row cannot be stored, where the error is about the values of one row, which no repetition can mend; undefined for
 * every other error.
 */
export const refusalOf = (error: unknown): string | undefined => {
  if (!(error instanceof pg.DatabaseError)) return undefined
  const why = refusals.get(error.code ?? '')
  return why !== undefined && error.constraint !== undefined ? `${why}: ${error.constraint}` : why
}

/** The connection of a statement that has failed by this is still good. */
export const isOfStatement = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.severity === 'ERROR'

/** Of the client's own errors; pg gives no code to most. None of their texts holds a password. */
const ofClient = (error: unknown, what: string, address: string): RanktideError => {
  const { code, message } = (error ?? {}) as Record<string, unknown>
  const told = typeof message === 'string' && message !== '' ? message : 'closed'
  if (told.startsWith('SASL')) return new RanktideError('DATABASE_DENIED', `${address}: ${told} (${what})`)
  if (told === 'Query read timeout') return new RanktideError('DATABASE_TIMEOUT', `${address}: ${what}: no answer`)
  return new RanktideError('DATABASE_UNREACHABLE', `${address}: ${typeof code === 'string' ? code : told} (${what})`)
}

/** An error of the server. */
export class ServerRefusal extends RanktideError {
  /** Its SQLSTATE. */
  readonly state: string

  constructor(code: ErrorCode, detail: string, state: string) {
    super(code, detail)
    this.state = state
  }
}

/** `what` names the statement or the step, `address` is `host:port`. */
export const asDatabaseError = (error: unknown, what: string, address: string): RanktideError => {
  if (error instanceof RanktideError) return error
  if (!(error instanceof pg.DatabaseError)) return ofClient(error, what, address)
  const state = error.code ?? ''
  const known = codeOfState.get(state) ?? codeOfState.get(state.slice(0, 2))
  const told = known !== undefined || harmlessClasses.has(state.slice(0, 2)) ? `${error.message} (${state})` : state
  return new ServerRefusal(known ?? 'DATABASE_QUERY', `${address}: ${what}: ${told}`, state)
}
