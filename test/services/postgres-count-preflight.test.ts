// What is found of a table before it is counted into, on a real Postgres: each fault once, with a statement that mends it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CounterSpec } from '../../src/core/counter-spec.js'
import { PostgresCountStore } from '../../src/databases/postgres/count-store.js'
import { PostgresHistoryStore } from '../../src/databases/postgres/history-store.js'
import { PostgresReadHistory } from '../../src/databases/postgres/read-history.js'
import { expectWritten, item, positions, spanOf } from '../conformance/batch-world.js'
import { countedSpec } from '../support/postgres-batch-world.js'
import { openPostgresSandbox, type PostgresSandbox, postgresMigrations } from '../support/postgres-sandbox.js'

const timeoutMs = 5_000
const columns = {
  id: 'id bigserial PRIMARY KEY',
  biz: 'biz varchar(64) NOT NULL',
  biz_id: 'biz_id numeric(20, 0) NOT NULL',
  read_cnt: 'read_cnt bigint NOT NULL DEFAULT 0',
  key: 'UNIQUE (biz, biz_id)',
}

let sandbox: PostgresSandbox
beforeEach(async () => {
  sandbox = await openPostgresSandbox('preflight')
  await sandbox.run(...postgresMigrations())
})
afterEach(() => sandbox.close())

const create = (change: Readonly<Record<string, string>> = {}, before = 'CREATE TABLE counted'): Promise<void> =>
  sandbox.run(
    `${before} (${Object.values({ ...columns, ...change })
      .filter((line) => line !== '')
      .join(', ')})`,
  )

const spec: CounterSpec = { ...countedSpec, buckets: ['hour'] }

const find = async (changed: Partial<CounterSpec> = {}, url = sandbox.url) => {
  const store = new PostgresCountStore({ url, timeoutMs, spec: { ...spec, ...changed } })
  try {
    return await store.preflight()
  } finally {
    await store.close()
  }
}

/** Runs what a finding says is to be run. */
const mend = async (message: string): Promise<void> => {
  const [, statement = ''] = /run: (.*)$/.exec(message) ?? []
  expect(statement, message).not.toBe('')
  await sandbox.run(statement.replace(/, and the same for.*$/, '').replace('…', "'x'"))
}

test('a sound table has no findings, in a schema of its own too, and is written', async () => {
  await create()
  expect(await find()).toEqual([])
  await sandbox.run('CREATE SCHEMA "Odd.one"', 'ALTER TABLE counted SET SCHEMA "Odd.one"')
  await sandbox.run(
    'ALTER TABLE "Odd.one".counted RENAME TO "it""s"',
    'ALTER TABLE "Odd.one"."it""s" RENAME biz TO "K d"',
  )
  const odd = { table: { schema: 'Odd.one', name: 'it"s' }, key: { biz: 'K d', bizId: 'biz_id' } }
  expect(await find(odd)).toEqual([])
  const store = new PostgresCountStore({ url: sandbox.url, timeoutMs, spec: { ...spec, ...odd } })
  const claim = await store.take('g', ['t/0'], positions({ 't/0': 0 }))
  expectWritten(await store.write(claim, spanOf({ 't/0': [0, 1] }), { increments: [item('a', 1, 3)], buckets: [] }))
  expect(await sandbox.query('SELECT "K d", biz_id, read_cnt FROM "Odd.one"."it""s"')).toEqual([['a', '1', '3']])
  await store.close()
})

const faults: readonly (readonly [name: string, change: Readonly<Record<string, string>>, code: string])[] = [
  ['a column that is not there', { read_cnt: 'reads bigint NOT NULL DEFAULT 0' }, 'COLUMN_MISSING'],
  ['no unique key', { key: '' }, 'KEY_NOT_UNIQUE'],
  ['a unique key of other columns', { key: 'UNIQUE (biz, biz_id, read_cnt)' }, 'KEY_NOT_UNIQUE'],
  ['a key that may be checked later', { key: 'UNIQUE (biz, biz_id) DEFERRABLE' }, 'KEY_NOT_UNIQUE'],
  ['another unique key in which items meet', { more: 'slot int NOT NULL DEFAULT 0 UNIQUE' }, 'KEY_NOT_UNIQUE'],
  ['a count that is no integer', { read_cnt: 'read_cnt double precision NOT NULL DEFAULT 0' }, 'COLUMN_TYPE'],
  ['a column without a default', { more: 'title text NOT NULL' }, 'COLUMN_TYPE'],
  ['a kind with padded blanks', { biz: 'biz char(64) NOT NULL' }, 'COLUMN_TYPE'],
  ['an id that is a text', { biz_id: 'biz_id text NOT NULL' }, 'COLUMN_TYPE'],
]

test('key columns may be NULL: no event has one', async () => {
  await create({ biz_id: 'biz_id numeric(20, 0)' })
  expect((await find()).filter(({ level }) => level === 'error')).toEqual([])
})

test.each(faults)('%s is an error', async (_name, change, code) => {
  await create(change)
  const found = await find()
  expect(found.filter(({ level }) => level === 'error')).toMatchObject([{ level: 'error', code }])
  expect(found[0]?.message).toMatch(/^counter reads: public\.counted/)
})

describe('what a finding says to run mends it', () => {
  test.each(faults.filter(([name]) => /no unique key|other columns|without a default|padded/.test(name)))(
    '%s',
    async (_name, change) => {
      await create(change)
      const [finding] = await find()
      await mend(finding?.message ?? '')
      expect(await find()).toEqual([])
    },
  )

  test('a table that is empty after a crash', async () => {
    await create({}, 'CREATE UNLOGGED TABLE counted')
    const found = await find()
    expect(found).toMatchObject([{ code: 'TABLE_ENGINE' }])
    await mend(found[0]?.message ?? '')
    expect(await find()).toEqual([])
  })

  test('numbers that run out', async () => {
    await create({ id: 'id serial PRIMARY KEY' })
    const found = await find()
    expect(found).toMatchObject([
      { level: 'warning', code: 'COLUMN_TYPE', message: expect.stringContaining('run out') },
    ])
    await mend(found[0]?.message ?? '')
    expect(await find()).toEqual([])
  })

  test('a CHECK that an upsert counting down would meet', async () => {
    await create({ read_cnt: 'read_cnt bigint NOT NULL DEFAULT 0 CHECK (read_cnt >= 0)' })
    expect(await find()).toEqual([])
    const found = await find({ add: new Map([['read_cnt', -1]]) })
    expect(found).toMatchObject([{ level: 'error', code: 'COLUMN_TYPE' }])
    await mend(found[0]?.message ?? '')
    expect(await find({ add: new Map([['read_cnt', -1]]) })).toEqual([])
  })

  test('rights that are missing, of the table, of its sequence, and of the tables of ranktide', async () => {
    await create()
    for (let i = 0; i < 10; i++) {
      const [finding] = await find({}, sandbox.readerUrl)
      if (finding === undefined) break
      expect(finding).toMatchObject({ level: 'error', code: 'DATABASE_DENIED' })
      await mend(finding.message)
    }
    expect(await find({}, sandbox.readerUrl)).toEqual([])
    const store = new PostgresCountStore({ url: sandbox.readerUrl, timeoutMs, spec })
    const claim = await store.take('g', ['t/0'], positions({ 't/0': 0 }))
    const start = Date.UTC(2026, 0, 1)
    const batch = { increments: [item('a', 1)], buckets: [{ ...item('a', 1), unit: 'hour' as const, start }] }
    expectWritten(await store.write(claim, spanOf({ 't/0': [0, 1] }), batch))
    await store.close()
  })
})

test('ids that a column does not hold are told of, and refused one by one', async () => {
  await create({ biz_id: 'biz_id integer NOT NULL' })
  expect(await find()).toMatchObject([
    { level: 'warning', code: 'COLUMN_TYPE', message: expect.stringContaining('2147483647') },
  ])
  const store = new PostgresCountStore({ url: sandbox.url, timeoutMs, spec })
  const claim = await store.take('g', ['t/0'], positions({ 't/0': 0 }))
  const increments = [item('a', 1), item('a', '18446744073709551615'), item('b', 2)]
  expect(await store.write(claim, spanOf({ 't/0': [0, 1] }), { increments, buckets: [] })).toMatchObject({
    kind: 'refused',
    items: [{ index: 1, detail: expect.stringMatching(/biz_id is integer, from -2147483648 to 2147483647/) }],
  })
  await store.close()
})

test('a kind that is too long for its column, and one that a CHECK forbids, are refused with their neighbours kept', async () => {
  await create({ biz: "biz varchar(5) NOT NULL CONSTRAINT known CHECK (biz <> 'other')" })
  const store = new PostgresCountStore({ url: sandbox.url, timeoutMs, spec })
  const claim = await store.take('g', ['t/0'], positions({ 't/0': 0 }))
  const increments = [item('article', 1), item('other', 1), item('video', 1)]
  expect(await store.write(claim, spanOf({ 't/0': [0, 1] }), { increments, buckets: [] })).toMatchObject({
    kind: 'refused',
    items: [
      { index: 0, detail: expect.stringContaining('too long for its column') },
      { index: 1, detail: expect.stringContaining('known') },
    ],
  })
  await store.close()
})

test('a table that is not there is told with the one that was probably meant; a view is refused', async () => {
  await create()
  expect(await find({ table: { schema: undefined, name: 'countedd' } })).toMatchObject([
    { code: 'TABLE_MISSING', message: expect.stringContaining('did you mean counted?') },
  ])
  await sandbox.run('CREATE VIEW seen AS SELECT * FROM counted')
  expect(await find({ table: { schema: 'public', name: 'seen' } })).toMatchObject([{ code: 'TABLE_MISSING' }])
})

test('tables of ranktide that are missing, or older, say what to do', async () => {
  await create()
  await sandbox.run('ALTER TABLE count_buckets DROP COLUMN events', 'DROP TABLE consumer_offsets, read_history')
  const found = await find()
  expect(found.map(({ code }) => code)).toEqual(['MIGRATION_MISSING', 'MIGRATION_MISSING'])
  for (const { message } of found) expect(message).toMatch(/ranktide migrate$/)
  expect(await find({ buckets: [] })).toHaveLength(1)
  const stores = [
    new PostgresHistoryStore({ url: sandbox.url, timeoutMs }),
    new PostgresReadHistory({ url: sandbox.url, timeoutMs }),
  ]
  const history = new PostgresReadHistory({ url: sandbox.url, timeoutMs })
  for (const call of [() => history.page('1', 10), () => history.erase('1'), () => history.expire(0, 10)])
    await expect(call()).rejects.toMatchObject({ code: 'MIGRATION_MISSING' })
  await history.close()
  expect((await Promise.all(stores.map((store) => store.preflight()))).map((findings) => findings.length)).toEqual([
    2, 1,
  ])
  for (const store of stores) await store.close()
})

test('who may write the history may not delete it by that', async () => {
  await sandbox.run('GRANT SELECT, INSERT, UPDATE ON consumer_offsets, read_history TO reader')
  const options = { url: sandbox.readerUrl, timeoutMs }
  const [writer, reader] = [new PostgresHistoryStore(options), new PostgresReadHistory(options)]
  expect(await writer.preflight()).toEqual([])
  const [finding] = await reader.preflight()
  expect(finding).toMatchObject({ code: 'DATABASE_DENIED' })
  await mend(finding?.message ?? '')
  expect(await reader.preflight()).toEqual([])
  expect(await reader.erase('1')).toBe(0)
  expect(await reader.expire(0, 10)).toBe(0)
  for (const store of [writer, reader]) await store.close()
})
