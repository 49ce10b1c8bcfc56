/**
 * A transaction on a pool of writers (`writes`), whose statements commit nothing by themselves.
 *
 * Guarantees: when the call returns, what it did is committed or rolled back as `work` says; when it throws, nothing is
 * committed, save that an error of the COMMIT, or of the message that holds it (DATABASE_UNREACHABLE, DATABASE_TIMEOUT),
 * leaves open which. No transaction stays open: after a conflict it is rolled back here, after any other error the
 * connection is destroyed, and of one that was cut off the server lets go within the session's wait_timeout. Nothing is
 * retried.
 */
import { RanktideError } from '../../core/errors.js'
import type { MysqlPool, Session } from './connection.js'

export type Ending<T> =
  | { readonly commit: T }
  | { readonly rollback: T }
  /** The work has committed it itself. */
  | { readonly committed: T }

interface Conflict {
  readonly conflict: RanktideError
}

const isConflict = (error: unknown): error is RanktideError =>
  error instanceof RanktideError && error.code === 'DATABASE_CONFLICT'

const ended = async <T>(session: Session, work: (session: Session) => Promise<Ending<T>>): Promise<Ending<T>> => {
  const ending = await work(session)
  if ('commit' in ending) await session.query('committing', 'COMMIT')
  if ('rollback' in ending) await session.query('rolling back', 'ROLLBACK')
  return ending
}

export const inTransaction = async <T>(
  pool: Pick<MysqlPool, 'use'>,
  work: (session: Session) => Promise<Ending<T>>,
): Promise<T> => {
  const ending = await pool.use(async (session): Promise<Ending<T> | Conflict> => {
    try {
      return await ended(session, work)
    } catch (error) {
      if (!isConflict(error)) throw error
      // A lock wait that was given up ends only its statement; and conflicts are too common for a new connection each.
      await session.query('rolling back', 'ROLLBACK')
      return { conflict: error }
    }
  })
  if ('conflict' in ending) throw ending.conflict
  if ('committed' in ending) return ending.committed
  return 'commit' in ending ? ending.commit : ending.rollback
}
