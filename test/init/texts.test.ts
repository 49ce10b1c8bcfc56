// The texts that init writes, whole: test/init/golden. After a change that is meant, delete a file there, run, and read it.
import { describe, expect, test } from 'vitest'
import { configText } from '../../src/init/config-text.js'
import type { Proposal, ProposedBoard } from '../../src/init/proposal.js'
import { stepsText } from '../../src/init/steps-text.js'
import { parseConfig } from '../../src/runtime/load-config.js'

const likes: ProposedBoard = {
  name: 'likes',
  database: 'webook',
  table: 'interactives',
  score: 'like_cnt',
  key: undefined,
  columns: ['biz_id', 'biz', 'read_cnt', 'like_cnt'],
  others: ['ctime', 'utime'],
  rows: 1_234_567,
  index: { kind: 'missing', sql: 'CREATE INDEX `ranktide_likes` ON `webook`.`interactives` (`like_cnt`)' },
  chosen: true,
}
const reads: ProposedBoard = {
  ...likes,
  name: 'reads',
  score: 'read_cnt',
  index: { kind: 'there', name: 'read_cnt' },
  chosen: false,
}
/** A reader of one database, on a server as it should be. */
const reader: Proposal = {
  server: { product: 'MariaDB', version: '10.11.6' },
  host: 'db.example.com',
  port: 3306,
  database: 'webook',
  user: 'reader',
  account: "'reader'@'%'",
  powerful: false,
  boards: [likes, reads],
  refused: [{ table: 'webook.log', reason: 'has no primary key' }],
  tables: 3,
  topic: 'webook.interactives',
  brokers: undefined,
  redis: undefined,
  marker: { database: 'webook', table: 'ranktide_marker' },
  grants: ["GRANT CREATE, SELECT, INSERT, UPDATE ON `webook`.`ranktide_marker` TO 'reader'@'%'"],
  binlog: { findings: [], lines: [] },
  begin: undefined,
  file: undefined,
}
/** An administrator of a new MySQL with a wrong log, names that need quoting, two tables, everything said. */
const admin: Proposal = {
  ...reader,
  server: { product: 'MySQL', version: '8.4.2' },
  host: '::1',
  port: 3307,
  database: undefined,
  user: 'ro@ot',
  account: "'ro@ot'@'localhost'",
  powerful: true,
  boards: [
    { ...likes, name: 'null', database: 'shop-1', table: 'a$b', key: ['true', 'no'], columns: ['like_cnt'], rows: 7 },
    { ...likes, name: 'views', table: 'articles', score: 'views', rows: 0, others: [] },
  ],
  refused: [],
  topic: 'shop-1',
  brokers: 'k1:9092,k2:9092',
  redis: `redis://default:\${REDIS_PASSWORD:-}@cache:6379/2`,
  marker: { database: 'shop-1', table: 'ranktide_marker' },
  grants: [],
  binlog: {
    findings: [{ level: 'error', code: 'BINLOG_FORMAT', message: 'binlog_format is MIXED; run: SET GLOBAL …' }],
    lines: ['binlog_format = ROW'],
  },
  begin: { file: 'binlog.000007', position: 4711 },
  file: 'boards.yaml',
}

const check = (text: string, environment: Record<string, string> = {}) => {
  const result = parseConfig(text, 'ranktide.yaml', { environment, hostname: 'pod-1' })
  if (result.kind === 'problems') throw new Error(JSON.stringify(result.problems))
  return result.config
}

describe.each([
  ['reader', reader],
  ['admin', admin],
])('%s', (name, proposal) => {
  test('the file', async () => {
    await expect(configText(proposal)).toMatchFileSnapshot(`golden/${name}.yaml`)
  })

  test('the steps', async () => {
    await expect(stepsText(proposal)).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  test('config check has nothing to say of the file, and reads from it what was proposed', () => {
    const { boards } = check(configText(proposal))
    expect(boards.map(({ name, table, score, key, columns }) => ({ name, ...table, score, key, columns }))).toEqual(
      proposal.boards
        .filter(({ chosen }) => chosen)
        .map(({ name, database, table, score, key, columns }) => ({ name, database, table, score, key, columns })),
    )
  })
})

test('the boards that are comments are boards once the "# " is off their lines', () => {
  const text = configText(reader).replace(/^ {2}# ((?:#| ).*|\S+:)$/gm, '  $1')
  expect(check(text).boards.map(({ name, score }) => [name, score])).toEqual([
    ['likes', 'like_cnt'],
    ['reads', 'read_cnt'],
  ])
})

test('user and password come from variables', () => {
  expect(check(configText(reader)).database.url).toBe('mysql://reader:@db.example.com:3306/webook')
  const environment = { MYSQL_USER: 'app', MYSQL_PASSWORD: 'p%40ss', REDIS_PASSWORD: 'r' }
  expect(check(configText(admin), environment)).toMatchObject({
    database: { url: 'mysql://app:p%40ss@[::1]:3307' },
    redis: { connection: { url: 'redis://default:r@cache:6379/2' } },
  })
})
