/** Whether a server's binary log carries what boards need: settings in, findings out. */

import type { Finding } from '../finding.js'
import type { Session } from './connection.js'

/** Global variables by name; those that a server does not know are not in it. */
export type ServerSettings = ReadonlyMap<string, string>

export const readSettings = async (session: Session): Promise<ServerSettings> => {
  const { rows } = await session.query(
    'reading the settings of the binary log',
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'binlog_row_image',
     'binlog_row_value_options', 'binlog_order_commits', 'replica_preserve_commit_order',
     'slave_preserve_commit_order', 'replica_parallel_workers', 'slave_parallel_workers')`,
  )
  return new Map(rows.map(([name, value]) => [(name ?? '').toLowerCase(), (value ?? '').toUpperCase()]))
}

const row = (message: string): Finding => ({ level: 'error', code: 'BINLOG_FORMAT', message })

/** Of the server that Canal reads. Sessions can still choose otherwise: the feed tells those by their messages. */
export const primaryFindings = (settings: ServerSettings): readonly Finding[] => {
  const findings: Finding[] = []
  const format = settings.get('binlog_format') ?? 'ROW'
  const image = settings.get('binlog_row_image') ?? 'FULL'
  const options = settings.get('binlog_row_value_options') ?? ''
  if (settings.get('log_bin') === 'OFF') findings.push(row('the binary log is off: start the server with --log-bin'))
  if (format !== 'ROW') {
    findings.push(row(`binlog_format is ${format}; run: SET GLOBAL binlog_format = 'ROW'; then reconnect all clients`))
  }
  if (image !== 'FULL') {
    findings.push(
      row(`binlog_row_image is ${image}; run: SET GLOBAL binlog_row_image = 'FULL'; then reconnect all clients`),
    )
  }
  if (options !== '') {
    findings.push(
      row(
        `binlog_row_value_options is ${options}; run: SET GLOBAL binlog_row_value_options = ''; then reconnect all clients`,
      ),
    )
  }
  if (settings.get('binlog_order_commits') === 'OFF') {
    findings.push({
      level: 'error',
      code: 'BINLOG_ORDER',
      message: 'binlog_order_commits is OFF; run: SET GLOBAL binlog_order_commits = ON',
    })
  }
  return findings
}

/** Of a replica that refills read: its commits, too, have to become visible in the primary's order. */
export const replicaFindings = (settings: ServerSettings): readonly Finding[] => {
  const order = settings.get('replica_preserve_commit_order') ?? settings.get('slave_preserve_commit_order')
  const workers = Number(settings.get('replica_parallel_workers') ?? settings.get('slave_parallel_workers') ?? 0)
  if (order !== 'OFF' || workers <= 1) return []
  return [
    {
      level: 'error',
      code: 'BINLOG_ORDER',
      message:
        'replica_preserve_commit_order is OFF on the replica that refills read; run there:' +
        ' STOP REPLICA SQL_THREAD; SET GLOBAL replica_preserve_commit_order = ON; START REPLICA SQL_THREAD',
    },
  ]
}
