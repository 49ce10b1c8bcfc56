/**
 * What has to hold before boards start, asked of the servers themselves. All findings come at once, not only the first;
 * errors of the connection (DATABASE_*) are thrown, since they say nothing about the settings.
 */
import type { BoardSpec } from '../../core/board-spec.js'
import type { Finding } from '../finding.js'
import { primaryFindings, readSettings, replicaFindings } from './binlog-findings.js'
import type { MysqlPool } from './connection.js'
import { checkIndex } from './index-findings.js'

export interface PreflightOptions {
  /** The server that Canal reads. */
  readonly primary: MysqlPool
  /** Where boards are read; the same pool if it is the same server. */
  readonly refill: MysqlPool
  readonly boards: readonly BoardSpec[]
  readonly allowScan: boolean
}

/** Columns that Canal cannot carry faithfully: shown, but not as they are. */
const charsetFindings = (board: BoardSpec): readonly Finding[] =>
  board.display
    .map((position) => board.table.columns[position])
    .filter((column) => column?.type.kind === 'text' && !column.type.faithful)
    .map((column) => ({
      level: 'warning',
      code: 'CHARSET',
      message:
        `board ${board.name}: the charset of ${board.table.database}.${board.table.table}.${column?.name} is not UTF-8;` +
        ' Canal breaks what is not ASCII in it, so rows that change will show U+FFFD there',
    }))

export const preflight = async ({
  primary,
  refill,
  boards,
  allowScan,
}: PreflightOptions): Promise<readonly Finding[]> => {
  const settings = await primary.use(readSettings)
  const findings = [...primaryFindings(settings)]
  await refill.use(async (session) => {
    if (refill !== primary) findings.push(...replicaFindings(await readSettings(session)))
    for (const board of boards)
      findings.push(...charsetFindings(board), ...(await checkIndex(session, board, allowScan)))
  })
  return findings
}
