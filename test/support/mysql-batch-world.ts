// Tables of one test of batch stores, in a database of its own on a real server.

import type { CounterSpec } from '../../src/core/counter-spec.js'
import type { MysqlPool } from '../../src/databases/mysql/connection.js'
import { createMysqlPool } from '../../src/databases/mysql/connection.js'
import { MysqlCountStore } from '../../src/databases/mysql/count-store.js'
import { MysqlHistoryStore } from '../../src/databases/mysql/history-store.js'
import { MysqlReadHistory } from '../../src/databases/mysql/read-history.js'
import { msOfUtc, sqlString } from '../../src/databases/mysql/sql-literal.js'
import type { BatchWorld, HeldItem } from '../conformance/batch-world.js'
import { mysqlMigrations } from './mysql-migrations.js'
import type { Sandbox } from './mysql-sandbox.js'

const timeoutMs = 10_000

const exactText = '/*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */'

export const createCounted = `CREATE TABLE counted (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  biz VARCHAR(64) CHARACTER SET utf8mb4 ${exactText} NOT NULL,
  biz_id BIGINT UNSIGNED NOT NULL,
  read_cnt BIGINT NOT NULL DEFAULT 0,
  small_cnt SMALLINT NOT NULL DEFAULT 0,
  UNIQUE KEY item (biz, biz_id)
) ENGINE = InnoDB`

export const countedSpec: CounterSpec = {
  name: 'reads',
  table: { schema: undefined, name: 'counted' },
  key: { biz: 'biz', bizId: 'biz_id' },
  add: new Map([['read_cnt', 1]]),
  buckets: [],
  timeZone: 'Asia/Shanghai',
}

/**
 * Transactions of the sandbox's database that wait for a row. The servers renew this view only if it was not asked for 100 ms.
 */
const waitingIn = async (sandbox: Sandbox): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 150))
  const { rows } = await sandbox.query(
    `SELECT COUNT(*) FROM information_schema.innodb_trx t JOIN information_schema.processlist p
     ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = ?`,
    [sandbox.database],
  )
  return Number(rows[0]?.[0])
}

const holdItem = async (sandbox: Sandbox, biz: string, bizId: string): Promise<HeldItem> => {
  const pool: MysqlPool = createMysqlPool({ url: sandbox.url, timeoutMs: 30_000, timeZone: '+00:00', connections: 1 })
  let release = (): void => {}
  let locked = (): void => {}
  const isLocked = new Promise<void>((resolve) => {
    locked = resolve
  })
  const held = pool.use(async (session) => {
    await session.query('holding', 'BEGIN')
    await session.query(
      'holding',
      `SELECT 1 FROM counted WHERE biz = ${sqlString(biz)} AND biz_id = ${bizId} FOR UPDATE`,
    )
    await new Promise<void>((resolve) => {
      release = resolve
      locked()
    })
    await session.query('holding', 'ROLLBACK')
  })
  await Promise.race([isLocked, held])
  return {
    waiting: () => waitingIn(sandbox),
    release: async () => {
      release()
      await held
      await pool.close()
    },
  }
}

const rowsOf = async (sandbox: Sandbox, sql: string): Promise<readonly (readonly string[])[]> =>
  (await sandbox.query(sql)).rows.map((row) => row.map((value) => value ?? ''))

/** Empty tables in the sandbox, whose database this has for itself. */
export const openMysqlWorld = async (sandbox: Sandbox): Promise<BatchWorld> => {
  await sandbox.run(...mysqlMigrations(), createCounted)
  const opened: { close(): Promise<void> }[] = []
  const held: HeldItem[] = []
  const open = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one)
    return one
  }
  const { url } = sandbox
  return {
    sendsAhead: false,
    countStore: (spec = {}) => open(new MysqlCountStore({ url, timeoutMs, spec: { ...countedSpec, ...spec } })),
    historyStore: () => open(new MysqlHistoryStore({ url, timeoutMs })),
    readHistory: () => open(new MysqlReadHistory({ url, timeoutMs })),
    rows: async () =>
      (await rowsOf(sandbox, 'SELECT biz, biz_id, read_cnt, small_cnt FROM counted')).map(
        ([biz = '', bizId = '', reads = '', small = '']) => ({
          biz,
          bizId,
          readCnt: BigInt(reads),
          smallCnt: BigInt(small),
        }),
      ),
    buckets: async () =>
      (await rowsOf(sandbox, 'SELECT counter, unit, bucket_start, biz, biz_id, events FROM count_buckets')).map(
        ([counter = '', unit, start = '', biz = '', bizId = '', events = '']) => ({
          counter,
          unit: unit === 'hour' ? 'hour' : 'day',
          start: msOfUtc(start),
          biz,
          bizId,
          events: BigInt(events),
        }),
      ),
    offsets: async (group) =>
      new Map(
        (
          await rowsOf(
            sandbox,
            `SELECT topic, partition_id, next_offset, epoch FROM consumer_offsets WHERE consumer_group = ${sqlString(group)}`,
          )
        ).map(([topic, partition, next, epoch]) => [
          `${topic}/${partition}`,
          { next: Number(next), epoch: Number(epoch) },
        ]),
      ),
    reads: async () =>
      (await rowsOf(sandbox, 'SELECT uid, biz, biz_id, read_at FROM read_history')).map(
        ([uid = '', biz = '', bizId = '', readAt = '']) => ({ uid, biz, bizId, readAt: msOfUtc(readAt) }),
      ),
    hold: async ({ biz, bizId }) => {
      const one = await holdItem(sandbox, biz, bizId)
      held.push(one)
      return one
    },
    close: async () => {
      for (const one of held) await one.release()
      for (const one of opened) await one.close()
      await sandbox.run('DROP TABLE consumer_offsets, count_buckets, read_history, counted')
    },
  }
}
