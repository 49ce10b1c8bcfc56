import type { BucketUnit } from './count-batch.js'

/** A counter: which table its events are counted into, and how. */
export interface CounterSpec {
  readonly name: string
  /** `schema`: a MySQL database or a Postgres schema; undefined: that of the connection. */
  readonly table: { readonly schema: string | undefined; readonly name: string }
  /** The columns of the event's `biz` and `biz_id`; together a unique key of the table. */
  readonly key: { readonly biz: string; readonly bizId: string }
  /** What one event adds, by column: whole numbers, not 0. */
  readonly add: ReadonlyMap<string, number>
  /** Which buckets are kept beside the total. */
  readonly buckets: readonly BucketUnit[]
  /** IANA name of the zone in which hours and days begin, such as `Asia/Shanghai`. */
  readonly timeZone: string
}
