/**
 * The shape of a tracked table: what the database said of it at start, cut down to the columns that boards use.
 * Row images are arrays in the order of `columns`, so that a row costs one array and no property names.
 */
export type ColumnType =
  | { readonly kind: 'integer'; readonly unsigned: boolean }
  | { readonly kind: 'decimal' }
  | { readonly kind: 'double' }
  | { readonly kind: 'float' }
  | { readonly kind: 'bit' }
  | { readonly kind: 'year' }
  /**
   * `binary`: the collation compares bytes. `faithful`: the charset is UTF-8 or ASCII, so a CDC tool can carry it.
   * `charset`: as the database names it, where it is known.
   */
  | { readonly kind: 'text'; readonly binary: boolean; readonly faithful: boolean; readonly charset?: string }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'set'; readonly labels: readonly string[] }
  /** Date, datetime, time and timestamp: text as the database prints it, fraction without trailing zeros. */
  | { readonly kind: 'temporal'; readonly zoned: boolean }

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

export interface TableShape {
  /** Names this shape within a process: `database.table(key columns)`. */
  readonly id: string
  readonly database: string
  readonly table: string
  /** The tracked columns: key, scores and columns of every board on this shape, each once. */
  readonly columns: readonly Column[]
  /** Where the key columns stand in `columns`, in the order of the configured key. */
  readonly key: readonly number[]
  /** The table's own primary key columns, in table order; empty if it has none. */
  readonly primaryKey: readonly string[]
}

/** A column's canonical text, or null for SQL NULL: the same text whether a stream or a query brought it. */
export type Value = string | null

/** One row, by the table's `columns`. */
export type Image = readonly Value[]
