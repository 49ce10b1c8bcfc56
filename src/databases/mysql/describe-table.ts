/** What INFORMATION_SCHEMA says of one table; nothing is cached. */
import { RanktideError } from '../../core/errors.js'
import { nearestName } from '../../core/nearest-name.js'
import type { ColumnType } from '../../core/table.js'
import { columnTypeOf } from './column-type.js'
import type { MysqlPool, Session } from './connection.js'
import { listDatabases, nearestOf } from './databases.js'

export interface DescribedColumn {
  readonly name: string
  /** Undefined for types that no board can show. */
  readonly type: ColumnType | undefined
  /** As SQL writes it: `bigint(20) unsigned`. */
  readonly sqlType: string
  readonly charset: string | null
  readonly nullable: boolean
}

export interface DescribedIndex {
  readonly name: string
  readonly unique: boolean
  /** In index order; an expression has no name and stands as null. */
  readonly columns: readonly (string | null)[]
}

export interface TableDescription {
  readonly database: string
  readonly table: string
  readonly engine: string
  /** In table order. */
  readonly columns: readonly DescribedColumn[]
  readonly indexes: readonly DescribedIndex[]
}

/** Undefined when there is no such table. The engine of a view is null. */
const readEngine = async (session: Session, database: string, table: string): Promise<string | null | undefined> => {
  const { rows } = await session.query(
    'looking for the table',
    'SELECT TABLE_NAME, ENGINE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [database, table],
  )
  const found = rows.find(([name]) => name === table)
  return found === undefined ? undefined : (found[1] ?? null)
}

const readTableNames = async (session: Session, database: string): Promise<readonly string[]> => {
  const { rows } = await session.query(
    'listing the tables',
    'SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ?',
    [database],
  )
  return rows.map(([name]) => name ?? '')
}

const readColumns = async (session: Session, database: string, table: string): Promise<readonly DescribedColumn[]> => {
  const { rows } = await session.query(
    'reading the columns',
    `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME, IS_NULLABLE
     FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [database, table],
  )
  return rows.map(([name, dataType, columnType, charset, collation, nullable]) => ({
    name: name ?? '',
    type: columnTypeOf({
      dataType: dataType ?? '',
      columnType: columnType ?? '',
      charset: charset ?? null,
      collation: collation ?? null,
    }),
    sqlType: columnType ?? '',
    charset: charset ?? null,
    nullable: nullable !== 'NO',
  }))
}

export const readIndexes = async (
  session: Session,
  database: string,
  table: string,
): Promise<readonly DescribedIndex[]> => {
  const { rows } = await session.query(
    'reading the indexes',
    `SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME
     FROM INFORMATION_SCHEMA.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    [database, table],
  )
  const indexes = new Map<string, { name: string; unique: boolean; columns: (string | null)[] }>()
  for (const [name = '', notUnique, column = null] of rows) {
    const index = indexes.get(name ?? '') ?? { name: name ?? '', unique: notUnique === '0', columns: [] }
    index.columns.push(column)
    indexes.set(index.name, index)
  }
  return [...indexes.values()]
}

const missing = async (session: Session, database: string, table: string): Promise<RanktideError> => {
  const names = await readTableNames(session, database)
  if (names.length === 0) {
    const hint = nearestOf(database, await listDatabases(session))
    return new RanktideError(
      'TABLE_MISSING',
      `${database}.${table}: the database ${database} does not exist, is empty, or the user may not see it${hint}`,
    )
  }
  const near = nearestName(table, names)
  const hint = near === undefined ? `${database} has ${someOf(names)}` : `did you mean ${near}?`
  return new RanktideError('TABLE_MISSING', `${database}.${table}: ${hint}`)
}

/** Names for a sentence: the first ten. */
export const someOf = (names: readonly string[]): string =>
  names.length <= 10 ? names.join(', ') : `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`

/** Throws TABLE_MISSING, with the name that was probably meant. Names are compared with their case, as Canal sends it. */
export const describeTable = (pool: MysqlPool, database: string, table: string): Promise<TableDescription> =>
  pool.use(async (session) => {
    const engine = await readEngine(session, database, table)
    if (engine === undefined) throw await missing(session, database, table)
    if (engine === null) {
      throw new RanktideError(
        'TABLE_MISSING',
        `${database}.${table} is a view, which cannot be followed: the binary log has the changes of tables only`,
      )
    }
    return {
      database,
      table,
      engine,
      columns: await readColumns(session, database, table),
      indexes: await readIndexes(session, database, table),
    }
  })
