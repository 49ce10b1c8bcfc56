/** The tracked tables by name. Several shapes may stand for one table: boards with different keys. */
import type { TableShape } from '../core/table.js'

export interface TrackedTables {
  readonly all: readonly TableShape[]
  /** Shapes of exactly this table: row events spell it as the server stores it. */
  exactly(database: string, table: string): readonly TableShape[]
  /**
   * Shapes whose names differ from these by case at most: SQL text may spell a name in another way than the server
   * stores it (lower_case_table_names). `database` undefined: any.
   */
  loosely(database: string | undefined, table: string): readonly TableShape[]
  ofDatabase(database: string): readonly TableShape[]
}

const none: readonly TableShape[] = []

const equalLoosely = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

export const trackedTables = (all: readonly TableShape[]): TrackedTables => {
  const byDatabase = new Map<string, Map<string, TableShape[]>>()
  for (const shape of all) {
    const tables = byDatabase.get(shape.database) ?? new Map<string, TableShape[]>()
    byDatabase.set(shape.database, tables)
    tables.set(shape.table, [...(tables.get(shape.table) ?? []), shape])
  }
  return {
    all,
    exactly: (database, table) => byDatabase.get(database)?.get(table) ?? none,
    loosely: (database, table) =>
      all.filter(
        (shape) =>
          equalLoosely(shape.table, table) && (database === undefined || equalLoosely(shape.database, database)),
      ),
    ofDatabase: (database) => all.filter((shape) => equalLoosely(shape.database, database)),
  }
}
