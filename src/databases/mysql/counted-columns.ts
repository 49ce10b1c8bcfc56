import type { Session } from './connection.js'

/** A column of a table that is counted into, beside what `describeTable` tells. */
export interface CountedColumn {
  readonly name: string
  /** As SQL writes it: `bigint(20) unsigned`. */
  readonly sqlType: string
  /** Null for columns without characters; so is the collation. */
  readonly characterSet: string | null
  readonly collation: string | null
  readonly nullable: boolean
  /** Empty where there is none. */
  readonly comment: string
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
    `SELECT COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, COLUMN_DEFAULT IS NOT NULL OR IS_NULLABLE = 'YES', EXTRA,
       CHARACTER_SET_NAME, COLUMN_COMMENT, IS_NULLABLE = 'YES'
     FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [database, table],
  )
  return rows.map(([name, sqlType, collation, hasDefault, extra, characterSet, comment, nullable]) => {
    const autoIncrement = /auto_increment/i.test(extra ?? '')
    return {
      name: name ?? '',
      sqlType: sqlType ?? '',
      characterSet: characterSet ?? null,
      collation: collation ?? null,
      nullable: nullable === '1',
      comment: comment ?? '',
      optional: hasDefault === '1' || autoIncrement || /generated/i.test(extra ?? ''),
      autoIncrement,
    }
  })
}
