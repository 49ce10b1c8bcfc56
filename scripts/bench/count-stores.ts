/** What a worker would have for the bench's table, by the database's URL. */
import type { CounterSpec } from '../../src/core/counter-spec.js'
import { applyMigrations } from '../../src/databases/migrations/run-migrations.js'
import { MysqlCountStore } from '../../src/databases/mysql/count-store.js'
import { openMysqlMigrations } from '../../src/databases/mysql/migration-target.js'
import { PostgresCountStore } from '../../src/databases/postgres/count-store.js'
import { openPostgresMigrations } from '../../src/databases/postgres/migration-target.js'

const timeoutMs = 30_000
const isMysql = (url: string): boolean => url.startsWith('mysql:')

const spec: CounterSpec = {
  name: 'bench',
  table: { schema: undefined, name: 'interactives' },
  key: { biz: 'biz', bizId: 'biz_id' },
  add: new Map([['read_cnt', 1]]),
  buckets: [],
  timeZone: 'UTC',
}

export const openCountStore = (url: string): MysqlCountStore | PostgresCountStore => {
  const options = { url, timeoutMs, spec }
  return isMysql(url) ? new MysqlCountStore(options) : new PostgresCountStore(options)
}

/** As `ranktide migrate` does. */
export const makeOwnTables = async (url: string): Promise<void> => {
  const target = await (isMysql(url) ? openMysqlMigrations(url, timeoutMs) : openPostgresMigrations(url, timeoutMs))
  try {
    await applyMigrations(target)
  } finally {
    await target.close()
  }
}
