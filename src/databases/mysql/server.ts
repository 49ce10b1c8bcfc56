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

/** MySQL 8.4 and later, which have no SHOW MASTER STATUS. Undefined without the right to ask, and without a log. */
export const readBinlogStatus = async (session: Session): Promise<BinlogPosition | undefined> => {
  try {
    const { rows } = await session.query('asking where the binary log stands', 'SHOW BINARY LOG STATUS')
    const [file, position] = rows[0] ?? []
    return file === null || file === undefined ? undefined : { file, position: Number(position) }
  } catch (error) {
    if (error instanceof RanktideError && error.code === 'DATABASE_DENIED') return undefined
    throw error
  }
}
