/** Where a Postgres is, from `postgres://user:password@host:port/database`; parameters such as `sslmode` are pg's. */
import { RanktideError } from '../../core/errors.js'

export interface PostgresAddress {
  /** `host:port`, for messages. */
  readonly address: string
  readonly user: string
  readonly database: string
}

/** Throws CONFIG_INVALID; the detail never repeats the URL, which holds the password. */
export const parsePostgresUrl = (url: string): PostgresAddress => {
  try {
    const parsed = new URL(url)
    if (!/^postgres(ql)?:$/.test(parsed.protocol) || parsed.hostname === '') throw new Error('not postgres://')
    const [user, database] = [parsed.username, parsed.pathname.slice(1)].map(decodeURIComponent)
    decodeURIComponent(parsed.password)
    // Without a name Postgres takes the user's: a database that nobody meant.
    if (!user || !database) throw new Error('no user or database')
    return { address: `${parsed.hostname}:${parsed.port === '' ? 5432 : parsed.port}`, user, database }
  } catch {
    throw new RanktideError(
      'CONFIG_INVALID',
      'a database URL has the form postgres://user:password@host:port/database, with special characters percent-encoded',
    )
  }
}
