/** Row changes as Canal's flat JSON tells them: what the simulated table writes to the topic. Pure. */

/** A row as Canal sends it: every value as text, NULL as null. */
export type CanalRow = Readonly<Record<string, string | null>>

export interface CanalTable {
  readonly database: string
  readonly table: string
  /** Column name → type as SQL writes it, the key's columns too. */
  readonly columns: Readonly<Record<string, string>>
  readonly key: readonly string[]
}

export type CanalChange =
  | { readonly type: 'INSERT' | 'DELETE'; readonly row: CanalRow }
  | { readonly type: 'UPDATE'; readonly row: CanalRow; readonly before: CanalRow }
  | { readonly type: 'TRUNCATE' }

/** java.sql.Types of the column types that the demo uses. */
const sqlTypes: Readonly<Record<string, number>> = { bigint: -5, int: 4, varchar: 12, decimal: 3 }

/** One message. `id`: Canal's batch number, never smaller than the one before. `now`: ms since 1970. */
export const canalMessage = (table: CanalTable, change: CanalChange, id: number, now: number): Uint8Array => {
  const { database, table: name, columns, key } = table
  const rest =
    change.type === 'TRUNCATE'
      ? { data: null, isDdl: true, mysqlType: null, old: null, pkNames: null, sql: `TRUNCATE ${name}`, sqlType: null }
      : {
          data: [change.row],
          isDdl: false,
          mysqlType: columns,
          old: change.type === 'UPDATE' ? [changedColumns(change.before, change.row)] : null,
          pkNames: key,
          sql: '',
          sqlType: Object.fromEntries(Object.entries(columns).map(([column, type]) => [column, sqlTypeOf(type)])),
        }
  // Binlogs have whole seconds.
  const es = Math.floor(now / 1000) * 1000
  return Buffer.from(JSON.stringify({ ...rest, database, es, gtid: '', id, table: name, ts: now, type: change.type }))
}

/** As Canal has it: of the row before only what was changed. */
const changedColumns = (before: CanalRow, after: CanalRow): CanalRow =>
  Object.fromEntries(Object.entries(before).filter(([column, value]) => value !== after[column]))

const sqlTypeOf = (type: string): number => sqlTypes[/^[a-z]+/.exec(type)?.[0] ?? ''] ?? 12
