/**
 * The marker table: one row a feed, written again and again. A marker that is seen in a reading snapshot proves that
 * the snapshot holds everything committed before it; one that comes back through the feed proves that the feed has
 * passed everything before it.
 *
 * `nonce` identifies a marker in the feed. `seq` counts the writes of the feed's row: a snapshot that shows a later
 * count holds the earlier markers too, whoever overwrote them.
 */
import { RanktideError } from '../../core/errors.js'
import type { MysqlPool, Session } from './connection.js'
import { sqlTable } from './sql-name.js'

export interface MarkerTable {
  readonly database: string
  readonly table: string
}

const columns = ['feed', 'nonce', 'seq'] as const

/** For the message to those who create the table themselves. */
export const createMarkerTable = (marker: MarkerTable): string =>
  `CREATE TABLE ${sqlTable(marker)} (feed VARCHAR(190) NOT NULL PRIMARY KEY, nonce VARCHAR(64) NOT NULL,` +
  ' seq BIGINT UNSIGNED NOT NULL, written_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)' +
  ' ON UPDATE CURRENT_TIMESTAMP(3)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin'

/** What the account needs to make the table, write to it and see it. */
export const grantMarker = (marker: MarkerTable, account: string): string =>
  `GRANT CREATE, SELECT, INSERT, UPDATE ON ${sqlTable(marker)} TO ${account}`

const readMarkerColumns = async (session: Session, { database, table }: MarkerTable): Promise<readonly string[]> => {
  const { rows } = await session.query(
    'looking for the marker table',
    'SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [database, table],
  )
  return rows.map(([name]) => name ?? '')
}

/** Needs the rights of a real write, but writes nothing: no row, no event in the binary log. */
const tryMarker = (session: Session, marker: MarkerTable): Promise<unknown> =>
  session.query(
    'trying the marker table',
    `INSERT INTO ${sqlTable(marker)} (feed, nonce, seq) SELECT '', '', 0 FROM DUAL WHERE 1 = 0` +
      " ON DUPLICATE KEY UPDATE nonce = '', seq = seq + 1",
  )

/** Whether the table is there. Throws COLUMN_MISSING for a table of that name that is no marker table. */
const isThere = async (session: Session, marker: MarkerTable): Promise<boolean> => {
  const found = await readMarkerColumns(session, marker)
  const missing = columns.find((column) => !found.includes(column))
  if (found.length === 0 || missing === undefined) return found.length > 0
  throw new RanktideError(
    'COLUMN_MISSING',
    `${marker.database}.${marker.table} has no column ${missing}: name another marker table, or drop this one and run: ${createMarkerTable(marker)}`,
  )
}

const unlessDenied = async <T>(ask: Promise<T>): Promise<T | 'denied'> => {
  try {
    return await ask
  } catch (error) {
    if (error instanceof RanktideError && error.code === 'DATABASE_DENIED') return 'denied'
    throw error
  }
}

/**
 * Whether markers can be written. The table is created only when INFORMATION_SCHEMA does not list it: a CREATE TABLE IF
 * NOT EXISTS goes into the binary log each time and soils Canal's history of tables.
 * Throws COLUMN_MISSING for a table of that name that is no marker table, and DATABASE_* for what may pass.
 */
export const ensureMarkerTable = (pool: MysqlPool, marker: MarkerTable): Promise<'ready' | 'denied'> =>
  unlessDenied(
    pool.use(async (session) => {
      if (!(await isThere(session, marker))) await session.query('creating the marker table', createMarkerTable(marker))
      await tryMarker(session, marker)
      return 'ready' as const
    }),
  )

/** The same, and nothing is made. `missing`: not there, or the user may not even see it. */
export const lookForMarkerTable = (pool: MysqlPool, marker: MarkerTable): Promise<'ready' | 'missing' | 'denied'> =>
  unlessDenied(
    pool.use(async (session) => {
      if (!(await isThere(session, marker))) return 'missing' as const
      await tryMarker(session, marker)
      return 'ready' as const
    }),
  )

/** Returns once the marker is committed, with its place in the count of the feed's markers. */
export const writeMarker = async (
  session: Session,
  marker: MarkerTable,
  feed: string,
  nonce: string,
): Promise<number> => {
  const { insertId } = await session.query(
    'writing the marker',
    `INSERT INTO ${sqlTable(marker)} (feed, nonce, seq) VALUES (?, ?, LAST_INSERT_ID(1))` +
      ' ON DUPLICATE KEY UPDATE nonce = ?, seq = LAST_INSERT_ID(seq + 1)',
    [feed, nonce, nonce],
  )
  return insertId
}

/** The count that the session's snapshot shows; 0 if it shows no marker of the feed. */
export const readMarker = async (session: Session, marker: MarkerTable, feed: string): Promise<number> => {
  const { rows } = await session.query('reading the marker', `SELECT seq FROM ${sqlTable(marker)} WHERE feed = ?`, [
    feed,
  ])
  return Number(rows[0]?.[0] ?? 0)
}
