/** What the catalog says of the table that a counter adds to; nothing is cached. */
import { type GenericSQLExpression, param, type SQLFragment, sql } from 'zapatos/db'
import type { CounterSpec } from '../../core/counter-spec.js'
import type { Session } from './connection.js'
import { rangeText } from './integer-range.js'

export interface CountedColumn {
  readonly name: string
  /** As SQL writes it: `numeric(20,0)`. */
  readonly sqlType: string
  readonly nullable: boolean
  /** The default's expression; null without one. */
  readonly preset: string | null
  readonly identity: boolean
  readonly generated: boolean
  /** Equal texts have equal bytes; true for what is no text. */
  readonly exact: boolean
  /** Whether the user may take numbers from the sequence that the column owns; true without one. */
  readonly maySequence: boolean
  readonly mayRead: boolean
  readonly mayInsert: boolean
  readonly mayUpdate: boolean
}

export interface UniqueIndex {
  readonly name: string
  /** Null for an expression. */
  readonly columns: readonly (string | null)[]
  /** Holds for all rows, at once: ON CONFLICT can use it. */
  readonly whole: boolean
}

export interface CountedTable {
  readonly schema: string
  readonly name: string
  /** `r` or `p`: a table; else a view or the like. */
  readonly kind: string
  /** Emptied after a crash. */
  readonly unlogged: boolean
  readonly mayUseSchema: boolean
  readonly mayDelete: boolean
  /** In table order. */
  readonly columns: readonly CountedColumn[]
  readonly uniqueIndexes: readonly UniqueIndex[]
  /** CHECK constraints and the columns that they name. */
  readonly checks: readonly { readonly name: string; readonly columns: readonly string[] }[]
}

interface TableRow extends Pick<CountedTable, 'schema' | 'name' | 'kind' | 'unlogged' | 'mayUseSchema' | 'mayDelete'> {
  readonly oid: number
}

const tableNamed = ({ schema, name }: CounterSpec['table']): SQLFragment<TableRow[]> => sql<
  GenericSQLExpression,
  TableRow[]
>`
  SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence = 'u' AS unlogged,
    has_schema_privilege(n.oid, 'USAGE') AS "mayUseSchema", has_table_privilege(c.oid, 'DELETE') AS "mayDelete"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = ${param(name)} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND ${schema === undefined ? sql`pg_table_is_visible(c.oid)` : sql`n.nspname = ${param(schema)}`}`

const columnsOf = (oid: number): SQLFragment<CountedColumn[]> => sql<GenericSQLExpression, CountedColumn[]>`
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS "sqlType", NOT a.attnotnull AS nullable,
    pg_get_expr(d.adbin, d.adrelid) AS preset, a.attidentity <> '' AS identity, a.attgenerated <> '' AS generated,
    COALESCE(l.collisdeterministic, true) AS exact,
    COALESCE(has_sequence_privilege(pg_get_serial_sequence(a.attrelid::regclass::text, a.attname), 'USAGE'), true)
      OR a.attidentity <> '' AS "maySequence",
    has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS "mayRead",
    has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS "mayInsert",
    has_column_privilege(a.attrelid, a.attnum, 'UPDATE') AS "mayUpdate"
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
  WHERE a.attrelid = ${param(oid)} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

const uniqueIndexesOf = (oid: number): SQLFragment<UniqueIndex[]> => sql<GenericSQLExpression, UniqueIndex[]>`
  SELECT c.relname AS name, i.indisvalid AND i.indimmediate AND i.indpred IS NULL AS whole,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number AND k.number > 0
      WHERE k.place <= i.indnkeyatts ORDER BY k.place) AS columns
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indrelid = ${param(oid)} AND i.indisunique ORDER BY c.relname`

const checksOf = (oid: number) => sql<GenericSQLExpression, { readonly name: string; readonly columns: string[] }[]>`
  SELECT c.conname AS name, ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS columns
  FROM pg_constraint c WHERE c.conrelid = ${param(oid)} AND c.contype = 'c' ORDER BY c.conname`

/** Undefined when there is no such table, or none that the search_path finds. */
export const readCountedTable = async (
  session: Session,
  named: CounterSpec['table'],
): Promise<CountedTable | undefined> => {
  const [found] = await session.run('looking for the table', tableNamed(named))
  if (found === undefined) return undefined
  const { oid, ...table } = found
  return {
    ...table,
    columns: await session.run('reading the columns', columnsOf(oid)),
    uniqueIndexes: await session.run('reading the indexes', uniqueIndexesOf(oid)),
    checks: await session.run('reading the constraints', checksOf(oid)),
  }
}

/** Names of the tables that could have been meant, sorted. */
export const readTableNames = async (session: Session, schema: string | undefined): Promise<readonly string[]> => {
  const rows = await session.run(
    'listing the tables',
    sql<GenericSQLExpression, { readonly name: string }[]>`
      SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND ${schema === undefined ? sql`pg_table_is_visible(c.oid)` : sql`n.nspname = ${param(schema)}`}
      ORDER BY c.relname`,
  )
  return rows.map(({ name }) => name)
}

/** What the columns of a counter can hold: `small_cnt is smallint, from -32768 to 32767; …`. */
export const rangesOf = (spec: CounterSpec, table: CountedTable | undefined): string =>
  [...spec.add.keys(), spec.key.bizId, spec.key.biz]
    .map(
      (name) =>
        `${name} is ${rangeText(table?.columns.find((column) => column.name === name)?.sqlType ?? 'not there')}`,
    )
    .join('; ')
