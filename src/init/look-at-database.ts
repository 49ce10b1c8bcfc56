/**
 * Everything that `ranktide init` asks a database for. Reads only: nothing is written, locked or counted, so it may be run
 * against a production server by a user who may only SELECT.
 */
import { RanktideError } from '../core/errors.js'
import { readAccount } from '../databases/mysql/account.js'
import { binlogConfig } from '../databases/mysql/binlog-config.js'
import { primaryFindings, readSettings } from '../databases/mysql/binlog-findings.js'
import { createMysqlPool, type Session } from '../databases/mysql/connection.js'
import { listDatabases, nearestOf } from '../databases/mysql/databases.js'
import { readPrivileges } from '../databases/mysql/privileges.js'
import { readBinlogPosition, readVersion, type ServerVersion } from '../databases/mysql/server.js'
import { listNumericColumns, listTables } from '../databases/mysql/survey.js'
import { candidatesOf, type Survey } from './candidates.js'
import { lookInto } from './look-into-boards.js'
import type { Proposal } from './proposal.js'
import { type AboutServer, type InitOptions, proposalOf } from './propose.js'

/** Of every statement, ms. INFORMATION_SCHEMA of a server with very many tables takes its time. */
const timeoutMs = 30_000

/** Fails with what was wrong: DATABASE_*, TABLE_MISSING, COLUMN_MISSING, COLUMN_TYPE, KEY_NOT_UNIQUE, CONFIG_INVALID. */
export const proposeConfig = async (options: InitOptions): Promise<Proposal> => {
  const pool = createMysqlPool({ url: options.url, timeoutMs, timeZone: '+00:00', connections: 1 })
  try {
    const survey = await pool.use((session) => readSurvey(session, pool.database))
    const found = await lookInto(pool, candidatesOf(survey, options))
    const about = await pool.use((session) => readServer(session))
    return proposalOf(options, survey, found, about)
  } finally {
    await pool.close()
  }
}

const readSurvey = async (session: Session, database: string | undefined): Promise<Survey> => {
  const tables = await listTables(session, database)
  if (tables.length === 0 && database !== undefined) {
    const account = await readAccount(session)
    const hint = nearestOf(database, await listDatabases(session))
    throw new RanktideError(
      'TABLE_MISSING',
      `${database} has no tables, or ${account} may not see them (GRANT SELECT ON \`${database}\`.* TO ${account})${hint}`,
    )
  }
  return { database, tables, columns: await listNumericColumns(session, database) }
}

const readServer = async (session: Session): Promise<AboutServer> => {
  const server = await readVersion(session)
  const account = await readAccount(session)
  const settings = await readSettings(session)
  return {
    server,
    account,
    privileges: await readPrivileges(session, account),
    binlog: { findings: primaryFindings(settings), lines: binlogConfig(settings) },
    begin: asksItself(server) ? undefined : ((await readBinlogPosition(session)) ?? 'unknown'),
  }
}

/** Canal 1.1.7 asks with SHOW MASTER STATUS, which MySQL has had up to 8.3. */
const asksItself = ({ product, version }: ServerVersion): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return product === 'MariaDB' || major < 8 || (major === 8 && minor < 4)
}
