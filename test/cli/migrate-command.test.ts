import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, expect, test } from 'vitest'
import { addMigrate, type Migrated } from '../../src/cli/migrate-command.js'

const folder = mkdtempSync(join(tmpdir(), 'ranktide-migrate-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'counters.yaml')
writeFileSync(
  file,
  `
kafka: { brokers: localhost:9092 }
database: { url: mysql://root:hunter2@localhost/webook }
counters:
  reads: { topic: read_events, table: webook.interactives, key: [biz, biz_id], add: { read_cnt: 1 } }
`,
)

const files = [
  { name: '001.do.one.sql', sql: '-- why\nCREATE TABLE one (id INT)' },
  { name: '002.do.two.sql', sql: 'CREATE TABLE two (id INT);' },
]

const run = async (migrated: Omit<Migrated, 'place'>, ...words: readonly string[]) => {
  let out = ''
  const asked: (readonly [url: string, dryRun: boolean])[] = []
  const program = new Command('ranktide').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text
    },
    writeErr: () => {},
  })
  addMigrate(program, {
    migrate: ({ database }, dryRun) => {
      asked.push([database.url, dryRun])
      return Promise.resolve({ place: 'localhost:3306/webook', ...migrated })
    },
    surroundings: { environment: {}, hostname: 'pod-1' },
    out: (text) => {
      out += text
    },
  })
  await program.parseAsync(['migrate', '--config', file, ...words], { from: 'user' })
  return { out, asked }
}

test('says what was applied, and the version', async () => {
  expect(await run({ version: 0, known: 2, files })).toEqual({
    out:
      'localhost:3306/webook: applied 001.do.one.sql\n' +
      'localhost:3306/webook: applied 002.do.two.sql\n' +
      'localhost:3306/webook is at version 2\n',
    asked: [['mysql://root:hunter2@localhost/webook', false]],
  })
})

test('says so where there is nothing to apply, also on a database that a newer ranktide has migrated', async () => {
  const done = await run({ version: 2, known: 2, files: [] })
  expect(done.out).toBe('localhost:3306/webook is at version 2: nothing to apply\n')
  const newer = await run({ version: 3, known: 2, files: [] })
  expect(newer.out).toBe('localhost:3306/webook is at version 3; this ranktide knows 2: nothing to apply\n')
})

test('--dry-run prints SQL that could be run by hand, and asks for no more', async () => {
  const { out, asked } = await run({ version: 0, known: 2, files }, '--dry-run')
  expect(asked).toEqual([['mysql://root:hunter2@localhost/webook', true]])
  expect(out).toBe(
    '-- 001.do.one.sql\n-- why\nCREATE TABLE one (id INT);\n\n' +
      '-- 002.do.two.sql\nCREATE TABLE two (id INT);\n\n' +
      '-- localhost:3306/webook is at version 0; ranktide migrate brings it to 2\n',
  )
  const done = await run({ version: 2, known: 2, files: [] }, '--dry-run')
  expect(done.out).toBe('-- localhost:3306/webook is at version 2: nothing to apply\n')
})
