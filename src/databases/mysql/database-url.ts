/** Where a database is and who asks, from `mysql://user:password@host:port/database`. */
import { RanktideError } from '../../core/errors.js'

export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Undefined when the URL names none. */
  readonly database: string | undefined
}

/** Throws CONFIG_INVALID; the detail never repeats the URL, which holds the password. */
export const parseDatabaseUrl = (url: string): DatabaseAddress => {
  try {
    const parsed = new URL(url)
    if (parsed.protocol !== 'mysql:' || parsed.hostname === '') throw new Error('not mysql://')
    const database = decodeURIComponent(parsed.pathname.slice(1))
    return {
      // mysql2 connects by name or bare address: an IPv6 address goes without its brackets.
      host: decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, '$1'),
      port: parsed.port === '' ? 3306 : Number(parsed.port),
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: database === '' ? undefined : database,
    }
  } catch {
    throw new RanktideError(
      'CONFIG_INVALID',
      'a database URL has the form mysql://user:password@host:port/database, with special characters percent-encoded',
    )
  }
}
