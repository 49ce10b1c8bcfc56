/** A database that migrations are applied to: one connection, opened for that and closed after it. */
export interface MigrationTarget {
  readonly driver: 'mysql' | 'pg'
  /** `host:port/database`, for messages. */
  readonly place: string
  readonly database: string
  /** Postgres: where tables are made; undefined elsewhere. */
  readonly schema: string | undefined
  /** Where its files are: `NNN.do.what-it-makes.sql`. */
  readonly directory: URL
  /** Rows by column name. Rejects with what the server said, as a RanktideError. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /**
   * Runs `work` while no other process does so on this database. Where the database can undo changes of tables, all of
   * `work` is kept or none. Rejects with DATABASE_CONFLICT if another process does not end within a minute.
   */
  alone<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}
