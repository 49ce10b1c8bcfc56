/** The proposed `ranktide.yaml`, with comments. Pure. */
import { stringify } from 'yaml'
import { someOf } from '../databases/mysql/describe-table.js'
import type { Proposal, ProposedBoard } from './proposal.js'

/** The variables that stand for passwords: they are never written into the file. */
export const passwordVariable = 'MYSQL_PASSWORD'

const scalar = (text: string): string => stringify(text, { lineWidth: 0 }).trimEnd()

const list = (names: readonly string[]): string => `[${names.map(scalar).join(', ')}]`

/** As it stands before a port: an IPv6 address in brackets. */
export const wideHost = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** `about 1,200,000 rows`: two digits, which is more than the server's statistics are good for. */
export const aboutRows = (rows: number): string => {
  if (rows < 100) return rows === 0 ? 'no rows yet' : `about ${rows} row(s)`
  const step = 10 ** (Math.floor(Math.log10(rows)) - 1)
  return `about ${(Math.round(rows / step) * step).toLocaleString('en-US')} rows`
}

export const configText = (proposal: Proposal): string => {
  const { server, host, port, database, user } = proposal
  const where = `${database ?? 'the databases'} at ${wideHost(host)}:${port} (${server.product} ${server.version})`
  const chosen = proposal.boards.filter((board) => board.chosen)
  const others = proposal.boards.filter((board) => !board.chosen)
  const account = `\${MYSQL_USER:-${encodeURIComponent(user)}}:\${${passwordVariable}:-}`
  const url = `mysql://${account}@${wideHost(host)}:${port}/${encodeURIComponent(database ?? '')}`
  return [
    `# Proposed by "ranktide init" from ${where}.`,
    '# ranktide config check --connect  tells what is still missing, ranktide run  keeps the boards.',
    '',
    'kafka:',
    `  # Where Canal writes: host:port, several separated by commas.${proposal.brokers === undefined ? ' (--kafka)' : ''}`,
    `  brokers: ${scalar(proposal.brokers ?? 'localhost:9092')}`,
    '  # The name under which offsets are committed; nobody else may use it.',
    '  group: ranktide',
    '',
    'database:',
    `  # The server whose binary log Canal reads. The password comes from the variable ${passwordVariable}, with special`,
    '  # characters percent-encoded (@ is %40).',
    `  url: ${scalar(url.replace(/\/$/, ''))}`,
    '',
    'redis:',
    ...(proposal.redis === undefined
      ? ['  # Where boards are published. (--redis)']
      : ['  # Where boards are published.']),
    `  url: ${scalar(proposal.redis ?? 'redis://localhost:6379')}`,
    '',
    '# GET /boards/NAME; 0.0.0.0 in a container.',
    'http:',
    '  host: 127.0.0.1',
    '  port: 8081',
    '',
    'boards:',
    ...chosen.flatMap((board, i) => [...(i === 0 ? [] : ['']), ...boardLines(board, proposal.topic, i === 0)]),
    ...(others.length === 0
      ? []
      : [
          '',
          '  # Further columns that look like counters. To keep a board of one, take the "# " off its lines, and see to it that',
          "  # Canal's filter has its table.",
        ]),
    ...others.flatMap((board) => ['', ...boardLines(board, proposal.topic, false).map(asComment)]),
    '',
  ].join('\n')
}

/** Indented as in the mapping `boards`. */
const boardLines = (board: ProposedBoard, topic: string, explained: boolean): readonly string[] => {
  const index =
    board.index.kind === 'there'
      ? `the index ${oneLine(board.index.name)} serves it`
      : 'it needs an index (CREATE INDEX)'
  const why = (text: string): readonly string[] => (explained ? [`    # ${text}`] : [])
  return [
    `  # ${board.database}.${board.table}: ${aboutRows(board.rows)}; ${index}.`,
    `  ${scalar(board.name)}:`,
    ...why('The topic that carries the changes of the table.'),
    `    topic: ${scalar(topic)}`,
    `    table: ${scalar(`${board.database}.${board.table}`)}`,
    ...(board.key === undefined ? [] : [`    key: ${list(board.key)}`]),
    ...why('What ranks, the greatest first (order: asc turns it); NULL is not ranked.'),
    `    score: ${scalar(board.score)}`,
    '    size: 10',
    ...why('What readers see beside the key.'),
    ...(explained && board.others.length > 0 ? [`    # The table also has: ${oneLine(someOf(board.others))}`] : []),
    `    columns: ${list(board.columns)}`,
  ]
}

/** A comment inside stays one when the "# " is taken off. */
const asComment = (line: string): string => `  # ${line.slice(2)}`

/** Names may hold anything; a comment ends with its line. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ')
