// `ranktide doctor` as a user runs it: a stack that is well, and then one fault after the other, each of which has to be
// told in its line, with what to do about it.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../../src/cli/program.js'
import { diagnose } from '../../src/operate/doctor.js'
import { closedPort } from '../support/closed-port.js'
import { command, type Ended } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { send, TestTopics } from '../support/kafka-server.js'
import { MariadbServer } from '../support/mariadb-server.js'
import { openSandbox } from '../support/mysql-sandbox.js'
import { programActions } from '../support/program-actions.js'
import { RedisServer } from '../support/redis-server.js'
import { canalTopic, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const topics = new TestTopics()
const prefix = `doctor-${randomUUID().slice(0, 8)}`
let table: Interactives
let redis: RedisServer

beforeAll(async () => {
  table = await Interactives.create('mysql')
  await table.insert(acceptanceRows)
  redis = await RedisServer.start()
})
afterAll(async () => {
  await topics.close()
  await redis?.down()
  await table?.drop()
})

interface Setting {
  readonly database?: string
  readonly redis?: string
  readonly topic?: string
  readonly table?: string
  readonly kafka?: string
  readonly more?: string
}

const yaml = (setting: Setting = {}): string => `
kafka: { brokers: '${setting.kafka ?? stack.kafka}', group: ${prefix} }
database: { url: '${setting.database ?? databaseUrl('mysql', 'webook')}' }
redis: { url: '${setting.redis ?? redis.url}', prefix: ${prefix} }
http: { port: 0 }
boards:
  likes:
    topic: ${setting.topic ?? canalTopic('mysql', 'webook')}
    table: ${setting.table ?? `webook.${table.table}`}
    score: like_cnt
${setting.more ?? ''}`

/** The built program, in a process of its own. */
const built = (setting: Setting = {}, ...words: string[]): Promise<Ended> =>
  command(['doctor', ...words], yaml(setting))

/** The same in this process, which is faster. */
const doctor = async (setting: Setting = {}, ...words: string[]): Promise<Ended> => {
  const folder = await mkdtemp(join(tmpdir(), 'ranktide-doctor-'))
  const file = join(folder, 'ranktide.yaml')
  await writeFile(file, yaml(setting))
  let [out, error] = ['', '']
  const actions = programActions({
    diagnose,
    out: (text) => {
      out += text
    },
    error: (text) => {
      error += text
    },
  })
  const code = await runProgram(actions, ['doctor', ...words, '--config', file])
  await rm(folder, { recursive: true })
  return { code, out, error }
}

/** The line that begins so, and the advice below it, if there is any. */
const told = ({ out }: Ended, beginning: string): string => {
  const lines = out.split('\n')
  const at = lines.findIndex((line) => line.startsWith(beginning))
  if (at < 0) throw new Error(`no line begins with ${beginning}:\n${out}`)
  const next = lines[at + 1] ?? ''
  return next.startsWith('   → ') ? `${lines[at]}\n${next}` : (lines[at] ?? '')
}

const change = (): Promise<void> => table.sql(`UPDATE ${table.table} SET like_cnt = like_cnt + 1 WHERE id = 10`)

describe('a stack that is well', () => {
  let worker: WorkerProcess
  beforeAll(async () => {
    worker = await WorkerProcess.start(yaml())
    await until('the worker is ready', () => worker.ready(), 60_000)
    // The topic is shared with other tables: those have to be among its last messages, and ours too.
    await change()
  })
  afterAll(() => worker?.stop())

  test('every line is a plus, the marker comes back, and the exit code is 0', async () => {
    const ended = await built()
    expect(ended).toMatchObject({ code: 0, error: '' })
    const lines = ended.out.split('\n').filter((line) => line.startsWith('['))
    expect(lines.filter((line) => !line.startsWith('[+]'))).toEqual([])
    expect(lines.length).toBeGreaterThan(20)
    expect(ended.out).toMatch(/^\[\+\]end to end mysql\.webook a marker came back after \d+ ms/m)
    expect(ended.out).toMatch(/^\[\+\]board likes exact, 10 member/m)
    expect(ended.out).toMatch(/^Well: all \d+ checks\.$/m)
  })

  test('the JSON says the same, and headings stand in the order in which an event travels', async () => {
    const ended = await doctor({}, '--json', '--no-marker')
    const diagnosis = JSON.parse(ended.out)
    expect(diagnosis).toMatchObject({ errors: 0, warnings: 0 })
    const titles = diagnosis.sections.map(({ title }: { title: string }) => title)
    expect(titles).toEqual(['Configuration', 'Database', 'Canal', 'Kafka', 'Redis', 'Workers'])
    const canal = diagnosis.sections[2].findings
    expect(canal.at(-1)).toEqual({
      name: 'end to end',
      level: 'not-asked',
      detail: 'not asked: no marker is to be written (--no-marker)',
    })
  })
})

test('a wrong password: what needs the database is not asked, and no password is shown', async () => {
  const url = new URL(databaseUrl('mysql', 'webook'))
  url.password = 'hunter2secret'
  const ended = await doctor({ database: url.href })
  expect(ended.code).toBe(1)
  expect(told(ended, '[-]database ')).toMatch(/DATABASE_DENIED.*\n {3}→ correct user and password in database\.url/)
  expect(ended.out).toMatch(/^\[ \]board likes not asked/m)
  expect(ended.out).toMatch(/^\[ \]end to end not asked/m)
  // What does not need it is asked all the same.
  expect(ended.out).toMatch(/^\[\+\]brokers /m)
  expect(ended.out + ended.error).not.toContain('hunter2')
})

test('a table that is not there: the one that was meant, and the grant', async () => {
  const ended = await doctor({ table: `webook.${table.table}x` }, '--no-marker')
  expect(ended.code).toBe(1)
  const line = told(ended, '[-]board likes TABLE_MISSING')
  expect(line).toContain(`did you mean ${table.table}?`)
  expect(line).toContain(
    `boards.likes.table; if it is there, run: GRANT SELECT ON \`webook\`.\`${table.table}x\` TO 'app'@'127.0.0.1'`,
  )
})

test('a user who may write no marker: the grant to paste', async () => {
  const ended = await doctor({ database: databaseUrl('mysql', 'webook', 'reader') })
  expect(told(ended, '[!]marker ')).toMatch(
    /→ run: GRANT CREATE, SELECT, INSERT, UPDATE ON `webook`\.`ranktide_marker` TO 'reader'@'127\.0\.0\.1'$/,
  )
  expect(ended.out).toMatch(/^\[ \]end to end not asked/m)
})

test('messages without full row images are counted by their code, with the setting', async () => {
  const connection = await table.connection.getConnection()
  try {
    await connection.query("SET SESSION binlog_row_image = 'MINIMAL'")
    await connection.query(`UPDATE ${table.table} SET like_cnt = like_cnt + 1 WHERE id = 11`)
    await connection.query("SET SESSION binlog_row_image = 'FULL'")
  } finally {
    connection.release()
  }
  let ended = await doctor()
  await until('Canal has sent it', async () => {
    ended = await doctor({}, '--no-marker')
    return /^\[-\]decoding/m.test(ended.out)
  })
  expect(ended.code).toBe(1)
  expect(told(ended, '[-]decoding ')).toMatch(/1 ROW_IMAGE\n.*SET GLOBAL binlog_row_image = 'FULL'/)
})

describe('topics that Canal does not write', () => {
  test('one that is not there: the name that was meant', async () => {
    const ended = await doctor({ topic: 'mysql.webok' })
    expect(told(ended, '[-]topic mysql.webok ')).toMatch(/KAFKA_TOPIC.*\n {3}→ did you mean mysql\.webook\?/)
    expect(ended.code).toBe(1)
  })

  test('a silent one: the marker is in the binary log, and does not come back', async () => {
    const topic = await topics.create(1)
    const ended = await doctor({ topic }, '--seconds', '1')
    expect(ended.code).toBe(1)
    expect(told(ended, `[!]messages ${topic} `)).toContain('holds none')
    const line = told(ended, `[-]end to end ${topic} `)
    expect(line).toMatch(/did not come back within 1 s; the binary log moved \(.+:\d+\), and the topic is silent\n/)
    expect(line).toContain('→ see whether Canal runs')
  })

  test('garbage, and messages of other tables', async () => {
    const [garbage, others] = [await topics.create(1), await topics.create(1)]
    await send(garbage, [
      { partition: 0, value: 'hello' },
      { partition: 0, value: Buffer.from([255, 254]) },
    ])
    const other = {
      type: 'INSERT',
      database: 'webook',
      table: `${table.table}_`,
      isDdl: false,
      data: [{ id: '1' }],
      sql: '',
    }
    await send(others, [{ partition: 0, value: JSON.stringify(other) }])
    const [first, second] = await Promise.all([garbage, others].map((topic) => doctor({ topic }, '--no-marker')))
    if (first === undefined || second === undefined) throw new Error('not asked')
    expect(told(first, `[-]messages ${garbage} `)).toMatch(
      /none is one of Canal's.*\n {3}→ set canal\.mq\.flatMessage=true/,
    )
    expect(told(second, `[!]changes webook.${table.table} `)).toMatch(
      new RegExp(`→ did you mean webook\\.${table.table}_\\? .*canal\\.instance\\.filter\\.regex`),
    )
  })
})

test('a server with MINIMAL images that nobody reads, and a user without a right', async () => {
  const server = await MariadbServer.start(
    '--log-bin=bin',
    '--server-id=7',
    '--binlog-format=ROW',
    '--binlog-row-image=MINIMAL',
  )
  try {
    await server.sql(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.items (id BIGINT PRIMARY KEY, like_cnt BIGINT, KEY (like_cnt))',
      "CREATE USER app@'127.0.0.1' IDENTIFIED BY 'x'",
      "GRANT SELECT, INSERT, UPDATE, CREATE ON shop.* TO app@'127.0.0.1'",
      "GRANT PROCESS ON *.* TO app@'127.0.0.1'",
      "CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'x'",
      "GRANT INSERT ON shop.* TO poor@'127.0.0.1'",
    )
    const [app, poor] = await Promise.all([
      doctor({ database: server.url('app:x', 'shop'), table: 'shop.items' }, '--no-marker'),
      doctor({ database: server.url('poor:x', 'shop'), table: 'shop.items' }, '--no-marker'),
    ])
    expect(told(app, '[-]BINLOG_FORMAT ')).toMatch(
      /binlog_row_image is MINIMAL\n {3}→ run: SET GLOBAL binlog_row_image = 'FULL'/,
    )
    expect(told(app, '[!]readers of the binlog ')).toMatch(/nobody reads.*\n {3}→ start Canal/)
    expect(told(app, '[+]marker ')).toContain('ranktide run makes it')
    expect(poor.out).toContain("GRANT SELECT ON `shop`.`items` TO 'poor'@'127.0.0.1'")
    expect(poor.code).toBe(1)
  } finally {
    await server.close()
  }
})

describe('Redis', () => {
  test('one that evicts, with nobody holding the lease and a key of somebody else', async () => {
    const small = await RedisServer.start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
    const client = small.client()
    try {
      await client.set(`${prefix}:{likes}`, 'mine')
      const ended = await doctor({ redis: small.url }, '--no-marker')
      expect(told(ended, '[!]redis memory ')).toMatch(
        /allkeys-lru.*\n {3}→ run: CONFIG SET maxmemory-policy noeviction/,
      )
      expect(told(ended, '[!]lease mysql.webook ')).toMatch(
        /nobody owns the feed: likes.*\n {3}→ start one: ranktide run/,
      )
      expect(told(ended, '[-]board likes ')).toMatch(/holds a string that is no board\n {3}→ if nobody needs it: DEL/)
      expect(await client.keys('*')).toEqual([`${prefix}:{likes}`])
      expect(ended.code).toBe(1)
    } finally {
      client.disconnect()
      await small.down()
    }
  })

  test('a user who may only read, and one of another prefix', async () => {
    const client = redis.client()
    await client.call(
      'ACL',
      'SETUSER',
      'viewer',
      'on',
      '>x',
      '~*',
      '&*',
      '+@read',
      '+@connection',
      '+info',
      '+@scripting',
      '+time',
    )
    await client.call('ACL', 'SETUSER', 'stranger', 'on', '>x', '~other:*', '+@all')
    client.disconnect()
    const as = (name: string) => doctor({ redis: redis.url.replace('//', `//${name}:x@`) }, '--no-marker')
    const [viewer, stranger] = await Promise.all([as('viewer'), as('stranger')])
    expect(told(viewer, '[-]redis rights ')).toMatch(
      /SET PEXPIRE DEL HDEL ZADD ZREM PUBLISH .*\n {3}→ run: ACL SETUSER .*\+zadd/,
    )
    expect(stranger.out).toMatch(/^\[-\]redis rights /m)
    expect([viewer.code, stranger.code]).toEqual([1, 1])
  })
})

test('servers that are away: each is told once, within seconds, and what needs them is not asked', async () => {
  const port = await closedPort()
  const begin = performance.now()
  const ended = await doctor({
    database: `mysql://app:app@127.0.0.1:${port}/webook`,
    redis: `redis://127.0.0.1:${port}`,
    kafka: `127.0.0.1:${port}`,
  })
  expect(performance.now() - begin).toBeLessThan(30_000)
  expect(ended.code).toBe(1)
  for (const name of ['database DATABASE_UNREACHABLE', 'brokers KAFKA_UNREACHABLE', 'redis REDIS_UNREACHABLE'])
    expect(told(ended, `[-]${name}`)).toContain('\n   → start ')
  expect(ended.out.match(/^\[-\]/gm)).toHaveLength(3)
  expect(ended.out).toMatch(/^Not well: 3 wrong, 0 doubtful/m)
})

test('counters without their migration, and a topic of theirs that is not there', async () => {
  const sandbox = await openSandbox('mariadb', 'doctor')
  try {
    await sandbox.run(
      'CREATE TABLE items (id BIGINT PRIMARY KEY, biz VARCHAR(64) NOT NULL, biz_id BIGINT NOT NULL, read_cnt BIGINT NOT NULL DEFAULT 0, UNIQUE KEY (biz, biz_id))',
    )
    const ended = await command(
      ['doctor'],
      `
kafka: { brokers: '${stack.kafka}', group: ${prefix} }
database: { url: '${sandbox.url}' }
http: { port: 0 }
counters: { reads: { topic: ${prefix}.reads, table: items, key: [biz, biz_id], add: { read_cnt: 1 } } }
`,
    )
    expect(told(ended, '[-]MIGRATION_MISSING ')).toMatch(/consumer_offsets.*\n {3}→ run: ranktide migrate/)
    expect(told(ended, `[-]topic ${prefix}.reads `)).toContain('KAFKA_TOPIC')
    expect(ended.code).toBe(1)
  } finally {
    await sandbox.close()
  }
})
