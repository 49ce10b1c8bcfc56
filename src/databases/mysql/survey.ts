/** What a user may see of the tables of one database or of all, in few statements however many tables there are. */
import type { Session } from './connection.js'

/** Stands for "every database but the server's own" where a statement is asked for no database. */
const inDatabase = (database: string | undefined): readonly [sql: string, params: readonly string[]] =>
  database === undefined
    ? ["TABLE_SCHEMA NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')", []]
    : ['TABLE_SCHEMA = ?', [database]]

export interface SurveyedTable {
  readonly database: string
  readonly table: string
  /** By the server's statistics; may be far off. */
  readonly rows: number
}

/** Views are left out: the binary log has tables only. */
export const listTables = async (session: Session, database: string | undefined): Promise<readonly SurveyedTable[]> => {
  const [where, params] = inDatabase(database)
  const { rows } = await session.query(
    'listing the tables',
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM INFORMATION_SCHEMA.TABLES
     WHERE TABLE_TYPE = 'BASE TABLE' AND ${where} ORDER BY TABLE_SCHEMA, TABLE_NAME`,
    params,
  )
  return rows.map(([schema, table, count]) => ({
    database: schema ?? '',
    table: table ?? '',
    rows: Number(count ?? 0),
  }))
}

export interface NumericColumn {
  readonly database: string
  readonly table: string
  readonly column: string
  /** As SQL writes it: `bigint(20) unsigned`. */
  readonly sqlType: string
  /** Whether it is (part of) the primary key, or unique by itself. */
  readonly isKey: boolean
  /** Whether an index begins with it. */
  readonly indexed: boolean
}

/** The columns that could rank. */
export const listNumericColumns = async (
  session: Session,
  database: string | undefined,
): Promise<readonly NumericColumn[]> => {
  const [where, params] = inDatabase(database)
  const { rows } = await session.query(
    'listing the columns that could rank',
    `SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY FROM INFORMATION_SCHEMA.COLUMNS
     WHERE DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'double') AND ${where}
     ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION`,
    params,
  )
  return rows.map(([schema, table, column, sqlType, key]) => ({
    database: schema ?? '',
    table: table ?? '',
    column: column ?? '',
    sqlType: sqlType ?? '',
    isKey: key === 'PRI' || key === 'UNI',
    indexed: key !== '',
  }))
}
