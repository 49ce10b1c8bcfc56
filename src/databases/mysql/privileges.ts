/** What an account may do, as far as it was granted to itself: what it has by roles is not in these views. */
import type { Session } from './connection.js'

export interface Privilege {
  /** `SELECT`, `REPLICATION CLIENT`, … */
  readonly name: string
  /** Undefined: on all databases. */
  readonly database: string | undefined
  /** Undefined: on all tables of the database. */
  readonly table: string | undefined
}

/** `account` as GRANT takes it: these views write it alike. */
export const readPrivileges = async (session: Session, account: string): Promise<readonly Privilege[]> => {
  const { rows } = await session.query(
    'reading the rights of the account',
    `SELECT PRIVILEGE_TYPE, NULL, NULL FROM INFORMATION_SCHEMA.USER_PRIVILEGES WHERE GRANTEE = ?
     UNION ALL SELECT PRIVILEGE_TYPE, TABLE_SCHEMA, NULL FROM INFORMATION_SCHEMA.SCHEMA_PRIVILEGES WHERE GRANTEE = ?
     UNION ALL SELECT PRIVILEGE_TYPE, TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLE_PRIVILEGES WHERE GRANTEE = ?`,
    [account, account, account],
  )
  return rows.map(([name, database, table]) => ({
    name: (name ?? '').toUpperCase(),
    // A grant on a pattern of databases escapes the wildcards that it does not mean.
    database: database?.replace(/\\([_%])/g, '$1'),
    table: table ?? undefined,
  }))
}

export const mayOn = (
  privileges: readonly Privilege[],
  name: string,
  on: { readonly database: string; readonly table: string },
): boolean =>
  privileges.some(
    (privilege) =>
      privilege.name === name &&
      (privilege.database ?? on.database) === on.database &&
      (privilege.table ?? on.table) === on.table,
  )
