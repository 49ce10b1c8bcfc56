import { nearestName } from '../../core/nearest-name.js'
import type { Session } from './connection.js'

/** Those of the servers themselves: nobody's rows. */
const ownDatabases: ReadonlySet<string> = new Set(['mysql', 'information_schema', 'performance_schema', 'sys'])

/** The databases that the user may see. */
export const listDatabases = async (session: Session): Promise<readonly string[]> => {
  const { rows } = await session.query(
    'listing the databases',
    'SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA ORDER BY SCHEMA_NAME',
  )
  return rows.map(([name]) => name ?? '').filter((name) => !ownDatabases.has(name.toLowerCase()))
}

/** The end of a sentence about a database that is not there; empty where nothing can be suggested. */
export const nearestOf = (database: string, databases: readonly string[]): string => {
  const others = databases.filter((name) => name !== database)
  const near = nearestName(database, others)
  if (near !== undefined) return `; did you mean ${near}?`
  if (others.length === 0) return ''
  const shown =
    others.length <= 10 ? others.join(', ') : `${others.slice(0, 10).join(', ')} and ${others.length - 10} more`
  return `; the user sees ${shown}`
}
