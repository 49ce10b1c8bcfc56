/** Whether the tables that `ranktide migrate` makes are there, as this version needs them, and may be used. */
import type * as s from 'zapatos/schema'
import type { Finding } from '../finding.js'
import type { Session } from './connection.js'
import { type CountedColumn, readCountedTable } from './counted-table.js'
import { quoted, quotedTable } from './sql-name.js'

/** By the generated schema: a migration that renames a column does not compile without this. */
const columnsOf = {
  consumer_offsets: ['consumer_group', 'topic', 'partition_id', 'next_offset', 'epoch', 'updated_at'],
  count_buckets: ['counter', 'unit', 'bucket_start', 'biz', 'biz_id', 'events'],
  read_history: ['uid', 'biz', 'biz_id', 'read_at'],
} as const satisfies { readonly [T in s.Table]: readonly s.ColumnForTable<T>[] }

export type OwnTable = keyof typeof columnsOf

/** What is asked of a table: to be written, or to be read and deleted from, for which rows are locked. */
export type Use = 'writes' | 'deletes'

const rightsOf = { writes: 'SELECT, INSERT, UPDATE', deletes: 'SELECT, UPDATE, DELETE' } as const

const may = ({ mayRead, mayInsert, mayUpdate }: CountedColumn, use: Use): boolean =>
  mayRead && mayUpdate && (mayInsert || use === 'deletes')

const findingOf = async (session: Session, user: string, name: OwnTable, use: Use): Promise<Finding | undefined> => {
  const table = await readCountedTable(session, { schema: undefined, name })
  const columns = new Map(table?.columns.map((column) => [column.name, column]))
  const missing = columnsOf[name].filter((column) => !columns.has(column))
  if (table === undefined || missing.length > 0) {
    const what = table === undefined ? 'is not there, or not in the search_path' : `has no column ${missing.join(', ')}`
    return { level: 'error', code: 'MIGRATION_MISSING', message: `the table ${name} ${what}; run: ranktide migrate` }
  }
  const allowed = columnsOf[name].every((column) => {
    const found = columns.get(column)
    return found !== undefined && may(found, use)
  })
  if (allowed && (use === 'writes' || table.mayDelete)) return undefined
  const grant = `GRANT ${rightsOf[use]} ON ${quotedTable(table)} TO ${quoted(user)}`
  const message = `the user may not ${use === 'deletes' ? 'delete from' : 'write to'} ${table.schema}.${name}; run: ${grant}`
  return { level: 'error', code: 'DATABASE_DENIED', message }
}

/** Throws DATABASE_*, which say nothing about the tables. */
export const ownTableFindings = async (
  session: Session,
  user: string,
  tables: readonly OwnTable[],
  use: Use = 'writes',
): Promise<readonly Finding[]> => {
  const findings: Finding[] = []
  for (const table of tables) {
    const finding = await findingOf(session, user, table, use)
    if (finding !== undefined) findings.push(finding)
  }
  return findings
}
