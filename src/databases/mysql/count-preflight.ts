/**
 * What has to hold before a counter starts, asked of the database itself: ranktide's own tables, and the table that is
 * counted into. All findings come at once. Errors of the connection (DATABASE_*) are thrown.
 */
import type { CounterSpec } from '../../core/counter-spec.js'
import { RanktideError } from '../../core/errors.js'
import type { Finding } from '../finding.js'
import type { MysqlPool } from './connection.js'
import { type CountedColumn, readCountedColumns } from './counted-columns.js'
import { countedTableFindings } from './counted-table-findings.js'
import { describeTable, type TableDescription } from './describe-table.js'
import { deniedFinding, ownTableFindings } from './own-tables.js'
import { countedTable } from './upsert-counts.js'

interface Looked {
  readonly description: TableDescription
  readonly columns: readonly CountedColumn[]
}

const look = async (pool: MysqlPool, spec: CounterSpec, database: string): Promise<Looked | Finding> => {
  try {
    const description = await describeTable(pool, database, spec.table.name)
    const columns = await pool.use((session) => readCountedColumns(session, database, spec.table.name))
    return { description, columns }
  } catch (error) {
    if (!(error instanceof RanktideError) || error.code !== 'TABLE_MISSING') throw error
    return { level: 'error', code: error.code, message: `counter ${spec.name}: ${error.detail}` }
  }
}

export const countPreflight = async (pool: MysqlPool, spec: CounterSpec): Promise<readonly Finding[]> => {
  const own = await ownTableFindings(
    pool,
    spec.buckets.length === 0 ? ['consumer_offsets'] : ['consumer_offsets', 'count_buckets'],
  )
  const database = spec.table.schema ?? pool.database
  if (database === undefined) return own
  const looked = await look(pool, spec, database)
  if (!('description' in looked)) return [...own, looked]
  const findings = [...own, ...countedTableFindings(spec, looked.description, looked.columns)]
  // Whether it may be written is asked only of a table that could be.
  if (findings.some(({ level }) => level === 'error')) return findings
  const written = [spec.key.biz, spec.key.bizId, ...spec.add.keys()]
  const denied = await deniedFinding(pool, countedTable(spec), written, 'writes')
  return denied === undefined ? findings : [...findings, denied]
}
