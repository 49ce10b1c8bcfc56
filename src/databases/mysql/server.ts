/** Which server it is, and where its binary log stands. */
import { RanktideError } from '../../core/errors.js'
import type { Session } from './connection.js'

export interface ServerVersion {
  readonly product: 'MySQL' | 'MariaDB'
  /** `8.4.2`, `10.11.6`: without what distributions add. */
  readonly version: string
}

export const readVersion = async (session: Session): Promise<ServerVersion> => {
  const { rows } = await session.query('asking for the version', 'SELECT VERSION()')
  const text = rows[0]?.[0] ?? ''
  return { product: /mariadb/i.test(text) ? 'MariaDB' : 'MySQL', version: /^[\d.]+/.exec(text)?.[0] ?? text }
}

export interface BinlogPosition {
  readonly file: string
  readonly position: number
}

/** Undefined without the right to ask, and without a log. MySQL has the first statement since 8.2, and alone since 8.4. */
export const readBinlogPosition = async (session: Session): Promise<BinlogPosition | undefined> => {
  for (const statement of ['SHOW BINARY LOG STATUS', 'SHOW MASTER STATUS']) {
    try {
      const { rows } = await session.query('asking where the binary log stands', statement)
      const [file, position] = rows[0] ?? []
      if (file !== null && file !== undefined) return { file, position: Number(position) }
    } catch (error) {
      // A statement that this version does not have is DATABASE_QUERY: the other one is tried.
      const passes = error instanceof RanktideError && /^DATABASE_(DENIED|QUERY)$/.test(error.code)
      if (!passes) throw error
    }
  }
  return undefined
}

/** The server's clock, ms since 1970. */
export const readServerTime = async (session: Session): Promise<number> => {
  const { rows } = await session.query('asking for the time', 'SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)')
  return Number(rows[0]?.[0])
}

/** Who reads the binary log now, as `user@host`; without the right PROCESS only connections of the user itself are seen. */
export const readBinlogReaders = async (session: Session): Promise<readonly string[]> => {
  const { rows } = await session.query(
    'asking who reads the binary log',
    "SELECT DISTINCT USER, HOST FROM INFORMATION_SCHEMA.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' ORDER BY USER, HOST",
  )
  return rows.map(([user, host]) => `${user}@${host}`)
}
