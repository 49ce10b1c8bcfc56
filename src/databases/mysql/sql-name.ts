/** A name as SQL takes it, whatever characters it has. */
export const sqlName = (name: string): string => `\`${name.replaceAll('`', '``')}\``

export const sqlTable = (table: { readonly database: string; readonly table: string }): string =>
  `${sqlName(table.database)}.${sqlName(table.table)}`
