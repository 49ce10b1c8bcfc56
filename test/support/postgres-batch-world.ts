// Tables of one test of batch stores, in a database of its own on a real Postgres.
import type { CounterSpec } from '../../src/core/counter-spec.js'
import { PostgresCountStore } from '../../src/databases/postgres/count-store.js'
import { PostgresHistoryStore } from '../../src/databases/postgres/history-store.js'
import { PostgresReadHistory } from '../../src/databases/postgres/read-history.js'
import type { BatchWorld, HeldItem } from '../conformance/batch-world.js'
import { type PostgresSandbox, postgresMigrations } from './postgres-sandbox.js'

const timeoutMs = 10_000

export const createCounted = `CREATE TABLE counted (
  id bigserial PRIMARY KEY,
  biz varchar(64) NOT NULL,
  biz_id numeric(20, 0) NOT NULL,
  read_cnt bigint NOT NULL DEFAULT 0,
  small_cnt smallint NOT NULL DEFAULT 0,
  UNIQUE (biz, biz_id)
)`

export const countedSpec: CounterSpec = {
  name: 'reads',
  table: { schema: undefined, name: 'counted' },
  key: { biz: 'biz', bizId: 'biz_id' },
  add: new Map([['read_cnt', 1]]),
  buckets: [],
  timeZone: 'Asia/Shanghai',
}

const milliseconds = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::bigint`

const holdItem = async (sandbox: PostgresSandbox, biz: string, bizId: string): Promise<HeldItem> => {
  const holder = await sandbox.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT 1 FROM counted WHERE biz = $1 AND biz_id = $2 FOR UPDATE', [biz, bizId])
  return {
    waiting: async () => {
      const [row] = await sandbox.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      return Number(row?.[0])
    },
    release: async () => {
      await holder.query('ROLLBACK')
      await holder.end()
    },
  }
}

/** Empty tables in the sandbox, whose database this has for itself and drops. */
export const openPostgresWorld = async (sandbox: PostgresSandbox): Promise<BatchWorld> => {
  await sandbox.run(...postgresMigrations(), createCounted)
  const opened: { close(): Promise<void> }[] = []
  const open = <T extends { close(): Promise<void> }>(one: T): T => {
    opened.push(one)
    return one
  }
  const { url, query } = sandbox
  return {
    sendsAhead: true,
    countStore: (spec = {}) => open(new PostgresCountStore({ url, timeoutMs, spec: { ...countedSpec, ...spec } })),
    historyStore: () => open(new PostgresHistoryStore({ url, timeoutMs })),
    readHistory: () => open(new PostgresReadHistory({ url, timeoutMs })),
    rows: async () =>
      (await query('SELECT biz, biz_id, read_cnt, small_cnt FROM counted')).map(
        ([biz = '', bizId = '', reads = '', small = '']) => ({
          biz,
          bizId,
          readCnt: BigInt(reads),
          smallCnt: BigInt(small),
        }),
      ),
    buckets: async () =>
      (
        await query(`SELECT counter, unit, ${milliseconds('bucket_start')}, biz, biz_id, events FROM count_buckets`)
      ).map(([counter = '', unit, start = '', biz = '', bizId = '', events = '']) => ({
        counter,
        unit: unit === 'hour' ? 'hour' : 'day',
        start: Number(start),
        biz,
        bizId,
        events: BigInt(events),
      })),
    offsets: async (group) =>
      new Map(
        (
          await query(
            'SELECT topic, partition_id, next_offset, epoch FROM consumer_offsets WHERE consumer_group = $1',
            [group],
          )
        ).map(([topic, partition, next, epoch]) => [
          `${topic}/${partition}`,
          { next: Number(next), epoch: Number(epoch) },
        ]),
      ),
    reads: async () =>
      (await query(`SELECT uid, biz, biz_id, ${milliseconds('read_at')} FROM read_history`)).map(
        ([uid = '', biz = '', bizId = '', readAt = '']) => ({ uid, biz, bizId, readAt: Number(readAt) }),
      ),
    hold: ({ biz, bizId }) => holdItem(sandbox, biz, bizId),
    close: async () => {
      for (const one of opened) await one.close()
      await sandbox.close()
    },
  }
}
