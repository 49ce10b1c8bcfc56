import { MysqlReadHistory } from '../databases/mysql/read-history.js'
import { PostgresReadHistory } from '../databases/postgres/read-history.js'
import type { DatabaseConfig } from '../runtime/config.js'
import type { OpenReadHistory } from './worker-parts.js'

/** In the database that the URL names. Opens no connection yet. */
export const openReadHistory = ({ url, dialect, refill }: DatabaseConfig): OpenReadHistory => {
  const options = { url, timeoutMs: refill.timeoutMs }
  return dialect === 'mysql' ? new MysqlReadHistory(options) : new PostgresReadHistory(options)
}
