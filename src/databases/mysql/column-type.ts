/** Column types as INFORMATION_SCHEMA tells them, as the core's `ColumnType`. */
import type { ColumnType } from '../../core/table.js'

export interface SqlColumnType {
  /** DATA_TYPE: `bigint`. */
  readonly dataType: string
  /** COLUMN_TYPE: `bigint(20) unsigned`, `enum('a','b')`. */
  readonly columnType: string
  readonly charset: string | null
  readonly collation: string | null
}

const utf8Charsets: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])

/**
 * Collations that order as UTF-8 bytes do. `utf8mb4_bin` itself does not: it compares as if the shorter text were
 * padded with spaces, which puts 'a' after 'a\n'.
 */
const bytewise = (collation: string): boolean => collation.endsWith('_nopad_bin') || collation.endsWith('_0900_bin')

const escapes: Readonly<Record<string, string>> = { "''": "'", '\\\\': '\\', '\\n': '\n', '\\r': '\r', '\\0': '\0' }

/** `enum('a','it''s')` → `a`, `it's`. Commas inside labels stay. */
export const labelsOf = (columnType: string): readonly string[] =>
  [...columnType.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, label = '']) =>
    label.replace(/''|\\[\\nr0]/g, (escaped) => escapes[escaped] ?? escaped),
  )

/**
 * Undefined for types that no board can show: JSON, spatial types, vectors, UUID and the like. Canal prints them in
 * another way than SQL does, so a refilled row would not equal its stream image.
 */
export const columnTypeOf = ({ dataType, columnType, charset, collation }: SqlColumnType): ColumnType | undefined => {
  switch (dataType.toLowerCase()) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return { kind: 'integer', unsigned: /\bunsigned\b/i.test(columnType) }
    case 'decimal':
      return { kind: 'decimal' }
    case 'double':
      return { kind: 'double' }
    case 'float':
      return { kind: 'float' }
    case 'bit':
      return { kind: 'bit' }
    case 'year':
      return { kind: 'year' }
    case 'char':
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext': {
      const faithful = utf8Charsets.has(charset ?? '')
      return {
        kind: 'text',
        binary: faithful && bytewise(collation ?? ''),
        faithful,
        ...(charset === null ? {} : { charset }),
      }
    }
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return { kind: 'bytes' }
    case 'enum':
      return { kind: 'enum', labels: labelsOf(columnType) }
    case 'set':
      return { kind: 'set', labels: labelsOf(columnType) }
    case 'date':
    case 'datetime':
    case 'time':
      return { kind: 'temporal', zoned: false }
    case 'timestamp':
      return { kind: 'temporal', zoned: true }
    default:
      return undefined
  }
}
