/** The doctor's look at the database: nothing is written, and no table is made. */
import type { BoardSpec } from '../core/board-spec.js'
import { RanktideError } from '../core/errors.js'
import { grantMarker, lookForMarkerTable, type MarkerTable } from '../databases/mysql/marker.js'
import { mayOn, type Privilege, readPrivileges } from '../databases/mysql/privileges.js'
import { readBinlogReaders, readServerTime, readVersion } from '../databases/mysql/server.js'
import { sqlTable } from '../databases/mysql/sql-name.js'
import type { Config, TableName } from '../runtime/config.js'
import { checkBoards } from '../worker/check-boards.js'
import type { WorkerDatabase } from '../worker/database.js'
import { advised, type DoctorFinding, failed, fine, notAsked, warning, wrong } from './doctor-finding.js'

export interface DatabaseLook {
  readonly findings: readonly DoctorFinding[]
  /** Of the boards that can be kept. */
  readonly specs: readonly BoardSpec[]
  /** Where markers may be written now. */
  readonly marker: MarkerTable | undefined
}

interface Server {
  readonly findings: readonly DoctorFinding[]
  readonly account: string
  readonly privileges: readonly Privilege[]
}

/** Ages and margins are in seconds: clocks that are further apart mislead, ms. */
const clocksApart = 2_000

/** `url`'s account, told apart from what the server makes of it. Never rejects. */
export const lookAtDatabase = async (config: Config, database: WorkerDatabase): Promise<DatabaseLook> => {
  const names = config.boards.map(({ name }) => `board ${name}`)
  let server: Server
  try {
    server = await askServer(database)
  } catch (error) {
    const rest = ['binlog', ...names, 'marker'].map((name) => notAsked(name, 'the database cannot be used'))
    return { findings: [failed('database', error), ...rest], specs: [], marker: undefined }
  }
  const { findings, specs } = await checkBoards(config, database)
  const boards = findings.map((finding) => withGrant(advised(finding), config, server.account))
  const preflight = await preflightOf(database, specs, server.account)
  const { finding, marker } = await lookAtMarker(config, database, specs, server)
  return { findings: [...server.findings, ...preflight, ...boards, finding], specs, marker }
}

const askServer = async (database: WorkerDatabase): Promise<Server> => {
  const account = await database.account()
  return database.primary.use(async (session) => {
    const { product, version } = await readVersion(session)
    const before = Date.now()
    const theirs = await readServerTime(session)
    const after = Date.now()
    const privileges = await readPrivileges(session, account)
    const sees = privileges.some(({ name, database }) => name === 'PROCESS' && database === undefined)
    const readers = sees ? await readBinlogReaders(session) : undefined
    return {
      findings: [
        fine('database', `${product} ${version} at ${database.primary.address}, as ${account}`),
        clockFinding('database clock', theirs, before, after),
        readersFinding(readers, account),
      ],
      account,
      privileges,
    }
  })
}

/** `theirs` was asked between `before` and `after`. */
export const clockFinding = (name: string, theirs: number, before: number, after: number): DoctorFinding => {
  const apart = theirs < before ? theirs - before : theirs > after ? theirs - after : 0
  const seconds = `${Math.abs(apart / 1000).toFixed(1)} s ${apart < 0 ? 'behind' : 'ahead of'} the clock here`
  if (Math.abs(apart) <= clocksApart) return fine(name, `${apart === 0 ? 'the same as here' : seconds}`)
  return warning(name, `is ${seconds}`, 'let both machines take their time from NTP: ages and lags are told by it')
}

const readersFinding = (readers: readonly string[] | undefined, account: string): DoctorFinding => {
  const name = 'readers of the binlog'
  if (readers === undefined) return notAsked(name, `${account} would need the right PROCESS to see who reads it`)
  if (readers.length > 0) return fine(name, readers.join(', '))
  return warning(
    name,
    'nobody reads the binary log of this server now',
    'start Canal, and see canal.instance.master.address and its log; its user needs: GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.*',
  )
}

/** Board by board: one that may not be read says nothing of the others. */
const preflightOf = async (
  database: WorkerDatabase,
  specs: readonly BoardSpec[],
  account: string,
): Promise<readonly DoctorFinding[]> => {
  const told = new Map<string, DoctorFinding>()
  for (const boards of specs.length === 0 ? [[]] : specs.map((spec) => [spec])) {
    try {
      for (const { level, code, message } of await database.preflight(boards))
        told.set(message, advised({ name: code, level, detail: message }))
    } catch (error) {
      const finding = denied(error, boards[0], account) ?? failed('preflight', error)
      told.set(`${finding.name} ${finding.detail}`, finding)
    }
  }
  const found = [...told.values()]
  const has = (name: RegExp): boolean => found.some((finding) => name.test(finding.name))
  return [
    ...(has(/^(BINLOG|preflight)/)
      ? []
      : [fine('binlog', 'ROW, full row images (of sessions only their messages tell)')]),
    ...(has(/^(INDEX_MISSING|rights|preflight)/) || specs.length === 0
      ? []
      : [fine('indexes', 'serve the order of every board, or its table is small')]),
    ...found,
  ]
}

const denied = (error: unknown, spec: BoardSpec | undefined, account: string): DoctorFinding | undefined => {
  if (!(error instanceof RanktideError) || error.code !== 'DATABASE_DENIED' || spec === undefined) return undefined
  const { database, table } = spec.table
  return wrong(
    `rights on ${database}.${table}`,
    `${error.code}: ${error.message}`,
    `run: ${grantSelect(spec.table, account)}`,
  )
}

const grantSelect = (table: TableName, account: string): string => `GRANT SELECT ON ${sqlTable(table)} TO ${account}`

/** A table that the user may not see is, to the user, not there. */
const withGrant = (finding: DoctorFinding, { boards }: Config, account: string): DoctorFinding => {
  if (finding.level !== 'error' || !/^(TABLE_MISSING|DATABASE_DENIED):/.test(finding.detail)) return finding
  const board = boards.find(({ name }) => finding.name === `board ${name}`)
  if (board === undefined) return finding
  const grant = grantSelect(board.table, account)
  const advice = `make the table, or correct boards.${board.name}.table; if it is there, run: ${grant}`
  return { ...finding, advice }
}

const lookAtMarker = async (
  { database: { marker: wanted } }: Config,
  database: WorkerDatabase,
  specs: readonly BoardSpec[],
  { account, privileges }: Server,
): Promise<{ readonly finding: DoctorFinding; readonly marker: MarkerTable | undefined }> => {
  const name = 'marker'
  const not = (finding: DoctorFinding) => ({ finding, marker: undefined })
  if (specs.length === 0) return not(notAsked(name, 'no board can be kept'))
  if (wanted.write === 'never')
    return not(fine(name, 'is not to be written (database.marker.write): boards say assumed, not exact'))
  const marker = database.markerTable(specs)
  const table = `${marker.database}.${marker.table}`
  try {
    const found = await lookForMarkerTable(database.primary, marker)
    if (found === 'ready') return { finding: fine(name, `${table} can be written`), marker }
    if (found === 'missing' && mayOn(privileges, 'CREATE', marker))
      return not(fine(name, `${table} is not there yet: ranktide run makes it`))
    const what = found === 'missing' ? 'is not there, or may not be seen' : 'may not be written'
    const detail = `${table} ${what}: boards will say assumed, not exact`
    return not(warning(name, detail, `run: ${grantMarker(marker, account)}`))
  } catch (error) {
    return not(failed(name, error))
  }
}
