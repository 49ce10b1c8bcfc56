import type { Session } from './connection.js'

/** A column of a table that is counted into, beside what `describeTable` tells. */
export interface CountedColumn {
  readonly name: string
  /** As SQL writes it: `bigint(20) unsigned`. */
  readonly sqlType: string
  readonly collation: string | null
  /** A new row may leave it out. */
  readonly optional: boolean
  readonly autoIncrement: boolean
}

export const readCountedColumns = async (
  session: Session,
  database: string,
  table: string,
): Promise<readonly CountedColumn[]> => {
  const { rows } = await session.query(
    'reading the columns',
    `SELECT COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, COLUMN_DEFAULT IS NOT NULL OR IS_NULLABLE = 'YES', EXTRA
     FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [database, table],
  )
  return rows.map(([name, sqlType, collation, hasDefault, extra]) => {
    const autoIncrement = /auto_increment/i.test(extra ?? '')
    return {
      name: name ?? '',
      sqlType: sqlType ?? '',
      collation: collation ?? null,
      optional: hasDefault === '1' || autoIncrement || /generated/i.test(extra ?? ''),
      autoIncrement,
    }
  })
}
