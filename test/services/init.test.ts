// `ranktide init` against real servers: what it proposes to a user who may only SELECT is pasted, checked and run.
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ranktide } from '../support/command.js'
import { acceptanceRows, Interactives } from '../support/interactives.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'
import { canalTopic, databaseUrl, stack } from '../support/stack.js'
import { until } from '../support/until.js'
import { WorkerProcess } from '../support/worker-process.js'

const password = 'hunter%2B2'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ranktide-init-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(databaseNames)('a proposal for %s, followed', (server) => {
  const user = `init_${randomUUID().slice(0, 8)}`
  let table: Interactives
  let url: string
  let file: string

  beforeAll(async () => {
    table = await Interactives.create(server)
    await table.insert(acceptanceRows)
    await table.sql(`ALTER TABLE ${table.table} DROP INDEX like_cnt`)
    await table.sql(`CREATE USER ${user}@'127.0.0.1' IDENTIFIED BY 'hunter+2'`)
    await table.sql(`GRANT SELECT ON webook.${table.table} TO ${user}@'127.0.0.1'`)
    url = Object.assign(new URL(databaseUrl(server, 'webook')), { username: user, password }).href
    file = join(folder, `${server}.yaml`)
  })
  afterAll(async () => {
    await table?.sql(`DROP USER ${user}@'127.0.0.1'`)
    await table?.drop()
  })

  let steps: string
  const environment = { MYSQL_PASSWORD: password }

  test('it is written, names no password, and config check accepts it as it is', async () => {
    const addresses = ['--topic', canalTopic(server, 'webook'), '--kafka', stack.kafka, '--redis', stack.redis]
    const proposed = await ranktide(['init', url, '--output', file, '--board', 'likes', ...addresses])
    expect(proposed).toMatchObject({ code: 0, out: '' })
    steps = proposed.error
    expect(steps).toContain(`* likes`)
    expect(steps + (await readFile(file, 'utf8'))).not.toContain('hunter')
    expect(await ranktide(['config', 'check', '--config', file])).toMatchObject({
      code: 0,
      out: `likes: top 10 of webook.${table.table} by like_cnt desc, from topic ${canalTopic(server, 'webook')}\n`,
    })
  })

  test('it is not overwritten, but with --force', async () => {
    const again = await ranktide(['init', url, '--output', file])
    expect(again).toEqual({
      code: 2,
      out: '',
      error: `ranktide init: --output ${file}: the file exists; --force overwrites it\n`,
    })
    const before = await readFile(file, 'utf8')
    const copy = join(folder, `${server}-copy.yaml`)
    await writeFile(copy, 'mine')
    expect(await ranktide(['init', url, '--output', copy, '--force'])).toMatchObject({ code: 0 })
    expect(await readFile(copy, 'utf8')).not.toBe('mine')
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('without its statements config check --connect warns, and with them it is content', async () => {
    const before = await ranktide(['config', 'check', '--connect', '--config', file], environment)
    expect(before.code).toBe(0)
    expect(before.out).toMatch(/^\[!\]INDEX_MISSING .*CREATE INDEX/m)
    expect(before.out).toMatch(/^\[!\]marker .*GRANT CREATE/m)
    const statements = steps.match(new RegExp(`^ +(CREATE INDEX .*|GRANT .* TO '${user}'@'127\\.0\\.0\\.1');$`, 'gm'))
    expect(statements).toHaveLength(2)
    for (const statement of statements ?? []) await table.sql(statement)
    const after = await ranktide(['config', 'check', '--connect', '--config', file], environment)
    expect(after.code).toBe(0)
    expect(after.out).not.toMatch(/^\[[!-]\]/m)
    const { error } = await ranktide(['init', url, '--table', table.table])
    expect(error).toContain(`-- Every board has its index.`)
    expect(error).toContain(`-- '${user}'@'127.0.0.1' has the rights that ranktide needs.`)
  })

  test('the board that it names is exact, and moves', async () => {
    const yaml = (await readFile(file, 'utf8'))
      .replace('port: 8081', 'port: 0')
      .replace('group: ranktide', `group: ${user}`)
      .replace('\nredis:\n', `\nredis:\n  prefix: ${user}\n`)
    const worker = await WorkerProcess.start(yaml, environment)
    try {
      await until('an exact board', async () => (await worker.board('likes')).state === 'exact', 30_000)
      expect((await worker.board('likes', '?limit=1')).body).toContain('"id":78,')
      await table.sql(`UPDATE ${table.table} SET like_cnt = 700 WHERE id = 58`)
      await until('the board moves', async () => (await worker.board('likes', '?limit=1')).body.includes('"id":58,'))
      expect((await worker.board('likes')).state).toBe('exact')
    } finally {
      await worker.stop()
    }
  })

  test('the filter for Canal names the table and the marker table', () => {
    const filter = /^ +canal\.instance\.filter\.regex = (.*)$/m.exec(steps)?.[1]
    expect(filter).toBe(`webook\\\\.${table.table},webook\\\\.ranktide_marker`)
  })
})

describe.each(databaseNames)('what %s has', (server) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(server, 'init')
    await sandbox.run(
      'CREATE TABLE articles (id BIGINT PRIMARY KEY, title VARCHAR(80), views INT, body TEXT, extra JSON)',
      'CREATE TABLE slugs (slug VARCHAR(20) CHARACTER SET ascii NOT NULL, hits INT, UNIQUE KEY by_slug (slug))',
      'CREATE TABLE keyless (likes INT)',
      'CREATE TABLE old (id INT PRIMARY KEY, likes INT) ENGINE=MyISAM',
      'CREATE TABLE settings (id INT PRIMARY KEY, page_size INT)',
      'CREATE VIEW hot AS SELECT id, views FROM articles',
    )
  })
  afterAll(() => sandbox.close())

  const init = (...line: string[]) => ranktide(['init', ...line])
  const told = async (...line: string[]) => {
    const { code, out, error } = await init(...line)
    expect(out).toBe('')
    return `${code} ${error.trim()}`
  }
  const withoutDatabase = () => Object.assign(new URL(sandbox.readerUrl), { pathname: '/' }).href

  test('tables that boards cannot be kept of are left out, with the reason', async () => {
    const { code, out, error } = await init(sandbox.readerUrl)
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}views:$/m)
    expect(out).toMatch(/^ {4}columns: \[title, views\]$/m)
    expect(out).toMatch(/^ {2}# {3}key: \[slug\]$/m)
    expect(error).toMatch(/left out: \S+\.keyless: has no primary key/)
    expect(error).toMatch(/left out: \S+\.old: is MyISAM/)
    expect(error).not.toContain('settings')
  })

  test('without a database in the URL all are looked at', async () => {
    const { code, out } = await init(withoutDatabase(), '--table', `${sandbox.database}.slugs`)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^ {4}table: ${sandbox.database}\\.slugs$`, 'm'))
    expect(out).toMatch(/^ {4}key: \[slug\]$/m)
  })

  test('an administrator is told to use a user with fewer rights', async () => {
    const { error } = await init(sandbox.url)
    expect(error).toMatch(/-- 'app'@'127\.0\.0\.1' may do more than ranktide needs/)
    expect(error).toMatch(/^ +GRANT SELECT ON `\w+`\.`articles` TO 'ranktide'@'%';$/m)
  })

  test('where the binary log has to be followed from is told where Canal cannot ask', async () => {
    const { error } = await init(sandbox.url)
    if (server === 'mariadb') return expect(error).not.toContain('journal.name')
    expect(error).toMatch(
      /canal\.instance\.master\.journal\.name = \S+\.\d+\n +canal\.instance\.master\.position = \d+/,
    )
    const { error: asReader } = await init(sandbox.readerUrl)
    expect(asReader).toContain('canal.instance.master.journal.name = FILE')
  })

  test.each<[string, () => string[], RegExp]>([
    [
      'an unknown database',
      () => [`${sandbox.readerUrl}x`],
      /^1 ranktide: .*Unknown database '\w+x' \(1049\); did you mean \w+\?$/,
    ],
    [
      'an unknown table',
      () => [sandbox.readerUrl, '--table', 'article'],
      /^1 ranktide: TABLE_MISSING: there is no such table: article; did you mean articles\?$/,
    ],
    [
      'a table without a key',
      () => [sandbox.readerUrl, '--table', 'keyless'],
      /^1 ranktide: KEY_NOT_UNIQUE: the key is not a unique key .*keyless has no primary key and no other unique key .*add one$/,
    ],
    [
      'a column that cannot rank',
      () => [sandbox.readerUrl, '--board', 'x=articles.title'],
      /^1 ranktide: .*\.title \(varchar\(80\)\): a score is an integer/,
    ],
    [
      'a misspelt column',
      () => [sandbox.readerUrl, '--board', 'x=articles.view'],
      /^1 ranktide: .*no column view: did you mean views\?$/,
    ],
    [
      'a wrong password',
      () => [sandbox.readerUrl.replace('reader:reader@', 'reader:hunter2@')],
      /^1 ranktide: DATABASE_DENIED: the database refuses the login, or a right is missing: .*Access denied for user 'reader'/,
    ],
    [
      'nobody there',
      () => ['mysql://reader:hunter2@127.0.0.1:1/webook'],
      /^1 ranktide: DATABASE_UNREACHABLE: the database cannot be reached: 127\.0\.0\.1:1: ECONNREFUSED/,
    ],
    [
      'Postgres',
      () => ['postgres://app:hunter2@127.0.0.1/webook'],
      /^2 ranktide init: postgres:\/\/ is not supported yet/,
    ],
    ['no URL', () => ['webook'], /^2 ranktide init: a database URL has the form mysql:\/\//],
  ])('%s is told in a sentence', async (_, line, sentence) => {
    const text = await told(...line())
    expect(text).toMatch(sentence)
    expect(text).not.toContain('hunter2')
    expect(text.split('\n')).toHaveLength(1)
  })

  test('a database without tables, and one without rights', async () => {
    const name = `ranktide_init_${randomUUID().slice(0, 8)}`
    await sandbox.run(`CREATE DATABASE ${name}`, `CREATE USER ${name}@'127.0.0.1' IDENTIFIED BY 'none'`)
    try {
      const empty = Object.assign(new URL(sandbox.readerUrl), { pathname: `/${name}` }).href
      expect(await told(empty)).toMatch(
        /^1 ranktide: TABLE_MISSING: there is no such table: \w+ has no tables, or 'reader'@/,
      )
      const foreign = Object.assign(new URL(sandbox.readerUrl), { username: name, password: 'none' }).href
      expect(await told(foreign)).toMatch(/^1 ranktide: .*Access denied for user/)
    } finally {
      await sandbox.run(`DROP DATABASE ${name}`, `DROP USER ${name}@'127.0.0.1'`)
    }
  })
})
