/**
 * What has to hold before a counter starts, asked of the database itself: ranktide's own tables, and the table that is
 * counted into. All findings come at once. Errors of the connection (DATABASE_*) are thrown.
 */
import type { CounterSpec } from '../../core/counter-spec.js'
import { nearestName } from '../../core/nearest-name.js'
import type { Finding } from '../finding.js'
import type { PostgresPool, Session } from './connection.js'
import { readCountedTable, readTableNames } from './counted-table.js'
import { countedTableFindings } from './counted-table-findings.js'
import { type OwnTable, ownTableFindings } from './own-tables.js'

const missingTable = async (session: Session, { name: counter, table }: CounterSpec): Promise<Finding> => {
  const { schema, name } = table
  const names = await readTableNames(session, schema)
  const near = nearestName(name, names)
  const shown = schema === undefined ? name : `${schema}.${name}`
  const there = names.length === 0 ? 'there are no tables' : `there are ${names.slice(0, 10).join(', ')}`
  const hint = near === undefined ? there : `did you mean ${near}?`
  return { level: 'error', code: 'TABLE_MISSING', message: `counter ${counter}: ${shown}: ${hint}` }
}

export const countPreflight = (pool: PostgresPool, spec: CounterSpec): Promise<readonly Finding[]> =>
  pool.use(async (session) => {
    const own: readonly OwnTable[] =
      spec.buckets.length === 0 ? ['consumer_offsets'] : ['consumer_offsets', 'count_buckets']
    const table = await readCountedTable(session, spec.table)
    return [
      ...(await ownTableFindings(session, pool.user, own)),
      ...(table === undefined ? [await missingTable(session, spec)] : countedTableFindings(spec, table, pool.user)),
    ]
  })
