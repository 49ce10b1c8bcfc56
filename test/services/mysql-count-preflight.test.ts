// What is found wrong with the tables of a counter before it starts, and what a table refuses of single items after.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { CounterSpec } from '../../src/core/counter-spec.js'
import type { Finding } from '../../src/databases/finding.js'
import { MysqlCountStore } from '../../src/databases/mysql/count-store.js'
import { MysqlHistoryStore } from '../../src/databases/mysql/history-store.js'
import { MysqlReadHistory } from '../../src/databases/mysql/read-history.js'
import { countBatch, expectWritten, item, positions, spanOf } from '../conformance/batch-world.js'
import { countedSpec, createCounted } from '../support/mysql-batch-world.js'
import { mysqlMigrations } from '../support/mysql-migrations.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

const timeoutMs = 5_000

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'countcheck')
    await sandbox.run(...mysqlMigrations())
  })
  afterAll(() => sandbox.close())
  afterEach(() => sandbox.run('DROP TABLE IF EXISTS counted', 'DROP VIEW IF EXISTS counted'))

  const preflight = async (change: Partial<CounterSpec> = {}, url = sandbox.url): Promise<readonly Finding[]> => {
    const store = new MysqlCountStore({ url, timeoutMs, spec: { ...countedSpec, ...change } })
    try {
      return await store.preflight()
    } finally {
      await store.close()
    }
  }
  const told = (findings: readonly Finding[]): readonly string[] =>
    findings.map(({ level, code, message }) => `${level} ${code} ${message.replaceAll(sandbox.database, 'db')}`)

  test('a table as it should be has no findings, with buckets too, and by another schema', async () => {
    await sandbox.run(createCounted)
    expect(await preflight({ buckets: ['hour', 'day'] })).toEqual([])
    expect(await preflight({ table: { schema: sandbox.database, name: 'counted' } })).toEqual([])
    // No event has a NULL, so rows that have one are in nobody's way.
    await sandbox.run('ALTER TABLE counted MODIFY biz_id BIGINT UNSIGNED NULL, MODIFY read_cnt BIGINT UNSIGNED NULL')
    expect(await preflight()).toEqual([])
  })

  test('all that is wrong is told at once, with what to type', async () => {
    await sandbox.run(
      `CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, biz VARCHAR(64) NULL, biz_id INT NOT NULL, title TEXT NOT NULL,
       read_cnt INT UNSIGNED NOT NULL DEFAULT 0, label VARCHAR(9) DEFAULT '', slug INT NOT NULL DEFAULT 0, UNIQUE KEY slug (slug)) ENGINE=MyISAM`,
    )
    const add = new Map([
      ['read_cnt', -1],
      ['label', 1],
      ['red_cnt', 1],
    ])
    expect(told(await preflight({ add }))).toEqual([
      expect.stringMatching(
        /^error TABLE_ENGINE counter reads: db\.counted is MyISAM: .*ALTER TABLE `db`\.`counted` ENGINE=InnoDB$/,
      ),
      'error COLUMN_MISSING counter reads: db.counted has no column red_cnt: did you mean read_cnt?',
      expect.stringMatching(
        /^error COLUMN_TYPE .*read_cnt \(int.* unsigned\): an unsigned column cannot be counted down; run: ALTER/,
      ),
      expect.stringMatching(/^error COLUMN_TYPE .*label \(varchar\(9\)\): counts are kept in an integer column$/),
      expect.stringMatching(
        /^error COLUMN_TYPE .*title \(text\) has no default, .*MODIFY `title` text CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL DEFAULT …$/,
      ),
      expect.stringMatching(/^warning COLUMN_TYPE .*biz has the collation utf8mb4_general_ci: .*are counted as one$/),
      expect.stringMatching(/^warning COLUMN_TYPE .*biz_id .*ids above 2147483647 are refused/),
      expect.stringMatching(
        /^warning COLUMN_TYPE .*id \(int.*\) will run out of numbers: .*MODIFY `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT$/,
      ),
    ])
    expect(told(await preflight())).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^error KEY_NOT_UNIQUE .*no unique key \[biz, biz_id\].*ADD UNIQUE KEY \(`biz`, `biz_id`\)$/,
        ),
        expect.stringMatching(/^error KEY_NOT_UNIQUE .*another unique key, slug \(slug\).*DROP INDEX `slug`$/),
      ]),
    )
  })

  test('a wider or narrower unique key is not the key, and statements that are told mend the table', async () => {
    await sandbox.run(
      'CREATE TABLE counted (biz VARCHAR(64) NOT NULL, biz_id BIGINT UNSIGNED NOT NULL, day INT NOT NULL DEFAULT 0,' +
        ' read_cnt BIGINT NOT NULL DEFAULT 0, UNIQUE KEY wide (biz, biz_id, day))',
    )
    const [first] = (await preflight()).filter(({ level }) => level === 'error')
    expect(first?.code).toBe('KEY_NOT_UNIQUE')
    await sandbox.run(first?.message.split('; run: ')[1] ?? '')
    expect((await preflight()).filter(({ level }) => level === 'error')).toEqual([])
  })

  test('statements that change a column keep its character set, collation, comment, and its bytes', async () => {
    await sandbox.run(
      `CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY COMMENT 'counts up', biz VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
       biz_id BIGINT UNSIGNED NOT NULL, title VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'Ann''s',
       code CHAR(2) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL, read_cnt INT UNSIGNED NULL DEFAULT 0 COMMENT 'reads',
       UNIQUE KEY (biz, biz_id)) ENGINE=InnoDB`,
      "INSERT INTO counted VALUES (1, 'a', 1, 'Ä', 'ß', 7), (2, 'a', 2, 'a', 'S', NULL)",
    )
    const described = async () => {
      const { rows } = await sandbox.query(
        `SELECT COLUMN_NAME, CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_COMMENT, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS
         WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 'counted' ORDER BY ORDINAL_POSITION`,
        [sandbox.database],
      )
      return rows
    }
    const content = async () => (await sandbox.query('SELECT id, HEX(title), HEX(code), read_cnt FROM counted')).rows
    const before = [await described(), await content()]
    const add = new Map([['read_cnt', -1]])
    const statements = (await preflight({ add })).flatMap(({ message }) => message.split('; run: ').slice(1))
    expect(statements).toHaveLength(4)
    for (const statement of statements) await sandbox.run(statement.replace('…', "''"))
    expect([await described(), await content()]).toEqual(before)
    expect((await preflight({ add })).filter(({ message }) => message.includes('run: '))).toEqual([])
  })

  test('a table that is not there, or is a view, is told', async () => {
    await sandbox.run(createCounted)
    expect(told(await preflight({ table: { schema: undefined, name: 'countd' } }))).toEqual([
      'error TABLE_MISSING counter reads: db.countd: did you mean counted?',
    ])
    await sandbox.run('DROP TABLE counted', 'CREATE VIEW counted AS SELECT * FROM count_buckets')
    expect(told(await preflight())[0]).toMatch(/^error TABLE_MISSING .*is a view/)
  })

  test('tables of ranktide that are missing or old are told with the command that makes them', async () => {
    await sandbox.run(createCounted, 'RENAME TABLE count_buckets TO kept', 'ALTER TABLE consumer_offsets DROP epoch')
    expect(told(await preflight({ buckets: ['hour'] }))).toEqual([
      expect.stringMatching(
        /^error MIGRATION_MISSING the table consumer_offsets has no column epoch: .*; run: ranktide migrate$/,
      ),
      expect.stringMatching(/^error MIGRATION_MISSING the table count_buckets is not there.*; run: ranktide migrate$/),
    ])
    await sandbox.run(
      'RENAME TABLE kept TO count_buckets',
      'ALTER TABLE consumer_offsets ADD epoch BIGINT UNSIGNED NOT NULL AFTER next_offset',
    )
    const nowhere = new URL(sandbox.url)
    nowhere.pathname = '/'
    const table = { schema: sandbox.database, name: 'counted' }
    expect(told(await preflight({ table }, nowhere.href))[0]).toMatch(/^error CONFIG_INVALID .*names no database/)
  })

  test('history that was never made room for is told with the command that does', async () => {
    await sandbox.run('RENAME TABLE read_history TO kept')
    const history = new MysqlReadHistory({ url: sandbox.url, timeoutMs })
    for (const work of [() => history.page('1', 10), () => history.erase('1'), () => history.expire(0, 10)])
      await expect(work()).rejects.toMatchObject({
        code: 'MIGRATION_MISSING',
        detail: expect.stringMatching(/read_history.*; run: ranktide migrate$/),
      })
    await history.close()
    await sandbox.run('RENAME TABLE kept TO read_history')
  })

  test('missing rights are told with the GRANT', async () => {
    await sandbox.run(createCounted)
    const findings = told(await preflight({ buckets: ['day'] }, sandbox.readerUrl))
    expect(findings).toEqual([
      expect.stringMatching(
        /^error DATABASE_DENIED .*GRANT SELECT, INSERT, UPDATE ON `db`\.`consumer_offsets` TO 'reader'@'.*'$/,
      ),
      expect.stringMatching(/^error DATABASE_DENIED .*`count_buckets` TO/),
    ])
    const [store, history] = [MysqlHistoryStore, MysqlReadHistory].map(
      (Store) => new Store({ url: sandbox.readerUrl, timeoutMs }),
    )
    expect(await store?.preflight()).toHaveLength(2)
    expect((await history?.preflight())?.[0]?.message).toMatch(/GRANT SELECT, DELETE ON .*read_history` TO 'reader'/)
    await store?.close()
    await history?.close()
  })

  test('an account with no more rights than those that are told counts, and keeps history', async () => {
    await sandbox.run(createCounted)
    const user = `u${process.pid}${name}`
    await sandbox.run(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`)
    try {
      for (const table of ['consumer_offsets', 'count_buckets', 'counted'])
        await sandbox.run(`GRANT SELECT, INSERT, UPDATE ON ${sandbox.database}.${table} TO ${user}@'%'`)
      const url = Object.assign(new URL(sandbox.url), { username: user, password: 'secret' }).href
      expect(await preflight({ buckets: ['hour', 'day'] }, url)).toEqual([])
      const store = new MysqlCountStore({ url, timeoutMs, spec: { ...countedSpec, add: new Map([['small_cnt', 1]]) } })
      const claim = await store.take('g', ['reads/0'], positions({ 'reads/0': 0 }))
      const write = (events: number) =>
        store.write(claim, spanOf({ 'reads/0': [0, 1] }), countBatch([item('article', 1, events)]))
      expect(await write(40_000)).toMatchObject({ kind: 'refused' })
      expectWritten(await write(4))
      expectWritten(await write(4), true)
      await store.close()
    } finally {
      await sandbox.run(`DROP USER ${user}@'%'`)
    }
  })

  test('an item that the table refuses for any reason of its own is named with it; a NULL count is 0', async () => {
    await sandbox.run(
      `CREATE TABLE counted (biz VARCHAR(8) CHARACTER SET ascii NOT NULL, biz_id BIGINT NOT NULL, read_cnt BIGINT UNSIGNED,
       PRIMARY KEY (biz, biz_id), CHECK (read_cnt <> 13)) ENGINE=InnoDB`,
      "INSERT INTO counted VALUES ('null', 1, NULL), ('full', 1, 18446744073709551610)",
    )
    const store = new MysqlCountStore({ url: sandbox.url, timeoutMs, spec: countedSpec })
    const claim = await store.take('refuse', ['reads/0'], positions({ 'reads/0': 0 }))
    const write = (items: readonly ReturnType<typeof item>[]) =>
      store.write(claim, spanOf({ 'reads/0': [0, 1] }), countBatch(items))
    const good = [item('null', 1, 5), item('full', 1, 5), item('new', 1)]
    const bad = [
      [item('榜单', 1), /biz is varchar\(8\)/],
      [item('far too long', 1), /too long for its column: biz/],
      [item('high', '9223372036854775808'), /biz_id is bigint.*from -9223372036854775808 to 9223372036854775807/],
      [item('check', 1, 13), /CHECK constraint/],
    ] as const
    const outcome = await write([...good, ...bad.map(([one]) => one)])
    expect(outcome.kind).toBe('refused')
    const batch = countBatch([...good, ...bad.map(([one]) => one)])
    for (const [one, detail] of bad) {
      const index = batch.increments.findIndex(({ biz, bizId }) => biz === one.biz && bizId === one.bizId)
      expect(outcome.kind === 'refused' && outcome.items.find((refused) => refused.index === index)).toMatchObject({
        detail: expect.stringMatching(detail),
      })
    }
    expect(outcome.kind === 'refused' && outcome.items).toHaveLength(bad.length)
    const over = await write([item('full', 1, 6)])
    expect(over).toMatchObject({
      kind: 'refused',
      items: [{ index: 0, detail: expect.stringContaining('18446744073709551615') }],
    })
    expectWritten(await write(good))
    const { rows } = await sandbox.query('SELECT biz, read_cnt FROM counted ORDER BY biz')
    expect(rows).toEqual([
      ['full', '18446744073709551615'],
      ['new', '1'],
      ['null', '5'],
    ])
    await store.close()
  })
})
