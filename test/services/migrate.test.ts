// Ranktide's own tables on real servers: applied once, by whomever, and what is said when they cannot be.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RanktideError, verdictOf } from '../../src/core/errors.js'
import type { MigrationTarget } from '../../src/databases/migrations/migration-target.js'
import { applyMigrations, planMigrations } from '../../src/databases/migrations/run-migrations.js'
import { MysqlHistoryStore } from '../../src/databases/mysql/history-store.js'
import { openMysqlMigrations } from '../../src/databases/mysql/migration-target.js'
import { PostgresHistoryStore } from '../../src/databases/postgres/history-store.js'
import { openPostgresMigrations } from '../../src/databases/postgres/migration-target.js'
import { databaseNames, openSandbox } from '../support/mysql-sandbox.js'
import { openPostgresSandbox } from '../support/postgres-sandbox.js'

const timeoutMs = 5_000

interface World {
  readonly url: string
  readonly readerUrl: string
  readonly database: string
  readonly open: (url: string) => Promise<MigrationTarget>
  run(statement: string): Promise<unknown>
  close(): Promise<void>
}

const openWorld = async (name: (typeof databaseNames)[number] | 'postgres'): Promise<World> => {
  if (name === 'postgres') {
    const sandbox = await openPostgresSandbox('migrate')
    return { ...sandbox, open: (url) => openPostgresMigrations(url, timeoutMs) }
  }
  const sandbox = await openSandbox(name, 'migrate')
  return {
    url: sandbox.url,
    readerUrl: sandbox.readerUrl,
    database: sandbox.database,
    open: (url) => openMysqlMigrations(url, timeoutMs),
    run: (statement) => sandbox.run(statement),
    close: () => sandbox.close(),
  }
}

const files = ['001.do.consumer-offsets.sql', '002.do.count-buckets.sql', '003.do.read-history.sql']
const errorOf = (work: Promise<unknown>): Promise<RanktideError> =>
  work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: RanktideError) => error,
  )

describe.each([...databaseNames, 'postgres'] as const)('%s', (name) => {
  let world: World
  let targets: MigrationTarget[]
  let folder: string
  beforeEach(async () => {
    world = await openWorld(name)
    targets = []
    folder = mkdtempSync(join(tmpdir(), 'ranktide-[migrations]-'))
  })
  afterEach(async () => {
    for (const target of targets) await target.close()
    await world.close()
    rmSync(folder, { recursive: true })
  })
  const open = async (url = world.url): Promise<MigrationTarget> => {
    const target = await world.open(url)
    targets.push(target)
    return target
  }
  /** With files of the test's own. */
  const openFolder = async (): Promise<MigrationTarget> => ({
    ...(await open()),
    directory: pathToFileURL(`${folder}/`),
  })
  const write = (file: string, sql: string): void => writeFileSync(join(folder, file), sql)
  const there = (table: string): Promise<boolean> =>
    world.run(`SELECT 1 FROM ${table}`).then(
      () => true,
      () => false,
    )

  test('makes the tables once, and finds nothing to do ever after', async () => {
    const first = await applyMigrations(await open())
    expect(first).toMatchObject({ version: 0, known: files.length })
    expect(first.files.map((file) => file.name)).toEqual(files)
    expect(first.place).toContain(`/${world.database}`)
    expect(await applyMigrations(await open())).toMatchObject({ version: files.length, files: [] })
    expect(await planMigrations(await open())).toMatchObject({ version: files.length, files: [] })
    const options = { url: world.url, timeoutMs }
    const store = name === 'postgres' ? new PostgresHistoryStore(options) : new MysqlHistoryStore(options)
    expect(await store.preflight()).toEqual([])
    await store.close()
  })

  test('a plan names the files and changes nothing', async () => {
    const plan = await planMigrations(await open())
    expect(plan.files.map((file) => file.name)).toEqual(files)
    expect(plan.files[0]?.sql).toContain('CREATE TABLE')
    expect(await there('ranktide_migrations')).toBe(false)
    expect(await there('consumer_offsets')).toBe(false)
  })

  test('of several processes at once one applies each file', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => open()))
    const reports = await Promise.all(opened.map(applyMigrations))
    expect(reports.flatMap((report) => report.files.map((file) => file.name))).toEqual(files)
  })

  test('waits for another process', async () => {
    const [a, b] = [await open(), await open()]
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let applied = false
    let applying: Promise<unknown> = Promise.resolve()
    await a.alone(async () => {
      applying = applyMigrations(b).then(() => {
        applied = true
      })
      // A run takes a fraction of this.
      setTimeout(release, 300)
      await held
      expect(applied).toBe(false)
    })
    await applying
    expect(applied).toBe(true)
  })

  test('a file that fails is named with what the server said, and the next run goes on from it', async () => {
    write('001.do.one.sql', 'CREATE TABLE IF NOT EXISTS one (id INT)')
    write('002.do.broken.sql', 'CREATE TABLE IF NOT EXISTS two (id NOTYPE)')
    write('003.do.three.sql', 'CREATE TABLE IF NOT EXISTS three (id INT)')
    const error = await errorOf(applyMigrations(await openFolder()))
    expect(error.code).toBe('MIGRATION_FAILED')
    expect(error.detail).toMatch(/\/ranktide_test_migrate_\d+\S*: 002\.do\.broken\.sql: .*NOTYPE/is)
    expect(verdictOf(error)).toBe('fatal')
    // Postgres undoes the whole run; the others commit each statement.
    expect([await there('one'), await there('three')]).toEqual([name !== 'postgres', false])
    write('002.do.broken.sql', 'CREATE TABLE IF NOT EXISTS two (id INT)')
    const report = await applyMigrations(await openFolder())
    expect(report.files).toHaveLength(name === 'postgres' ? 3 : 2)
    expect([await there('one'), await there('two'), await there('three')]).toEqual([true, true, true])
  })

  test('a file that was changed after it had been applied is named, and nothing is applied', async () => {
    write('001.do.one.sql', 'CREATE TABLE IF NOT EXISTS one (id INT)')
    await applyMigrations(await openFolder())
    write('001.do.one.sql', 'CREATE TABLE IF NOT EXISTS one (id INT, more INT)')
    write('002.do.two.sql', 'CREATE TABLE IF NOT EXISTS two (id INT)')
    for (const work of [applyMigrations, planMigrations]) {
      const error = await errorOf(work(await openFolder()))
      expect(error).toMatchObject({
        code: 'MIGRATION_FAILED',
        detail: expect.stringMatching(/001\.do\.one\.sql: .*changed/),
      })
    }
    expect(await there('two')).toBe(false)
  })

  test('a database that a newer ranktide has migrated stays as it is', async () => {
    for (const i of [1, 2, 3, 4]) write(`00${i}.do.t${i}.sql`, `CREATE TABLE IF NOT EXISTS t${i} (id INT)`)
    await applyMigrations(await openFolder())
    rmSync(join(folder, '004.do.t4.sql'))
    for (const work of [applyMigrations, planMigrations])
      expect(await work(await openFolder())).toMatchObject({ version: 4, known: 3, files: [] })
  })

  // Postgres has undone such a run.
  if (name !== 'postgres') {
    test('a run that was killed before it had told what it did is gone on with', async () => {
      await applyMigrations(await open())
      await world.run('DELETE FROM ranktide_migrations WHERE version > 1')
      expect((await applyMigrations(await open())).files.map((file) => file.name)).toEqual(files.slice(1))
    })
  }

  test('a user who may not make tables is told what to grant', async () => {
    const error = await errorOf(applyMigrations(await open(world.readerUrl)))
    expect(error.code).toBe('MIGRATION_FAILED')
    expect(error.detail).toMatch(
      name === 'postgres' ? /GRANT USAGE, CREATE ON SCHEMA public TO "reader"/ : /run: GRANT CREATE, .* TO 'reader'@/,
    )
  })

  test('a database that cannot be reached, or is not there, is told without the password', async () => {
    const closed = Object.assign(new URL(world.url), { port: '1', password: 'hunter2' }).href
    expect(await errorOf(open(closed))).toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    const error = await errorOf(open(Object.assign(new URL(world.url), { pathname: '/no_such_place' }).href))
    expect(error.detail).toContain('no_such_place')
    const denied = await errorOf(open(Object.assign(new URL(world.url), { password: 'hunter2' }).href))
    expect(denied).toMatchObject({ code: 'DATABASE_DENIED' })
    expect(JSON.stringify(denied) + String(denied)).not.toContain('hunter2')
  })
})
