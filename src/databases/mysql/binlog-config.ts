/** The lines of `my.cnf` that keep a server's binary log as boards need it, for those settings that are not. Pure. */
import type { ServerSettings } from './binlog-findings.js'

/** Setting, what it has to be, and the line that makes it so. A server that does not know a setting needs none. */
const needed: readonly (readonly [setting: string, value: string, line: string])[] = [
  ['binlog_format', 'ROW', 'binlog_format = ROW'],
  ['binlog_row_image', 'FULL', 'binlog_row_image = FULL'],
  ['binlog_row_value_options', '', 'binlog_row_value_options ='],
  ['binlog_order_commits', 'ON', 'binlog_order_commits = ON'],
]

/** Without the section's head, `[mysqld]`; empty where nothing is wrong. */
export const binlogConfig = (settings: ServerSettings): readonly string[] => [
  ...(settings.get('log_bin') === 'OFF' ? ['log_bin = mysql-bin', 'server_id = 1  # another one on each server'] : []),
  ...needed.filter(([setting, value]) => (settings.get(setting) ?? value) !== value).map(([, , line]) => line),
]
