// What is told of a table that is not what the configuration says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeTable } from '../../src/databases/mysql/describe-table.js'
import { databaseNames, openSandbox, type Sandbox } from '../support/mysql-sandbox.js'

describe.each(databaseNames)('%s', (name) => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await openSandbox(name, 'describe')
    await sandbox.run(
      `CREATE TABLE interactives (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, biz_id BIGINT NOT NULL,
       biz VARCHAR(128) NOT NULL, like_cnt BIGINT, nick VARCHAR(20), old_name VARCHAR(20) CHARACTER SET latin1,
       UNIQUE KEY uk_biz (biz, biz_id), UNIQUE KEY uk_nick (nick), KEY likes (like_cnt))`,
      'CREATE VIEW hot AS SELECT id, like_cnt FROM interactives',
      'CREATE TABLE heap (id INT PRIMARY KEY, n INT) ENGINE=MyISAM',
      'CREATE TABLE no_key (n INT)',
    )
  })
  afterAll(() => sandbox.close())

  const shape = (table: string, columns: string[] = [], key?: string[]) =>
    sandbox.shapeOf(table, { key, scores: ['like_cnt'], columns })

  test('columns, keys and types as they are', async () => {
    expect(await shape('interactives', ['biz', 'old_name'])).toEqual({
      id: `${sandbox.database}.interactives(id)`,
      database: sandbox.database,
      table: 'interactives',
      columns: [
        { name: 'id', type: { kind: 'integer', unsigned: true } },
        { name: 'like_cnt', type: { kind: 'integer', unsigned: false } },
        { name: 'biz', type: { kind: 'text', binary: false, faithful: true, charset: 'utf8mb4' } },
        { name: 'old_name', type: { kind: 'text', binary: false, faithful: false, charset: 'latin1' } },
      ],
      key: [0],
      primaryKey: ['id'],
    })
    expect((await shape('interactives', [], ['biz', 'biz_id'])).key).toEqual([0, 1])
  })

  test('indexes in their order', async () => {
    const { indexes } = await describeTable(sandbox.pool, sandbox.database, 'interactives')
    expect(indexes).toContainEqual({ name: 'uk_biz', unique: true, columns: ['biz', 'biz_id'] })
    expect(indexes).toContainEqual({ name: 'likes', unique: false, columns: ['like_cnt'] })
  })

  test.each([
    ['a misspelt table', () => shape('interactive'), 'TABLE_MISSING', /did you mean interactives\?/],
    ['an unknown table', () => shape('zzzzzzzzzzz'), 'TABLE_MISSING', /has .*interactives/],
    ['a view', () => shape('hot'), 'TABLE_MISSING', /is a view, which cannot be followed/],
    ['a misspelt column', () => shape('interactives', ['nik']), 'COLUMN_MISSING', /did you mean nick\?/],
    ['a nullable key', () => shape('interactives', [], ['nick']), 'KEY_NOT_UNIQUE', /\[id\], \[biz, biz_id\]/],
    ['a table without a key', () => shape('no_key'), 'KEY_NOT_UNIQUE', /no primary key and no other unique key/],
    ['a table without transactions', () => shape('heap'), 'TABLE_ENGINE', /MyISAM/],
  ])('%s', async (_, work, code, sentence) => {
    await expect(work()).rejects.toMatchObject({ code, detail: expect.stringMatching(sentence) })
  })

  test('a database that does not exist', async () => {
    await expect(describeTable(sandbox.pool, 'webok', 't')).rejects.toMatchObject({
      detail: expect.stringMatching(/the database webok does not exist, .*; did you mean webook\?$/),
    })
    await expect(describeTable(sandbox.pool, 'no_such', 't')).rejects.toMatchObject({
      code: 'TABLE_MISSING',
      detail: expect.stringContaining('the database no_such does not exist'),
    })
  })
})
