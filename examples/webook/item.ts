/** What is liked, collected and read, and how often: shapes shared by the database, the cache and the routes. */

/** The kinds of record that a user can make of an item, with the column that counts them. */
export const recordKinds = ['like', 'collect'] as const
export type RecordKind = (typeof recordKinds)[number]

/** Decimal texts from 0 to 2^64−1. */
export interface Counts {
  readonly read_cnt: string
  readonly like_cnt: string
  readonly collect_cnt: string
}

export const noCounts: Counts = { read_cnt: '0', like_cnt: '0', collect_cnt: '0' }

/** Where counts are read: the table itself, or a cache in front of it. */
export interface CountsSource {
  /** `ids` are distinct; the answer has an entry for each of them, of zeros where there is no such item yet. */
  read(biz: string, ids: readonly string[]): Promise<ReadonlyMap<string, Counts>>
}

/** The names of the example's tables in its database. */
export interface TableNames {
  readonly interactives: string
  readonly like: string
  readonly collect: string
  readonly users: string
}

export const tableNames: TableNames = {
  interactives: 'interactives',
  like: 'user_likes',
  collect: 'user_collects',
  users: 'users',
}
