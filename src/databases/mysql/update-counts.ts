/**
 * Increments of items whose rows are there. An upsert inserts such a row, finds its unique key taken, undoes that and uses
 * up a number of AUTO_INCREMENT; this finds it by the key, and is faster than bare upserts are (`scripts/bench/counters`).
 *
 * One statement a kind, which stands beside its column as a literal, so that the column's collation compares it, and the
 * key can be used. STRAIGHT_JOIN and FORCE INDEX: rows are found by the unique key, and locked in the order of the batch;
 * of a table that has grown since its statistics were made the optimizer would read, and lock, all rows. JSON_TABLE: MySQL
 * 8.0.4, MariaDB 10.6.
 */
import type { Increment } from '../../core/count-batch.js'
import type { CounterSpec } from '../../core/counter-spec.js'
import type { Session } from './connection.js'
import { rowsTexts, sqlInteger, sqlString } from './sql-literal.js'
import { sqlName } from './sql-name.js'
import type { RowsStatement } from './upsert.js'
import { countedTable } from './upsert-counts.js'

/** Errors of a server without JSON_TABLE, and of a table whose index has another name by now. */
export const updateRefusals: ReadonlySet<number> = new Set([1064, 1176])

/** The name of the unique key of items; undefined: there is none. */
export const readKeyIndex = async (session: Session, { table, key }: CounterSpec): Promise<string | undefined> => {
  const { rows } = await session.query(
    'looking for the unique key',
    `SELECT INDEX_NAME FROM INFORMATION_SCHEMA.STATISTICS
     WHERE TABLE_SCHEMA = ${table.schema === undefined ? 'DATABASE()' : '?'} AND TABLE_NAME = ? AND NON_UNIQUE = 0
     GROUP BY INDEX_NAME HAVING COUNT(*) = 2 AND SUM(COLUMN_NAME IN (?, ?)) = 2`,
    [...(table.schema === undefined ? [] : [table.schema]), table.name, key.biz, key.bizId],
  )
  return rows[0]?.[0] ?? undefined
}

/** Each affects a row an increment: fewer where a row is not there. */
export const updateStatements = (
  spec: CounterSpec,
  index: string,
  known: ReadonlyMap<string, readonly Increment[]>,
): readonly RowsStatement[] => [...known].flatMap(([kind, increments]) => ofKind(spec, index, kind, increments))

const ofKind = (
  spec: CounterSpec,
  index: string,
  kind: string,
  increments: readonly Increment[],
): readonly RowsStatement[] => {
  const { biz, bizId } = spec.key
  const sets = [...spec.add].map(([column, factor]) => {
    const name = `counted.${sqlName(column)}`
    return `${name} = COALESCE(${name}, 0) + batch.events * ${sqlInteger(factor)}`
  })
  const join = `counted.${sqlName(biz)} = ${sqlString(kind)} AND counted.${sqlName(bizId)} = batch.id SET ${sets.join(', ')}`
  const rows = increments.map((one) => `[${sqlInteger(one.bizId)},${sqlInteger(one.events)}]`)
  return Array.from(rowsTexts(rows), ({ count, text }) => ({
    what: `adding to ${countedTable(spec)}`,
    sql:
      `UPDATE JSON_TABLE('[${text}]', '$[*]' COLUMNS (id BIGINT UNSIGNED PATH '$[0]', events BIGINT PATH '$[1]')) batch` +
      ` STRAIGHT_JOIN ${countedTable(spec)} counted FORCE INDEX (${sqlName(index)}) ON ${join}`,
    least: count,
  }))
}
