/** What is to be done outside the configuration, as a text to read and to paste from. Pure. */
import { sqlTable } from '../databases/mysql/sql-name.js'
import { aboutRows, passwordVariable, wideHost } from './config-text.js'
import type { Proposal, ProposedBoard } from './proposal.js'

export const stepsText = (proposal: Proposal): string => {
  const steps = [
    databaseStep(proposal),
    serverStep(proposal),
    canalStep(proposal),
    topicStep(proposal),
    runStep(proposal),
  ]
  return [summary(proposal), ...steps.map((step, i) => `${i + 1}. ${step}`)].join('\n\n').concat('\n')
}

const summary = ({ boards, refused, tables, database, host, port, server }: Proposal): string => {
  const columns = boards.map(({ name, database: schema, table, score, rows, chosen }) => [
    chosen ? '*' : ' ',
    name,
    `${schema}.${table}.${score}`,
    aboutRows(rows),
  ])
  const widths = [1, 2].map((i) => Math.max(...columns.map((cells) => cells[i]?.length ?? 0)))
  const lines = columns.map(([mark = '', name = '', path = '', rows = '']) =>
    `  ${mark} ${name.padEnd(widths[0] ?? 0)}  ${path.padEnd(widths[1] ?? 0)}  ${rows}`.trimEnd(),
  )
  const all = boards.every(({ chosen }) => chosen)
  return [
    `${database ?? host} (${server.product} ${server.version} at ${wideHost(host)}:${port}): ${tables} table(s), ${boards.length} column(s) to rank by`,
    ...lines,
    ...(all ? [] : ['  (* is in the file, the others as comments; --board NAME or --board NAME=TABLE.COLUMN chooses)']),
    ...refused.map(({ table, reason }) => `  left out: ${table}: ${reason}`),
  ].join('\n')
}

const indented = (lines: readonly string[]): string => lines.map((line) => `   ${line}`).join('\n')

const chosenOf = ({ boards }: Proposal): readonly ProposedBoard[] => boards.filter(({ chosen }) => chosen)

/** The tables of the chosen boards, each once. */
const tablesOf = (proposal: Proposal): readonly ProposedBoard[] => [
  ...new Map(chosenOf(proposal).map((board) => [sqlTable(board), board])).values(),
]

const databaseStep = (proposal: Proposal): string => {
  const indexes = chosenOf(proposal).flatMap(({ index }) => (index.kind === 'missing' ? [`${index.sql};`] : []))
  const { grants, account, powerful } = proposal
  const own = [
    `-- ${account} may do more than ranktide needs. A user of its own (set MYSQL_USER=ranktide then):`,
    "CREATE USER IF NOT EXISTS 'ranktide'@'%' IDENTIFIED BY 'choose one';",
    ...tablesOf(proposal).map((table) => `GRANT SELECT ON ${sqlTable(table)} TO 'ranktide'@'%';`),
    `GRANT CREATE, SELECT, INSERT, UPDATE ON ${sqlTable(proposal.marker)} TO 'ranktide'@'%';`,
  ]
  return [
    'In the database, as an administrator:',
    indented([
      ...(indexes.length === 0 ? ['-- Every board has its index.'] : indexes),
      ...(grants.length === 0 && !powerful ? [`-- ${account} has the rights that ranktide needs.`] : []),
      ...grants.map((grant) => `${grant};`),
      ...(powerful ? own : []),
      "-- Canal's user, if there is none:",
      "CREATE USER IF NOT EXISTS 'canal'@'%' IDENTIFIED BY 'choose another';",
      "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'canal'@'%';",
    ]),
  ].join('\n')
}

const serverStep = ({ binlog: { findings, lines } }: Proposal): string => {
  if (findings.length === 0) return 'The binary log is set as it has to be.'
  return [
    'The binary log does not carry what boards need:',
    indented(findings.map(({ message }) => `${message}`)),
    '   and in my.cnf, so that it stays (log_bin needs a restart):',
    indented(['[mysqld]', ...lines]),
  ].join('\n')
}

/** A name in a pattern of Canal's, in a properties file: there a backslash is written twice. */
const pattern = (database: string, table: string): string =>
  [database, table].map((name) => name.replace(/[.$^*+?()[\]{}|\\]/g, (character) => `\\\\${character}`)).join('\\\\.')

const canalStep = (proposal: Proposal): string => {
  const { host, port, topic, marker, begin, brokers, database } = proposal
  const tables = [...tablesOf(proposal), marker].map((one) => pattern(one.database, one.table))
  const beginning =
    begin === undefined
      ? []
      : [
          '# Canal cannot ask this server where its log stands (SHOW BINARY LOG STATUS tells):',
          `canal.instance.master.journal.name = ${begin === 'unknown' ? 'FILE' : begin.file}`,
          `canal.instance.master.position = ${begin === 'unknown' ? 'POSITION' : begin.position}`,
        ]
  return [
    `Canal, conf/${database ?? 'example'}/instance.properties:`,
    indented([
      `canal.instance.master.address = ${wideHost(host)}:${port}`,
      ...beginning,
      'canal.instance.dbUsername = canal',
      'canal.instance.dbPassword = …',
      'canal.instance.connectionCharset = UTF-8',
      'canal.instance.tsdb.enable = true',
      "# The boards' tables, and ranktide's marker table into the same topic:",
      `canal.instance.filter.regex = ${tables.join(',')}`,
      `canal.mq.topic = ${topic}`,
      '# One partition keeps the order of the binary log:',
      'canal.mq.partition = 0',
    ]),
    '   and conf/canal.properties:',
    indented([
      'canal.serverMode = kafka',
      'canal.mq.flatMessage = true',
      'canal.instance.filter.query.ddl = false',
      `kafka.bootstrap.servers = ${brokers ?? 'localhost:9092'}`,
      'kafka.acks = all',
    ]),
  ].join('\n')
}

const topicStep = ({ topic, brokers }: Proposal): string =>
  [
    'Kafka, if the topic does not exist:',
    indented([
      `kafka-topics.sh --bootstrap-server ${brokers ?? 'localhost:9092'} --create --topic ${topic} --partitions 1`,
    ]),
  ].join('\n')

const runStep = ({ file }: Proposal): string => {
  const option = file === undefined || file === 'ranktide.yaml' ? '' : ` --config ${file}`
  return [
    `With the password in ${passwordVariable}:`,
    indented([`ranktide config check --connect${option}`, `ranktide run${option}`]),
  ].join('\n')
}
