/**
 * Transactions of the example: all of the work or nothing of it.
 *
 * Duplicates: none by itself; after a lost connection the outcome of a COMMIT is unknown, and the work has to be such
 * that asking again does no harm (setting a status is). Loss: none. After a deadlock, or a lock that was not given in a
 * second, all of it is begun anew: a bounded number of times within a few seconds, with a random pause so that two who
 * met do not meet again.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { RanktideError } from '../../src/core/errors.js'
import type { MysqlPool, Session } from '../../src/databases/mysql/connection.js'

const attempts = 8
/** No attempt begins later than this after the first, ms. */
const patience = 4_000
/** How long a lock is waited for, in seconds; the least that servers know, so that there is time for another attempt. */
const lockWait = 1
const pauseFrom = 10
const pauseTo = 100

const isConflict = (error: unknown): boolean => error instanceof RanktideError && error.code === 'DATABASE_CONFLICT'

/** Runs the work again after a conflict; rejects with DATABASE_CONFLICT after the last attempt, and at once for others. */
export const retryConflicts = async <T>(
  work: () => Promise<T>,
  wait: (ms: number) => Promise<unknown> = pause,
  now: () => number = () => performance.now(),
): Promise<T> => {
  const until = now() + patience
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attempts || now() > until || !isConflict(error)) throw error
      await wait(pauseFrom + Math.random() * (pauseTo - pauseFrom))
    }
  }
}

/**
 * READ COMMITTED: rows are locked, gaps are not, so that first likes of neighbouring items do not wait for each other.
 * A connection whose work failed is destroyed by the pool, and the server rolls back what it had begun: for a lock that
 * is not given (error 1205) it would by itself undo that statement only.
 */
export const inTransaction = <T>(pool: MysqlPool, work: (session: Session) => Promise<T>): Promise<T> =>
  retryConflicts(() =>
    pool.use(async (session) => {
      await session.query(
        'lock wait',
        `SET SESSION lock_wait_timeout = ${lockWait}, innodb_lock_wait_timeout = ${lockWait}`,
      )
      await session.query('isolation level', 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
      await session.query('begin', 'START TRANSACTION')
      const result = await work(session)
      await session.query('commit', 'COMMIT')
      return result
    }),
  )
